import type { AddressInfo } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { ResourceRefusal } from '../resource/index.ts';
import { addExplain } from './explain.ts';
import { isLoopback } from './guard.ts';
import { addHealth } from './health.ts';
import { addLambda, answerRefusal } from './lambda/index.ts';
import { addMessages } from './messages.ts';
import { addRecords } from './records.ts';
import { Refusal } from './refusal.ts';
import { bareServer, refuseGarbage, refuseWith, renewTls, secure, surfaceOf } from './security/index.ts';
import { addTopicRecords } from './topic-records.ts';
import type { ManageParts, SecuritySettings } from './types.ts';

/** The largest body of a request, bytes: as large as a message may be. */
const BODY_BYTES_MAX = 1_048_576;
/** The longest part of a path, characters: the ARN of a function with its qualifier, percent-encoded. */
const PARAMETER_LENGTH_MAX = 2_048;
/** What callers may do unless told otherwise: far more than people and tools do, far less than what stops a process. */
const RATE_LIMIT_DEFAULT = { requestsPerSecond: 1_000, burst: 2_000 };
const CONNECTIONS_DEFAULT = 1_024;

/** What can be asked here; for people who asked for something else. */
const ENDPOINTS = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /mappings',
  'GET /mappings/NAME/explain',
  'GET /queues',
  'POST /queues/NAME/messages',
  'GET /streams',
  'POST /streams/NAME/records',
  'GET /topics',
  'POST /topics/NAME/records',
];

/** The server cannot listen where it should. The message says why and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** A server that is made and does not listen yet. */
export interface ManageServer {
  /** Listens and gives the base URL. Throws a {@link ListenError}. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /**
   * Takes other credentials, and another certificate, for what comes from now on; open connections stay. It never has none of them where it
   * had some, nor some where it had none. Throws when certificate and key do not belong together.
   */
  secure(settings: Pick<SecuritySettings, 'access' | 'tls'>): void;
  /** Ends open connections. Idempotent. */
  close(): Promise<void>;
}

/** Makes the server with all its endpoints. */
export function manageServer(parts: ManageParts): ManageServer {
  const { clock, meter, random, security = {} } = parts;
  const { access, tls, rateLimit = RATE_LIMIT_DEFAULT, maxConnections: connections = CONNECTIONS_DEFAULT } = security;
  const { headersTimeoutMs, requestTimeoutMs } = security;
  const server = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    genReqId: () => random.uuid(),
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    serverFactory: (handler) => bareServer(handler, { connections, headersTimeoutMs, requestTimeoutMs }, tls),
    clientErrorHandler: refuseGarbage,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply, parts),
  });
  takeBodiesAsText(server);
  const door = secure(server, { access, rateLimit, clock, meter });
  server.addHook('onRequest', (request, _reply, done) => {
    // The type does not matter here, and one that is malformed must not either.
    if (request.headers['content-type'] !== undefined) request.headers['content-type'] = 'application/octet-stream';
    done();
  });
  server.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0] ?? '';
    throw new Refusal(404, 'NotFound', `${request.method} ${path.slice(0, 100)} is nothing here; there are ${ENDPOINTS.join(', ')}`);
  });
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply, parts));
  addHealth(server, parts);
  addExplain(server, parts);
  addMessages(server, parts);
  addRecords(server, parts);
  if (parts.lambda !== undefined) addLambda(server, parts.lambda);
  addTopicRecords(server, parts);
  return {
    listen: async ({ host, port }) => {
      try {
        if (access === undefined && !isLoopback(host)) throw new Error('without credentials only this machine is served');
        await server.listen({ host, port });
        return urlOf(server, tls === undefined ? 'http' : 'https');
      } catch (error) {
        throw listenError(error, host, port);
      }
    },
    secure: (settings) => {
      if (settings.tls !== undefined) renewTls(server.server, settings.tls);
      if (settings.access !== undefined) door.renew(settings.access);
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

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, { onDefect }: ManageParts): FastifyReply {
  if (error instanceof ResourceRefusal) return answerRefusal(reply, error);
  const statusCode = statusOf(error);
  if (statusCode >= 500 && !(error instanceof Refusal)) onDefect?.(error);
  // What is left of the body is read and dropped, as long as a request may take: clients that send all of it before they read would be told of a broken connection only.
  if (statusCode === 413) void reply.removeHeader('connection');
  return refuseWith(reply, surfaceOf(request), { statusCode, ...answerOf(error, statusCode, request) });
}

interface Answer {
  readonly code: string;
  readonly message: string;
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 ? status : 500;
}

function answerOf(error: unknown, status: number, { routeOptions }: FastifyRequest): Answer {
  if (error instanceof Refusal) return { code: error.code, message: error.message };
  if (status === 413) {
    return { code: 'BodyTooLarge', message: `the body may have at most ${String(routeOptions.bodyLimit)} bytes` };
  }
  if (status >= 500 || !(error instanceof Error)) return { code: 'InternalError', message: 'the request failed inside Millrace' };
  return { code: 'BadRequest', message: error.message };
}

/** Where it listens: the address and port that it was given, or the port that the system chose. */
function urlOf(server: FastifyInstance, scheme: string): string {
  const { address, family, port } = server.server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${String(port)}`;
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
