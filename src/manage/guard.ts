import type { FastifyRequest } from 'fastify';
import { Refusal } from './refusal.ts';

/**
 * Lets in who calls this machine by a loopback name, and no web page of another site. A page whose name was made to
 * resolve to 127.0.0.1 shows its own name as Host; a form or script of any other page shows its Origin.
 */
export function guard({ headers }: FastifyRequest): void {
  const { host = '', origin } = headers;
  if (!isLoopbackUrl(`http://${host}`)) {
    throw new Refusal(403, 'ForbiddenHost', 'this server answers to 127.0.0.1, [::1] and localhost only; call it by one of these names');
  }
  if (origin !== undefined && !isLoopbackUrl(origin)) {
    throw new Refusal(403, 'ForbiddenOrigin', 'pages of other sites may not call this server');
  }
}

function isLoopbackUrl(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname, username, password } = new URL(address);
  if (username !== '' || password !== '') return false;
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
}

/** Whether an IP address is one that only this machine can reach. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}
