import type { FastifyRequest } from 'fastify';
import { Refusal } from './refusal.ts';

/**
 * Lets in who calls this machine by a loopback name, and no web page of another site. A page whose name was made to
 * resolve to 127.0.0.1 shows its own name as Host; a form or script of any other page shows its Origin.
 */
export function guard({ headers }: FastifyRequest): void {
  const { host = '', origin } = headers;
  if (!isLoopback(`http://${host}`)) {
    throw new Refusal(403, 'ForbiddenHost', 'this server answers to 127.0.0.1, [::1] and localhost only; call it by one of these names');
  }
  if (origin !== undefined && !isLoopback(origin)) {
    throw new Refusal(403, 'ForbiddenOrigin', 'pages of other sites may not call this server');
  }
}

function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname, username, password } = new URL(address);
  if (username !== '' || password !== '') return false;
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
