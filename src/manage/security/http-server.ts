import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';

/** What TLS is served with, in PEM. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What one process takes at most. */
export interface ConnectionLimits {
  /** How many connections may be open at once; more are closed as they come. */
  readonly connections: number;
  /** How long the head of a request may take, ms; default 5,000. */
  readonly headersTimeoutMs?: number | undefined;
  /** How long the whole of a request may take, ms; default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
}

/** The largest head of a request, bytes. */
const HEADER_BYTES_MAX = 16_384;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often connections that take longer are looked for, ms. Node's own 30 s would let each of them stay that long. */
const LOOK_MS = 1_000;
/** How long a connection may be open between two requests, ms. */
const KEEP_ALIVE_TIMEOUT_MS = 60_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** How long nothing may move on a connection, ms: longer than the longest invocation, so that only who does not read is cut off. */
const SILENCE_TIMEOUT_MS = 960_000;

/** A server of HTTP, over TLS where there are files for it, in which nobody can take his time for ever. */
export function bareServer(handler: RequestListener, limits: ConnectionLimits, tls: TlsFiles | undefined): Server {
  const options: ServerOptions = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: limits.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
    requestTimeout: limits.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: LOOK_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  };
  const server =
    tls === undefined
      ? createServer(options, handler)
      : createTlsServer({ ...options, ...contextOf(tls), handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, handler);
  server.maxConnections = limits.connections;
  server.timeout = SILENCE_TIMEOUT_MS;
  server.on('checkExpectation', (_request, response) => {
    const { body, headers } = said('ExpectationFailed', 'nothing can be expected here but 100-continue');
    response.writeHead(417, headers).end(body);
  });
  return server;
}

/** Shows another certificate to connections that are opened from now on. One without TLS stays so. Throws when the files are no pair. */
export function renewTls(server: Server, tls: TlsFiles): void {
  if (server instanceof TlsServer) server.setSecureContext(contextOf(tls));
}

function contextOf({ certificate, key }: TlsFiles): SecureContextOptions {
  return { cert: certificate, key, minVersion: 'TLSv1.2' };
}

const TEXTS: Readonly<Record<string, readonly [status: string, error: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'HeadTooLarge',
    `the head of a request may have at most ${String(HEADER_BYTES_MAX)} bytes`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'RequestTimeout', 'the request did not come to its end in time'],
};

/** Answers what is no HTTP, too large in its head or too slow, and ends the connection. */
export function refuseGarbage(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, name, message] = TEXTS[error.code ?? ''] ?? ['400 Bad Request', 'BadRequest', 'this is no request of HTTP/1.1'];
  const { body, headers } = said(name, message);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([header, value]) => `${header}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
}

function said(error: string, message: string): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  const body = JSON.stringify({ error, message });
  return { body, headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(body)) } };
}
