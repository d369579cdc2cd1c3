/**
 * A server on loopback that speaks Kinesis's JSON protocol and answers what a test says. For what emulators cannot show: how
 * calls look on the wire, refusals, answers that never come or cannot be read.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type KinesisAction = 'DescribeStreamSummary' | 'ListShards' | 'GetShardIterator' | 'GetRecords';

/** What a call is answered with. */
export type KinesisAnswer =
  | { readonly kind: 'ok'; readonly body: object }
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: 'text'; readonly status: number; readonly body: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** What was asked. */
export interface KinesisRequest {
  readonly action: KinesisAction;
  readonly httpVersion: string;
  readonly authorization: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export class KinesisStub {
  readonly endpoint: string;
  readonly requests: KinesisRequest[] = [];
  readonly #server: Server;
  readonly #answers = new Map<KinesisAction, KinesisAnswer[]>();

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    server.on('request', (request, response) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<KinesisStub> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new KinesisStub(server);
  }

  /** Answers for the next calls of one action; the last one is given again and again. */
  answer(action: KinesisAction, ...answers: readonly KinesisAnswer[]): void {
    this.#answers.set(action, [...answers]);
  }

  calls(action: KinesisAction): KinesisRequest[] {
    return this.requests.filter((request) => request.action === action);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const action = String(request.headers['x-amz-target']).replace('Kinesis_20131202.', '') as KinesisAction;
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    this.requests.push({ action, httpVersion: request.httpVersion, authorization: request.headers.authorization ?? '', body });
    const answers = this.#answers.get(action) ?? [];
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { kind: 'error', status: 400, code: 'UnknownOperationException' };
    if (answer.kind === 'hang') return;
    if (answer.kind === 'reset') request.socket.destroy();
    else if (answer.kind === 'ok') send(response, 200, JSON.stringify(answer.body));
    else if (answer.kind === 'text') send(response, answer.status, answer.body);
    else send(response, answer.status, JSON.stringify({ __type: answer.code, message: answer.message ?? `text of ${answer.code}` }));
  }
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'stub' });
  response.end(body);
}
