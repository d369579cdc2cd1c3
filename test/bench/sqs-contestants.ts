/** Those that are compared on SQS. Each calls `handle` with the size of every batch, deletes what was handled, and does so until its process ends. */
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { Engine } from '../../adapters/index.ts';
import { SILENT_LOGGER } from '../../adapters/shared/aws-connection.ts';
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

export const contestants = { millrace, 'sqs-consumer': sqsConsumer, bare } as const;

/** The client of peers: time-outs, sockets and caching as Millrace sets its own, so that the same work is compared. */
function client(endpoint: string): SQSClient {
  return new SQSClient({
    ...emulatorClientOptions(endpoint),
    cacheMiddleware: true,
    logger: SILENT_LOGGER,
    requestHandler: socketSettings({}, ASK.WaitTimeSeconds * 1000),
  });
}

/** What every contestant asks for: all that a Lambda event shows. */
const ASK = { MaxNumberOfMessages: 10, WaitTimeSeconds: 20, MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] } as const;

async function millrace({ endpoint, queueUrl, parallel, handle }: SqsPlace): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const engine = new Engine();
  engine.map({
    source: sqs({ queue: queueUrl, endpoint, region: 'us-east-1', credentials }),
    batchSize: 10,
    scalingConfig: { maximumConcurrency: parallel },
    // Handlers wait while others are measured.
    timeout: 900,
    target: (event) => handle(event.Records.length),
  });
  await engine.start();
}

function sqsConsumer({ endpoint, queueUrl, parallel, handle }: SqsPlace): Promise<void> {
  const shared = client(endpoint);
  for (let index = 0; index < parallel; index += 1) {
    const consumer = Consumer.create({
      queueUrl,
      sqs: shared,
      batchSize: ASK.MaxNumberOfMessages,
      waitTimeSeconds: ASK.WaitTimeSeconds,
      messageSystemAttributeNames: [...ASK.MessageSystemAttributeNames],
      messageAttributeNames: [...ASK.MessageAttributeNames],
      handleMessageBatch: async (messages: Message[]) => {
        await handle(messages.length);
        return messages;
      },
    });
    consumer.on('error', (error) => {
      process.stderr.write(`sqs-consumer: ${error.message}\n`);
    });
    consumer.start();
  }
  return Promise.resolve();
}

function bare({ endpoint, queueUrl, parallel, handle }: SqsPlace): Promise<void> {
  const shared = client(endpoint);
  const loop = async (): Promise<void> => {
    for (;;) {
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
  for (let index = 0; index < parallel; index += 1) void loop();
  return Promise.resolve();
}
