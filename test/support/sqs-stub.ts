/**
 * A server on loopback that speaks SQS's JSON protocol and fails as it is told. For what the emulators cannot show: wrong
 * credentials, missing permissions, throttles, answers that never come.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StubQueue, type StubQueueOptions, type StubSend, toAnswer } from './sqs-stub-queue.ts';

export type StubAction = 'ReceiveMessage' | 'DeleteMessageBatch' | 'ChangeMessageVisibilityBatch' | 'GetQueueAttributes' | 'GetQueueUrl';

/** One way to go wrong. */
export type StubFault =
  /** Refused: `code` as the JSON protocol says it, `queryCode` as the header for older clients does. Nothing happens to the queue. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly queryCode?: string; readonly message?: string }
  /** The connection breaks before the call had its effect, or after it. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** The effect happens, the answer comes `ms` later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The effect happens, the answer never comes; `afterHead`: its head and half of its body do. */
  | { readonly kind: 'hang'; readonly afterHead?: boolean }
  /** The effect happens, the answer is this instead. */
  | { readonly kind: 'answer'; readonly body: string; readonly status?: number; readonly contentType?: string }
  /** These places of the batch fail and have no effect. */
  | { readonly kind: 'partial'; readonly places: readonly number[]; readonly code: string; readonly senderFault: boolean }
  /** Nothing is received, though there is something. */
  | { readonly kind: 'empty' };

/** What was asked. */
export interface StubRequest {
  readonly action: StubAction;
  readonly host: string;
  readonly path: string;
  readonly accessKeyId: string | undefined;
  readonly region: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

interface ScriptedFault {
  readonly action: StubAction;
  readonly fault: StubFault;
  left: number;
}

type Answer = Record<string, unknown>;
interface Entry {
  readonly Id: string;
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout?: number;
}

/** How often an open long poll looks again, ms. */
const LOOK_MS = 5;
const STUB_ACCOUNT = '000000000000';
export const STUB_REGION = 'us-east-1';

/** A refusal with a code. */
class Refusal extends Error {
  readonly fault: Extract<StubFault, { kind: 'error' }>;

  constructor(fault: Extract<StubFault, { kind: 'error' }>) {
    super(fault.code);
    this.fault = fault;
  }
}

export class SqsStub {
  readonly requests: StubRequest[] = [];
  /** What GetQueueUrl says in front of the path; another host than the stub's own tells who trusts answers. */
  queueUrlOrigin: string;
  /** When set, any other key is refused with InvalidClientTokenId. */
  acceptedKey: string | undefined;
  readonly endpoint: string;
  readonly #server: Server;
  readonly #queues = new Map<string, StubQueue>();
  readonly #faults: ScriptedFault[] = [];

  private constructor(server: Server) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.endpoint = `http://127.0.0.1:${String(port)}`;
    this.queueUrlOrigin = this.endpoint;
    server.on('request', (request, response) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<SqsStub> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SqsStub(server);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    await closed;
  }

  createQueue(name: string, options: StubQueueOptions = {}): StubQueue {
    const queue = new StubQueue(name, options);
    this.#queues.set(name, queue);
    return queue;
  }

  removeQueue(name: string): void {
    this.#queues.delete(name);
  }

  send(name: string, body: string, options: StubSend = {}): string {
    return this.#queue(name).send(body, options);
  }

  urlOf(name: string): string {
    return `${this.endpoint}/${STUB_ACCOUNT}/${name}`;
  }

  arnOf(name: string): string {
    return `arn:aws:sqs:${STUB_REGION}:${STUB_ACCOUNT}:${name}`;
  }

  /** The next `times` calls of this action go wrong in this way. Faults of one action apply in the order in which they were given. */
  fail(action: StubAction, fault: StubFault, times = 1): void {
    this.#faults.push({ action, fault, left: times });
  }

  /** Ends all scripted faults. */
  heal(): void {
    this.#faults.length = 0;
  }

  /** The calls of one action so far. */
  calls(action: StubAction): StubRequest[] {
    return this.requests.filter((request) => request.action === action);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await readRequest(request);
    this.requests.push(asked);
    const fault = this.#nextFault(asked.action);
    try {
      if (fault?.kind === 'error') throw new Refusal(fault);
      if (fault?.kind === 'reset' && fault.when === 'before') {
        request.socket.destroy();
        return;
      }
      this.#authorize(asked);
      const answer = await this.#act(asked, fault, response);
      await finish(response, fault, JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(response, error.fault);
    }
  }

  #nextFault(action: StubAction): StubFault | undefined {
    const index = this.#faults.findIndex((scripted) => scripted.action === action);
    const scripted = this.#faults[index];
    if (scripted === undefined) return undefined;
    scripted.left -= 1;
    if (scripted.left <= 0) this.#faults.splice(index, 1);
    return scripted.fault;
  }

  #authorize({ accessKeyId }: StubRequest): void {
    if (this.acceptedKey === undefined || accessKeyId === this.acceptedKey) return;
    const message = 'The security token included in the request is invalid.';
    throw new Refusal({ kind: 'error', status: 403, code: 'UnrecognizedClientException', queryCode: 'InvalidClientTokenId', message });
  }

