import type { FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.ts';
import { pathOf } from './surface.ts';

/** All headers as they came: each name in lower case with all its values. Node's own view leaves some repetitions out. */
export type Headers = ReadonlyMap<string, readonly string[]>;

/** Headers that say who asks and what for: one that comes twice means another thing to each who reads it. */
const ONCE = [
  'authorization',
  'content-length',
  'content-type',
  'host',
  'transfer-encoding',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
];

const STATUS = 400;

/** Methods whose bodies are read; the body of any other would be left for whoever comes next on the connection. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Reads the headers of a request. Throws a {@link Refusal} for one that can be read in two ways. */
export function headersOf({ method, raw: { rawHeaders } }: FastifyRequest): Headers {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const values = headers.get(name) ?? [];
    values.push(rawHeaders[index + 1] ?? '');
    headers.set(name, values);
  }
  for (const name of ONCE) {
    if ((headers.get(name)?.length ?? 0) > 1) throw new Refusal(STATUS, 'BadRequest', `the header ${name} came more than once`);
  }
  const hasBody = headers.has('transfer-encoding') || (headers.get('content-length')?.[0] ?? '0') !== '0';
  if (hasBody && !WITH_BODY.has(method)) throw new Refusal(STATUS, 'BadRequest', `a request by ${method} has no body`);
  return headers;
}

const DOTS = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
const CONTROL = /%(?:[01][\da-f]|7f)/i;

/**
 * Refuses paths that a proxy, a signature and a router may read differently: empty segments, `.` and `..`, control
 * characters, and what does not begin with `/`.
 */
export function checkPath(request: FastifyRequest): void {
  const path = pathOf(request);
  if (!path.startsWith('/')) throw new Refusal(STATUS, 'BadRequest', 'the path must begin with /');
  if (path.includes('//')) throw new Refusal(STATUS, 'BadRequest', 'the path has an empty segment (//)');
  if (DOTS.test(path)) throw new Refusal(STATUS, 'BadRequest', 'the path has a segment . or ..');
  if (CONTROL.test(path)) throw new Refusal(STATUS, 'BadRequest', 'the path has a control character');
}
