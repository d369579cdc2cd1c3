import { randomUUID } from 'node:crypto';
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll } from 'vitest';
import { snsDestination } from '../../adapters/destination/sns/index.ts';
import { emulatorClientOptions } from '../support/backends/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { startProxy } from '../support/proxy.ts';
import { QueueReader } from '../support/queue-reader.ts';
import { type DestinationUnderTest, destinationSuite } from './destination-suite.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const arnOf = (name: string): string => `arn:aws:sns:us-east-1:000000000000:${name}`;

describeWithBackend('localstack', 'on LocalStack', ({ endpoint }) => {
  const sqs = new SQSClient(emulatorClientOptions(endpoint));
  const sns = new SNSClient({ endpoint, region: 'us-east-1', credentials });
  afterAll(() => {
    sqs.destroy();
    sns.destroy();
  });

  /** A topic, and a queue that subscribes to it. */
  async function open(): Promise<DestinationUnderTest> {
    const name = `discarded-${randomUUID()}`;
    const { TopicArn: topic = '' } = await sns.send(new CreateTopicCommand({ Name: name }));
    const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
    await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: Attributes?.['QueueArn'] }));
    const network = await startProxy(endpoint);
    const destination = snsDestination({ topic, endpoint: network.endpoint, credentials });
    const reader = new QueueReader(sqs, url);
    return {
      destination,
      received: async (count) => (await reader.bodies(count)).map((body) => (JSON.parse(body) as { Message: string }).Message),
      network,
      cleanup: async () => {
        await destination.close();
        await network.close();
        await sns.send(new DeleteTopicCommand({ TopicArn: topic }));
        await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
      },
    };
  }

  destinationSuite(
    'SNS',
    {
      open,
      missing: () => snsDestination({ topic: arnOf('nowhere'), endpoint, credentials }),
      fifo: () => snsDestination({ topic: arnOf('orders.fifo'), endpoint, credentials }),
    },
    // What a topic holds shows only at its subscribers, later.
    { missing: true, fifo: true, network: true, readableAtOnce: false, payload: false, twice: 2 },
  );
});