  #queue(name: string): StubQueue {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue;
    throw new Refusal({
      kind: 'error',
      status: 400,
      code: 'QueueDoesNotExist',
      queryCode: 'AWS.SimpleQueueService.NonExistentQueue',
      message: 'The specified queue does not exist.',
    });
  }

  #act({ action, body }: StubRequest, fault: StubFault | undefined, response: ServerResponse): Answer | Promise<Answer> {
    const { QueueName, QueueUrl } = body as { QueueName?: string; QueueUrl?: string };
    const queue = this.#queue(QueueName ?? new URL(QueueUrl ?? '').pathname.split('/').at(-1) ?? '');
    switch (action) {
      case 'GetQueueUrl':
        return { QueueUrl: `${this.queueUrlOrigin}/${STUB_ACCOUNT}/${queue.name}` };
      case 'GetQueueAttributes':
        return { Attributes: this.#attributes(queue, body['AttributeNames'] as string[]) };
      case 'ReceiveMessage':
        return fault?.kind === 'empty' ? {} : receive(queue, body, response);
      case 'DeleteMessageBatch':
        // As on SQS, an old handle is no fault.
        return batch(body, fault, ({ ReceiptHandle }) => queue.delete(ReceiptHandle) || true);
      case 'ChangeMessageVisibilityBatch':
        return batch(body, fault, ({ ReceiptHandle, VisibilityTimeout = 0 }) => queue.changeVisibility(ReceiptHandle, VisibilityTimeout));
    }
  }

  #attributes(queue: StubQueue, names: readonly string[]): Record<string, string> {
    const { redrivePolicy } = queue.options;
    const all: Record<string, string> = {
      QueueArn: this.arnOf(queue.name),
      VisibilityTimeout: String(queue.visibilityTimeoutSeconds),
      CreatedTimestamp: String(queue.createdAt),
      ApproximateNumberOfMessages: String(queue.messages.length - queue.hidden),
      ApproximateNumberOfMessagesNotVisible: String(queue.hidden),
      ApproximateNumberOfMessagesDelayed: '0',
      ...(queue.name.endsWith('.fifo') ? { FifoQueue: 'true' } : {}),
      ...(redrivePolicy === undefined ? {} : { RedrivePolicy: redrivePolicy }),
    };
    if (names.includes('All')) return all;
    const unknown = names.find((name) => !(name in all));
    if (unknown !== undefined) {
      throw new Refusal({ kind: 'error', status: 400, code: 'InvalidAttributeName', message: `Unknown Attribute ${unknown}.` });
    }
    return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
  }
}

async function receive(queue: StubQueue, body: StubRequest['body'], response: ServerResponse): Promise<Answer> {
  const visibility = (body['VisibilityTimeout'] as number | undefined) ?? queue.visibilityTimeoutSeconds;
  const end = Date.now() + Number(body['WaitTimeSeconds'] ?? 0) * 1000;
  for (;;) {
    const messages = queue.receive(Number(body['MaxNumberOfMessages'] ?? 1), visibility);
    if (messages.length > 0) return { Messages: messages.map(toAnswer) };
    if (Date.now() >= end || response.destroyed) return {};
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function batch(body: StubRequest['body'], fault: StubFault | undefined, apply: (entry: Entry) => boolean): Answer {
  const entries = body['Entries'] as readonly Entry[];
  const failing = fault?.kind === 'partial' ? fault : undefined;
  const Successful: Answer[] = [];
  const Failed: Answer[] = [];
  for (const [place, entry] of entries.entries()) {
    const { Id } = entry;
    if (failing?.places.includes(place) === true) {
      Failed.push({ Id, Code: failing.code, Message: `scripted ${failing.code}`, SenderFault: failing.senderFault });
    } else if (apply(entry)) Successful.push({ Id });
    else Failed.push({ Id, Code: 'ReceiptHandleIsInvalid', Message: 'no message has this handle', SenderFault: true });
  }
  // SQS promises no order; the last first, so that nobody relies on one.
  return { Successful: Successful.reverse(), Failed: Failed.reverse() };
}

async function finish(response: ServerResponse, fault: StubFault | undefined, text: string): Promise<void> {
  if (fault?.kind === 'reset') response.socket?.destroy();
  else if (fault?.kind === 'hang') {
    if (fault.afterHead === true) response.writeHead(200, { 'content-length': text.length }).write(text.slice(0, text.length / 2));
  } else if (fault?.kind === 'answer') reply(response, fault.status ?? 200, fault.body, fault.contentType);
  else {
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    reply(response, 200, text);
  }
}

async function readRequest(request: IncomingMessage): Promise<StubRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [, accessKeyId, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
  return {
    action: String(request.headers['x-amz-target']).split('.').at(-1) as StubAction,
    host: request.headers.host ?? '',
    path: request.url ?? '',
    accessKeyId,
    region,
    body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
  };
}

function refuse(
  response: ServerResponse,
  { status, code, queryCode, message = `scripted ${code}` }: Extract<StubFault, { kind: 'error' }>,
): void {
  if (queryCode !== undefined) response.setHeader('x-amzn-query-error', `${queryCode};Sender`);
  reply(response, status, JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message }));
}

function reply(response: ServerResponse, status: number, text: string, contentType = 'application/x-amz-json-1.0'): void {
  response.writeHead(status, { 'content-type': contentType }).end(text);
}
