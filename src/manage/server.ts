import { type FastifyInstance, fastify } from 'fastify';
import { guard } from './guard.ts';
import { addHealth } from './health.ts';
import { addMessages } from './messages.ts';
import { addRecords } from './records.ts';
import { Refusal } from './refusal.ts';
import type { ManageParts } from './types.ts';

/** The largest body of a request, bytes: as large as a message may be. */
const BODY_BYTES_MAX = 1_048_576;
/** The largest head of a request, bytes. */
const HEADER_BYTES_MAX = 16_384;
/** How long the head of a request may take, and the whole of it, ms. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** What can be asked here; for people who asked for something else. */
const ENDPOINTS = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /mappings',
  'GET /queues',
  'POST /queues/NAME/messages',
  'GET /streams',
  'POST /streams/NAME/records',
];

/** The server cannot listen where it should. The message says why and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** A server that is made and does not listen yet. */
export interface ManageServer {
  /** Listens and gives the base URL. Throws a {@link ListenError}. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Ends open connections. Idempotent. */
  close(): Promise<void>;
}

/** Makes the server with all its endpoints. */
export function manageServer(parts: ManageParts): ManageServer {
  const server = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    http: { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_TIMEOUT_MS },
  });
  takeBodiesAsText(server);
  server.addHook('onRequest', (request, _reply, done) => {
    guard(request);
    // The type does not matter here, and one that is malformed must not either.
    if (request.headers['content-type'] !== undefined) request.headers['content-type'] = 'application/octet-stream';
    done();
  });
  server.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0] ?? '';
    throw new Refusal(404, 'NotFound', `${request.method} ${path.slice(0, 100)} is nothing here; there are ${ENDPOINTS.join(', ')}`);
  });
  server.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send(answerOf(error)));
  addHealth(server, parts);
  addMessages(server, parts);
  addRecords(server, parts);
  return {
    listen: async ({ host, port }) => {
      try {
        return await server.listen({ host, port });
      } catch (error) {
        throw listenError(error, host, port);
      }
    },
    close: () => server.close(),
  };
}

/** Whatever a sender says that it is, a body is text in UTF-8 and stays as it is. */
function takeBodiesAsText(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body as Buffer));
    } catch {
      done(
        new Refusal(400, 'InvalidBody', 'the body is no text in UTF-8; messages and records sent here are text, encode bytes as base64'),
      );
    }
  });
}

interface Answer {
  readonly error: string;
  readonly message: string;
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 ? status : 500;
}

function answerOf(error: unknown): Answer {
  if (error instanceof Refusal) return { error: error.code, message: error.message };
  const status = statusOf(error);
  if (status === 413) return { error: 'BodyTooLarge', message: `the body may have at most ${String(BODY_BYTES_MAX)} bytes` };
  if (status >= 500 || !(error instanceof Error)) return { error: 'InternalError', message: 'the request failed inside Millrace' };
  return { error: 'BadRequest', message: error.message };
}

function listenError(error: unknown, host: string, port: number): ListenError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const where = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  const free = 'choose another with --listen HOST:PORT or the field listen (port 0 takes a free one)';
  const texts: Readonly<Record<string, string>> = {
    EADDRINUSE: `another process listens on ${where} already; stop it, or ${free}`,
    EACCES: `the system does not let this user listen on ${where}; ${free}`,
    EADDRNOTAVAIL: `this machine has no address ${host}; ${free}`,
  };
  return new ListenError(texts[code] ?? `cannot listen on ${where}: ${message}`, { cause: error });
}
