import { randomUUID } from 'node:crypto';
import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll } from 'vitest';
import { sqsDestination } from '../../adapters/destination/sqs/index.ts';
import { emulatorClientOptions } from '../support/backends/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { startProxy } from '../support/proxy.ts';
import { QueueReader } from '../support/queue-reader.ts';
import { type DestinationUnderTest, destinationSuite } from './destination-suite.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const features = { missing: true, fifo: true, network: true, readableAtOnce: true, payload: false, twice: 2 } as const;

describeWithBackend('localstack', 'on LocalStack', ({ endpoint }) => {
  const client = new SQSClient(emulatorClientOptions(endpoint));
  afterAll(() => client.destroy());
  const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;

  async function open(nameOf: (url: string, arn: string, name: string) => string): Promise<DestinationUnderTest> {
    const name = `discarded-${randomUUID()}`;
    const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand({ QueueName: name }));
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
    const network = await startProxy(endpoint);
    const queue = nameOf(url, Attributes?.['QueueArn'] ?? '', name);
    const destination = sqsDestination({ queue, endpoint: network.endpoint, region: 'us-east-1', credentials });
    const reader = new QueueReader(client, url);
    return {
      destination,
      received: (count) => reader.bodies(count),
      now: () => reader.bodiesNow(),
      network,
      cleanup: async () => {
        await destination.close();
        await network.close();
        await client.send(new DeleteQueueCommand({ QueueUrl: url }));
      },
    };
  }

  const missing = (): ReturnType<typeof sqsDestination> => sqsDestination({ queue: arnOf('nowhere'), endpoint, credentials });
  const fifo = (): ReturnType<typeof sqsDestination> => sqsDestination({ queue: arnOf('orders.fifo'), endpoint, credentials });
  destinationSuite('SQS by ARN', { open: () => open((_url, arn) => arn), missing, fifo }, features);
  destinationSuite(
    'SQS by URL',
    {
      open: () => open((url) => url),
      missing: () => sqsDestination({ queue: `${endpoint}/000000000000/nowhere`, region: 'us-east-1', credentials }),
      fifo: () => sqsDestination({ queue: `${endpoint}/000000000000/orders.fifo`, region: 'us-east-1', credentials }),
    },
    features,
  );
});
