import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type RequestBody, readBody } from './request-body.ts';

/** One invocation as the API hands it out. */
export interface NextInvocation {
  readonly requestId: string;
  /** Epoch ms. */
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly traceId: string;
  /** JSON. */
  readonly body: string;
}

/** Who is told what the process says. What it may not say now is refused with false. */
export interface RuntimeListener {
  /** It asks for an invocation; it gets one by {@link RuntimeApi.hand}. */
  onNext(): boolean;
  onResponse(requestId: string, body: RequestBody): boolean;
  onError(requestId: string, body: RequestBody, errorType: string | undefined): boolean;
  onInitError(body: RequestBody, errorType: string | undefined): boolean;
  /** The request for an invocation was given up. */
  onNextLost(): void;
}

const ROOT = '/2018-06-01/runtime/';
const NEXT = `${ROOT}invocation/next`;
const INIT_ERROR = `${ROOT}init/error`;
const ANSWER = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/;
/** Official runtimes send the cause of an error for X-Ray as a header of up to 1 MB; Node's own limit is 16 KB. */
const HEADER_BYTES = 1_114_112;
const ACCEPTED = '{"status":"OK"}';

/**
 * Serves the Lambda Runtime API to one process, on a loopback port of its own: official runtimes can be told host and port and
 * nothing else, so the port is what tells processes apart. Keeps nobody's event loop alive by itself.
 */
export class RuntimeApi {
  readonly #listener: RuntimeListener;
  readonly #maxResponseBytes: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections on which a body is being read, with what is to be done after it: requests may come behind each other. */
  readonly #reading = new Map<Socket, () => void>();
  #next: ServerResponse | undefined;
  #onDrained: () => void = ignore;

  constructor(listener: RuntimeListener, maxResponseBytes: number) {
    this.#listener = listener;
    this.#maxResponseBytes = maxResponseBytes;
    // A runtime may be silent for as long as it likes, between requests and within one.
    const options = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, maxHeaderSize: HEADER_BYTES };
    this.#server = createServer(options, (request, response) => {
      this.#route(request, response);
    });
    // Once it listens only a connection can fail that cannot be accepted: its process sees that by itself.
    this.#server.on('error', ignore);
    this.#server.on('connection', (socket: Socket) => {
      socket.unref();
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#reading.delete(socket);
        if (this.#sockets.size === 0) this.#onDrained();
      });
    });
  }

  /** Resolves with HOST:PORT once it listens; the system chooses a free port. Rejects when there is none. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        this.#server.unref();
        resolve(`127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`);
      });
    });
  }

  /** Hands an invocation to the process, which has asked for one. */
  hand({ requestId, deadlineMs, functionArn, traceId, body }: NextInvocation): void {
    const response = this.#next;
    this.#next = undefined;
    if (response === undefined) return;
    response.writeHead(200, [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(Buffer.byteLength(body)),
      'Lambda-Runtime-Aws-Request-Id',
      requestId,
      'Lambda-Runtime-Deadline-Ms',
      String(deadlineMs),
      'Lambda-Runtime-Invoked-Function-Arn',
      functionArn,
      'Lambda-Runtime-Trace-Id',
      traceId,
    ]);
    response.end(body);
  }

  /** Resolves when all that a process sent before its end has been read. */
  drained(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** Closes the port and all connections. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '' } = request;
    if (url === NEXT) {
      if (method !== 'GET') refuse(response, 405, 'MethodNotAllowed', 'the next invocation is asked for with GET');
      else if (!this.#reading.has(request.socket)) this.#hold(request, response);
      else {
        this.#reading.set(request.socket, () => {
          this.#hold(request, response);
        });
      }
      return;
    }
    const answer = url === INIT_ERROR ? [] : ANSWER.exec(url);
    if (answer === null) refuse(response, 404, 'NotFound', 'the Lambda Runtime API has no such path');
    else if (method !== 'POST') refuse(response, 405, 'MethodNotAllowed', 'answers are sent with POST');
    else {
      const { socket } = request;
      this.#reading.set(socket, ignore);
      readBody(request, this.#maxResponseBytes, (body) => {
        const after = this.#reading.get(socket);
        this.#reading.delete(socket);
        this.#take(request, response, body, answer);
        after?.();
      });
    }
  }

  #hold(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    // The newer request counts: whoever sent the older one has given it up.
    if (this.#next !== undefined) {
      const older = this.#next;
      this.#next = response;
      refuse(older, 410, 'Replaced', 'a newer request for the next invocation has come');
    } else {
      this.#next = response;
      if (!this.#listener.onNext()) {
        this.#next = undefined;
        refuse(response, 403, 'InvalidStateTransition', 'the invocation under way has not been answered');
        return;
      }
    }
    response.once('close', () => {
      if (this.#next !== response) return;
      this.#next = undefined;
      this.#listener.onNextLost();
    });
  }

  #take(
    request: IncomingMessage,
    response: ServerResponse,
    body: RequestBody,
    [, requestId = '', kind]: readonly (string | undefined)[],
  ): void {
    const header = request.headers['lambda-runtime-function-error-type'];
    const errorType = typeof header === 'string' && header !== '' ? header : undefined;
    const failure = kind === 'response' && 'text' in body ? failureBehind(request) : undefined;
    let isTaken: boolean;
    if (failure !== undefined) isTaken = this.#listener.onError(requestId, { text: failure.text }, failure.errorType);
    else if (kind === 'response') isTaken = this.#listener.onResponse(requestId, body);
    else if (kind === 'error') isTaken = this.#listener.onError(requestId, body, errorType);
    else isTaken = this.#listener.onInitError(body, errorType);
    if (!isTaken && kind !== undefined) refuse(response, 400, 'InvalidRequestID', 'this invocation is not under way');
    else if (!isTaken) refuse(response, 403, 'InvalidStateTransition', 'the process has started already');
    else if ('tooLong' in body) refuse(response, 413, 'RequestEntityTooLarge', 'the answer is larger than may be taken');
    else response.writeHead(202, { 'content-type': 'application/json', 'content-length': ACCEPTED.length }).end(ACCEPTED);
  }
}

/** What a runtime tells behind an answer that it could not bring to its end: in trailers, as AWS's do for answers that are streamed. */
function failureBehind({ trailers }: IncomingMessage): { readonly errorType: string; readonly text: string } | undefined {
  const errorType = trailers['lambda-runtime-function-error-type'];
  if (errorType === undefined || errorType === '') return undefined;
  return { errorType, text: Buffer.from(trailers['lambda-runtime-function-error-body'] ?? '', 'base64').toString('utf8') };
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  const body = JSON.stringify({ errorType, errorMessage });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}

function ignore(): void {
  // Nobody waits, or nothing is to be done.
}
