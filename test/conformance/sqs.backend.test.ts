import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterAll } from 'vitest';
import { sqs } from '../../adapters/source/sqs/index.ts';
import type { QueueSource } from '../../src/index.ts';
import { emulatorClientOptions } from '../support/backends/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { type QueueSetup, type QueueUnderTest, queueSourceSuite, type SuiteMessage } from './queue-source-suite.ts';

const features = {
  missingQueue: true,
  olderHandleDeletes: true,
  // LocalStack takes no notice of it; test/unit/adapters/sqs shows that it is sent.
  attemptId: false,
  traceHeader: true,
  waivers: {
    'refuses to change the visibility of what is not in flight': 'LocalStack says yes and does nothing',
    'refuses a visibility change to more than 12 hours': 'LocalStack does not look at the range',
    'refuses a receive that hides for more than 12 hours': 'LocalStack does not look at the range',
  },
};
const REGION = 'us-east-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describeWithBackend('localstack', 'on LocalStack', ({ endpoint }) => {
  const world = new World(endpoint);
  afterAll(() => world.close());
  queueSourceSuite('SQS (standard)', world, { ...features, fifo: false });
  queueSourceSuite('SQS (FIFO)', world, { ...features, fifo: true });
});

interface CreatedQueue {
  readonly url: string;
  readonly arn: string;
}

/** Queues on one LocalStack. */
class World {
  readonly #endpoint: string;
  readonly #producer: SQSClient;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
    this.#producer = new SQSClient(emulatorClientOptions(endpoint));
  }

  async open(setup: QueueSetup): Promise<QueueUnderTest> {
    const { maxReceiveCount } = setup;
    const dead = maxReceiveCount === undefined ? undefined : await this.#create(setup);
    const redrive = dead && maxReceiveCount !== undefined ? JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount }) : undefined;
    const queue = await this.#create(setup, redrive);
    const source = this.#source(queue.arn);
    const deadLetters = dead && this.#source(dead.url);
    return {
      ...inRealTime,
      source,
      deadLetters,
      send: (messages) => this.#send(queue.url, messages),
      cleanup: async () => {
        await source.close();
        await deadLetters?.close();
        for (const { url } of [queue, ...(dead === undefined ? [] : [dead])]) {
          await this.#producer.send(new DeleteQueueCommand({ QueueUrl: url }));
        }
      },
    };
  }

  missing(): Promise<Pick<QueueUnderTest, 'source' | 'run' | 'cleanup'>> {
    const source = this.#source(`${this.#endpoint}/000000000000/nowhere-${randomUUID()}`);
    return Promise.resolve({ ...inRealTime, source, cleanup: () => source.close() });
  }

  close(): void {
    this.#producer.destroy();
  }

  #source(queue: string): QueueSource<SQSEvent> {
    return sqs({ queue, endpoint: this.#endpoint, region: REGION, credentials });
  }

  async #create({ fifo, visibilityTimeoutSeconds, contentBasedDeduplication }: QueueSetup, redrive?: string): Promise<CreatedQueue> {
    const { QueueUrl: url = '' } = await this.#producer.send(
      new CreateQueueCommand({
        QueueName: `suite-${randomUUID()}${fifo ? '.fifo' : ''}`,
        Attributes: {
          VisibilityTimeout: String(visibilityTimeoutSeconds),
          ...(fifo ? { FifoQueue: 'true', ContentBasedDeduplication: String(contentBasedDeduplication) } : undefined),
          ...(redrive === undefined ? undefined : { RedrivePolicy: redrive }),
        },
      }),
    );
    const { Attributes } = await this.#producer.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
    return { url, arn: Attributes?.['QueueArn'] ?? '' };
  }

  async #send(queueUrl: string, messages: readonly SuiteMessage[]): Promise<readonly string[]> {
    const sent: string[] = [];
    for (const { body, delaySeconds, groupId, deduplicationId, traceHeader, messageAttributes } of messages) {
      const { MessageId = '' } = await this.#producer.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: body,
          DelaySeconds: delaySeconds,
          MessageGroupId: groupId,
          MessageDeduplicationId: deduplicationId,
          MessageAttributes: messageAttributes && toSdk(messageAttributes),
          MessageSystemAttributes:
            traceHeader === undefined ? undefined : { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } },
        }),
      );
      sent.push(MessageId);
    }
    return sent;
  }
}

const inRealTime = {
  run: <Value>(promise: Promise<Value>): Promise<Value> => promise,
  pause: (ms: number): Promise<void> => sleep(ms),
  now: (): number => performance.now(),
};

function toSdk(attributes: NonNullable<SuiteMessage['messageAttributes']>): Record<string, MessageAttributeValue> {
  const values = Object.entries(attributes).map(
    ([name, { dataType, stringValue, binaryValue }]) =>
      [name, { DataType: dataType, StringValue: stringValue, BinaryValue: binaryValue }] as const,
  );
  return Object.fromEntries(values);
}
