/**
 * A server on loopback that speaks Lambda's Invoke API and answers what a test says: how calls look on the wire, refusals,
 * answers that never come or cannot be read.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What an invocation is answered with. */
export type LambdaAnswer =
  /** The function's payload as it is; `functionError` marks it as an error. `log` is sent where a tail was asked for. */
  | { readonly kind: 'payload'; readonly text: string; readonly functionError?: string; readonly log?: string }
  /** A refusal by the service. */
  | {
      readonly kind: 'refusal';
      readonly status: number;
      readonly code: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Any answer at all. */
  | { readonly kind: 'raw'; readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }
  /** Head and the first bytes, and nothing more. */
  | { readonly kind: 'half' };

/** What was asked. */
export interface LambdaRequest {
  readonly functionName: string;
  readonly qualifier: string | null;
  readonly invocationType: string | undefined;
  readonly logType: string | undefined;
  readonly authorization: string | undefined;
  readonly traceId: string | undefined;
  readonly body: string;
  /** Port of the other side: the same for calls over one connection. */
  readonly remotePort: number | undefined;
}

/** Decides about each invocation. */
export type LambdaScript = (request: LambdaRequest) => LambdaAnswer | Promise<LambdaAnswer>;

export class LambdaStub {
  readonly endpoint: string;
  readonly requests: LambdaRequest[] = [];
  readonly #server: Server;
  readonly #script: LambdaScript;
  #open = 0;
  #onChange: () => void = () => undefined;

  private constructor(server: Server, script: LambdaScript) {
    this.#server = server;
    this.#script = script;
    this.endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    server.on('connection', (socket) => {
      this.#open += 1;
      socket.once('close', () => {
        this.#open -= 1;
        this.#onChange();
      });
    });
    server.on('request', (request, response) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(script: LambdaScript): Promise<LambdaStub> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new LambdaStub(server, script);
  }

  /** Resolves when no connection is open. */
  async disconnected(): Promise<void> {
    while (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await buffer(request)).toString('utf8');
    const url = new URL(request.url ?? '', this.endpoint);
    const [, functionName] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url.pathname) ?? [];
    if (functionName === undefined || request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const { headers, socket } = request;
    const asked: LambdaRequest = {
      functionName: decodeURIComponent(functionName),
      qualifier: url.searchParams.get('Qualifier'),
      invocationType: headerOf(headers['x-amz-invocation-type']),
      logType: headerOf(headers['x-amz-log-type']),
      authorization: headers.authorization,
      traceId: headerOf(headers['x-amzn-trace-id']),
      body,
      remotePort: socket.remotePort,
    };
    this.requests.push(asked);
    answer(response, await this.#script(asked), asked);
  }
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value;
}

function answer(response: ServerResponse, given: LambdaAnswer, { logType, qualifier }: LambdaRequest): void {
  switch (given.kind) {
    case 'payload': {
      const { text, functionError, log } = given;
      response.writeHead(200, {
        'content-type': 'application/json',
        'x-amzn-requestid': 'id-of-lambda',
        'x-amz-executed-version': qualifier ?? '$LATEST',
        ...(functionError === undefined ? {} : { 'x-amz-function-error': functionError }),
        ...(log === undefined || logType !== 'Tail' ? {} : { 'x-amz-log-result': Buffer.from(log).toString('base64') }),
      });
      response.end(text);
      return;
    }
    case 'refusal': {
      const { status, code, message = `text of ${code}`, headers } = given;
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': code, ...headers });
      response.end(JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message, message }));
      return;
    }
    case 'raw':
      response.writeHead(given.status, given.headers).end(given.body);
      return;
    case 'reset':
      response.socket?.destroy();
      return;
    case 'half':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"half":');
      return;
    case 'hang':
  }
}
