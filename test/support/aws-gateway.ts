/** One endpoint for all of AWS: functions of a test, and everything else at a back end. */
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** An invocation as the function's service saw it. */
export interface GatewayInvocation {
  readonly functionName: string;
  readonly event: { readonly Records: readonly { readonly body?: string; readonly kinesis?: { readonly data: string } }[] };
}

const FUNCTIONS = /^\/2015-03-31\/functions\/([^/]+)(\/invocations)?$/;

/** Serves GetFunction and Invoke of functions that have a time-out in `timeouts`, by name; `backend` gives where else a request goes. */
export class AwsGateway {
  readonly invocations: GatewayInvocation[] = [];
  readonly endpoint: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  static async start(timeouts: Readonly<Record<string, number>>, backend: (target: string) => string): Promise<AwsGateway> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const gateway = new AwsGateway(server);
    server.on('request', (request, response) => {
      void gateway.#serve(request, response, timeouts, backend).catch(() => response.destroy());
    });
    return gateway;
  }

  /** What functions have been given, in order: bodies of messages, data of records. */
  texts(functionName: string): string[] {
    const given = this.invocations.filter((one) => one.functionName === functionName).flatMap(({ event }) => event.Records);
    return given.map(({ body, kinesis }) => body ?? Buffer.from(kinesis?.data ?? '', 'base64').toString());
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    timeouts: Readonly<Record<string, number>>,
    backend: (target: string) => string,
  ): Promise<void> {
    const body = await buffer(request);
    const { pathname } = new URL(request.url ?? '/', this.endpoint);
    const [, encoded, isInvocation] = FUNCTIONS.exec(pathname) ?? [];
    if (encoded === undefined) {
      forward(request, body, response, backend(String(request.headers['x-amz-target'] ?? '')));
      return;
    }
    const named = decodeURIComponent(encoded);
    const [name = '', qualifier] = named.startsWith('arn:') ? named.split(':').slice(6) : named.split(':');
    const timeout = timeouts[name];
    if (timeout === undefined) {
      refuse(response, name);
      return;
    }
    const functionName = qualifier === undefined ? name : `${name}:${qualifier}`;
    if (isInvocation === undefined) {
      const FunctionArn = `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
      json(response, 200, { Configuration: { FunctionName: name, FunctionArn, Timeout: timeout }, Code: {} });
      return;
    }
    this.invocations.push({ functionName, event: JSON.parse(body.toString()) as GatewayInvocation['event'] });
    json(response, 200, {});
  }
}

function json(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, name: string): void {
  const Message = `Function not found: arn:aws:lambda:us-east-1:123456789012:function:${name}`;
  json(response, 404, { Type: 'User', Message }, { 'x-amzn-errortype': 'ResourceNotFoundException' });
}

function forward({ method, url, headers }: IncomingMessage, body: Buffer, response: ServerResponse, to: string): void {
  const { host: _host, ...rest } = headers;
  const asked = httpRequest(
    new URL(url ?? '/', to),
    { method, headers: { ...rest, 'content-length': String(body.length) } },
    (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    },
  );
  asked.once('error', () => response.destroy());
  response.once('close', () => asked.destroy());
  asked.end(body);
}
