import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type TestEngine, type TestEngineOptions, testEngine } from '../../adapters/testing.ts';
import { emulatorClientOptions } from './backends/index.ts';

/** Runs something when the test that asked is over: Vitest's onTestFinished. */
type OnTestFinished = (callback: () => Promise<void>) => void;

/** How a queue is made. */
export interface QueueShape {
  readonly fifo?: boolean;
  /** Default 30. */
  readonly visibilitySeconds?: number;
  /** With it the queue gets a dead-letter queue of its own. */
  readonly maxReceiveCount?: number;
}

/** One message to send. */
export interface Outgoing {
  readonly body: string;
  /** FIFO only; default one group for all. */
  readonly group?: string;
  readonly attributes?: Record<string, MessageAttributeValue>;
  readonly traceHeader?: string;
}

/** What SQS said of a message it took. */
export interface Sent {
  readonly messageId: string;
  readonly md5OfMessageAttributes: string | undefined;
}

/** What a queue says of its messages. */
export interface Counts {
  readonly visible: number;
  readonly hidden: number;
  readonly delayed: number;
}

export const EMPTY: Counts = { visible: 0, hidden: 0, delayed: 0 };

/** Queues of one SQS, each with a name of its own, and engines that read them. */
export class SqsWorld {
  readonly endpoint: string;
  readonly client: SQSClient;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
    this.client = new SQSClient(emulatorClientOptions(endpoint));
  }

  close(): void {
    this.client.destroy();
  }

  /** A queue that exists. */
  async queue(shape: QueueShape = {}): Promise<WorldQueue> {
    const queue = this.unmade(shape);
    await queue.create();
    return queue;
  }

  /** The name of a queue that does not exist yet. */
  unmade(shape: QueueShape = {}): WorldQueue {
    return new WorldQueue(this, shape);
  }

  /** An engine at `endpoint` (default: this world's) that stops when the test is over. */
  engine(onTestFinished: OnTestFinished, options: TestEngineOptions = {}): TestEngine {
    const engine = testEngine({ endpoint: this.endpoint, ...options });
    onTestFinished(() => engine.stop());
    return engine;
  }
}

const PER_CALL = 10;

/** One queue as a test sees it, beside the engine. */
export class WorldQueue {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  /** Throws when the queue was made without maxReceiveCount. */
  readonly #dead: WorldQueue | undefined;
  readonly #world: SqsWorld;
  readonly #shape: QueueShape;

  constructor(world: SqsWorld, shape: QueueShape) {
    this.#world = world;
    this.#shape = shape;
    this.name = `whole-${randomUUID()}${shape.fifo === true ? '.fifo' : ''}`;
    this.arn = `arn:aws:sqs:us-east-1:000000000000:${this.name}`;
    this.url = `${world.endpoint}/000000000000/${this.name}`;
    const { maxReceiveCount: _own, ...plain } = shape;
    this.#dead = shape.maxReceiveCount === undefined ? undefined : new WorldQueue(world, plain);
  }

  get dead(): WorldQueue {
    if (this.#dead === undefined) throw new Error(`${this.name} has no dead-letter queue`);
    return this.#dead;
  }

  async create(): Promise<void> {
    await this.#dead?.create();
    const { fifo, visibilitySeconds = 30, maxReceiveCount } = this.#shape;
    const redrive = this.#dead && JSON.stringify({ deadLetterTargetArn: this.#dead.arn, maxReceiveCount });
    await this.#world.client.send(
      new CreateQueueCommand({
        QueueName: this.name,
        Attributes: {
          VisibilityTimeout: String(visibilitySeconds),
          ...(fifo === true ? { FifoQueue: 'true' } : {}),
          ...(redrive === undefined ? {} : { RedrivePolicy: redrive }),
        },
      }),
    );
  }

  async remove(): Promise<void> {
    await this.#world.client.send(new DeleteQueueCommand({ QueueUrl: this.url }));
  }

  /** Sends in the order given; gives what SQS said, in that order. */
  async send(messages: readonly (string | Outgoing)[]): Promise<readonly Sent[]> {
    const sent: Sent[] = [];
    for (let start = 0; start < messages.length; start += PER_CALL) {
      const Entries = messages.slice(start, start + PER_CALL).map((message, index) => this.#entry(message, index));
      const { Successful = [], Failed = [] } = await this.#world.client.send(new SendMessageBatchCommand({ QueueUrl: this.url, Entries }));
      if (Failed.length > 0) throw new Error(`SendMessageBatch failed: ${JSON.stringify(Failed)}`);
      const inOrder = [...Successful].sort((a, b) => Number(a.Id) - Number(b.Id));
      sent.push(...inOrder.map((one) => ({ messageId: one.MessageId ?? '', md5OfMessageAttributes: one.MD5OfMessageAttributes })));
    }
    return sent;
  }

  #entry(message: string | Outgoing, index: number): Record<string, unknown> & { Id: string; MessageBody: string } {
    const { body, group, attributes, traceHeader }: Outgoing = typeof message === 'string' ? { body: message } : message;
    return {
      Id: String(index),
      MessageBody: body,
      ...(this.#shape.fifo === true ? { MessageGroupId: group ?? 'group', MessageDeduplicationId: randomUUID() } : {}),
      ...(attributes === undefined ? {} : { MessageAttributes: attributes }),
      ...(traceHeader === undefined
        ? {}
        : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } } }),
    };
  }

  async counts(): Promise<Counts> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] as const;
    const { Attributes } = await this.#world.client.send(new GetQueueAttributesCommand({ QueueUrl: this.url, AttributeNames: [...names] }));
    const [visible = 0, hidden = 0, delayed = 0] = names.map((name) => Number(Attributes?.[name]));
    return { visible, hidden, delayed };
  }

  /** Receives and deletes what is visible now. */
  async take(): Promise<readonly Message[]> {
    const taken: Message[] = [];
    for (;;) {
      const { Messages = [] } = await this.#world.client.send(
        new ReceiveMessageCommand({ QueueUrl: this.url, MaxNumberOfMessages: PER_CALL, MessageSystemAttributeNames: ['All'] }),
      );
      if (Messages.length === 0) return taken;
      taken.push(...Messages);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.#world.client.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }));
    }
  }
}
