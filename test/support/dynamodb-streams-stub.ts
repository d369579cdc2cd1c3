/**
 * A server on loopback that speaks the protocol of DynamoDB Streams and fails as it is told. For what DynamoDB Local cannot
 * show: throttles, iterators that expire alone, creation times to the second, deletions by time to live.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type StubStreamAction = 'DescribeStream' | 'GetShardIterator' | 'GetRecords';

/** One call as it came. */
export interface StubStreamCall {
  readonly action: StubStreamAction;
  readonly input: Readonly<Record<string, unknown>>;
  /** Monotonic ms. */
  readonly at: number;
}

/** A record in the form of the protocol; its sequence number is added. */
export interface StubChange {
  readonly key: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  readonly userIdentity?: { readonly Type: string; readonly PrincipalId: string };
  /** Bytes that it says to have; default 100. */
  readonly sizeBytes?: number;
}

/** How a call goes wrong. `hang`: no answer at all. */
export type StubStreamFault = { readonly status: number; readonly code: string; readonly message?: string } | 'hang' | 'empty';

export const STUB_STREAM_ARN = 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-11-21T09:36:48.630';
export const STUB_SHARD = 'shardId-00000001573689847184-864758bb';
const FIRST_NUMBER = 800000000003126276362n;

/** One stream of one shard. */
export class DynamoDBStreamsStub {
  readonly endpoint: string;
  readonly calls: StubStreamCall[] = [];
  isClosed = false;
  readonly #server: Server;
  readonly #changes: StubChange[] = [];
  readonly #faults: { readonly action: StubStreamAction; readonly fault: StubStreamFault; left: number }[] = [];
  /** Iterators of earlier generations are expired. */
  #generation = 0;

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    server.on('request', (request, response) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<DynamoDBStreamsStub> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new DynamoDBStreamsStub(server);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    await closed;
  }

  put(...changes: readonly StubChange[]): void {
    this.#changes.push(...changes);
  }

  expireIterators(): void {
    this.#generation += 1;
  }

  /** The next `times` calls of this action go wrong in this way. */
  fail(action: StubStreamAction, fault: StubStreamFault, times = 1): void {
    this.#faults.push({ action, fault, left: times });
  }

  callsOf(action: StubStreamAction): StubStreamCall[] {
    return this.calls.filter((call) => call.action === action);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const action = String(request.headers['x-amz-target']).split('.')[1] as StubStreamAction;
    const input = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    this.calls.push({ action, input, at: performance.now() });
    const fault = this.#nextFault(action);
    if (fault === 'hang') return;
    const iterator = typeof input['ShardIterator'] === 'string' ? input['ShardIterator'] : '';
    if (fault === 'empty') answer(response, 200, { Records: [], NextShardIterator: iterator });
    else if (fault !== undefined) refuse(response, fault.status, fault.code, fault.message);
    else if (action === 'DescribeStream') answer(response, 200, { StreamDescription: this.#describe() });
    else if (action === 'GetShardIterator') this.#iterator(input, response);
    else this.#records(iterator, Number(input['Limit'] ?? 1000), response);
  }

  #nextFault(action: StubStreamAction): StubStreamFault | undefined {
    const scripted = this.#faults.find((each) => each.action === action && each.left > 0);
    if (scripted !== undefined) scripted.left -= 1;
    return scripted?.fault;
  }

  #describe(): unknown {
    const end = this.isClosed ? { EndingSequenceNumber: number(this.#changes.length) } : undefined;
    return {
      StreamArn: STUB_STREAM_ARN,
      StreamLabel: '2026-11-21T09:36:48.630',
      Shards: [{ ShardId: STUB_SHARD, SequenceNumberRange: { StartingSequenceNumber: number(0), ...end } }],
    };
  }

  #iterator(input: Readonly<Record<string, unknown>>, response: ServerResponse): void {
    const after = input['SequenceNumber'];
    const index = typeof after === 'string' ? Number(BigInt(after) - FIRST_NUMBER) + 1 : 0;
    answer(response, 200, { ShardIterator: `${String(this.#generation)}:${String(index)}` });
  }

  #records(iterator: string, limit: number, response: ServerResponse): void {
    const [generation, from] = iterator.split(':').map(Number);
    if (generation !== this.#generation || from === undefined) {
      refuse(response, 400, 'ExpiredIteratorException', 'Iterator expired');
      return;
    }
    const changes = this.#changes.slice(from, from + limit);
    const next = from + changes.length;
    const isEnd = this.isClosed && next >= this.#changes.length;
    answer(response, 200, {
      Records: changes.map((change, index) => toProtocol(change, from + index)),
      ...(isEnd ? undefined : { NextShardIterator: `${String(this.#generation)}:${String(next)}` }),
    });
  }
}

function number(index: number): string {
  return String(FIRST_NUMBER + BigInt(index));
}

function toProtocol({ key, createdAt, userIdentity, sizeBytes = 100 }: StubChange, index: number): unknown {
  return {
    eventID: 'c4ca4238a0b923820dcc509a6f75849b',
    eventName: userIdentity === undefined ? 'INSERT' : 'REMOVE',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'eu-central-1',
    dynamodb: {
      ApproximateCreationDateTime: createdAt,
      Keys: { pk: { S: key } },
      SequenceNumber: number(index),
      SizeBytes: sizeBytes,
      StreamViewType: 'KEYS_ONLY',
    },
    ...(userIdentity === undefined ? undefined : { userIdentity }),
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, code: string, message = 'refused'): void {
  answer(response, status, { __type: `com.amazonaws.dynamodb.v20120810#${code}`, message });
}
