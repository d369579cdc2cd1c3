/** Those that are compared on SQS. Each calls `handle` with the size of every batch and deletes what was handled. */
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { Engine } from '../../adapters/index.ts';
import { socketSettings } from '../../adapters/shared/aws-sockets.ts';
import { sqs } from '../../adapters/source/sqs/index.ts';
import { emulatorClientOptions } from '../support/backends/index.ts';

/** The work on a batch. */
export type Handle = (records: number) => Promise<void>;

/** What a contestant works with. */
export interface SqsPlace {
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly parallel: number;
  readonly handle: Handle;
}

/** How a contestant works until it is stopped; resolves when what it had received is deleted. */
export type Stop = () => Promise<void>;

export const contestants = { millrace, 'sqs-consumer': sqsConsumer, bare } as const;

/** The client of peers: time-outs, sockets and caching as Millrace sets its own, so that the same work is compared. */
function client(endpoint: string): SQSClient {
  return new SQSClient({
    ...emulatorClientOptions(endpoint),
    maxAttempts: 1,
    retryMode: 'standard',
    cacheMiddleware: true,
    requestHandler: socketSettings({}, ASK.WaitTimeSeconds * 1000),
  });
}

/** What every contestant asks for: all that a Lambda event shows. */
const ASK = { MaxNumberOfMessages: 10, WaitTimeSeconds: 20, MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] } as const;

async function millrace({ endpoint, queueUrl, parallel, handle }: SqsPlace): Promise<Stop> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const source = sqs({ queue: queueUrl, endpoint, region: 'us-east-1', credentials });
  const engine = new Engine();
  engine.map({
    source,
    batchSize: 10,
    scalingConfig: { maximumConcurrency: parallel },
    target: (event) => handle(event.Records.length),
  });
  await engine.start();
  return async () => {
    await engine.stop();
    await source.close();
  };
}

function sqsConsumer({ endpoint, queueUrl, parallel, handle }: SqsPlace): Promise<Stop> {
  const shared = client(endpoint);
  const consumers = Array.from({ length: parallel }, () =>
    Consumer.create({
      queueUrl,
      sqs: shared,
      batchSize: ASK.MaxNumberOfMessages,
      waitTimeSeconds: ASK.WaitTimeSeconds,
      messageSystemAttributeNames: [...ASK.MessageSystemAttributeNames],
      messageAttributeNames: [...ASK.MessageAttributeNames],
      pollingCompleteWaitTimeMs: 5000,
      handleMessageBatch: async (messages: Message[]) => {
        await handle(messages.length);
        return messages;
      },
    }),
  );
  for (const consumer of consumers) {
    consumer.on('error', (error) => {
      process.stderr.write(`sqs-consumer: ${error.message}\n`);
    });
    consumer.start();
  }
  return Promise.resolve(async () => {
    const stopped = consumers.map((consumer) => new Promise((resolve) => consumer.once('stopped', resolve)));
    for (const consumer of consumers) consumer.stop();
    await Promise.all(stopped);
  });
}

function bare({ endpoint, queueUrl, parallel, handle }: SqsPlace): Promise<Stop> {
  const shared = client(endpoint);
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const receive = new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        ...ASK,
        MessageSystemAttributeNames: [...ASK.MessageSystemAttributeNames],
        MessageAttributeNames: [...ASK.MessageAttributeNames],
      });
      const { Messages = [] } = await shared.send(receive);
      if (Messages.length === 0) continue;
      await handle(Messages.length);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await shared.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    }
  };
  const loops = Array.from({ length: parallel }, loop);
  return Promise.resolve(async () => {
    stopped = true;
    await Promise.all(loops);
  });
}
