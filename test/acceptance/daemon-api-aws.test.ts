import { join } from 'node:path';
import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeWithAwsClients } from '../support/aws-clients.ts';
import { AwsGateway } from '../support/aws-gateway.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { emulatorClientOptions } from '../support/backends/sqs-client.ts';
import { type ApiClient, botoClient, cliClient, sdkClient } from '../support/lambda-clients.ts';
import { type DaemonProcess, DaemonTests, eventually } from './daemon-process.ts';

const ENV = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
const IPV = 'InvalidParameterValueException';
const tests = new DaemonTests();
let gateway: AwsGateway;
let backend = '';
let count = 0;
const fresh = (kind: string): string => `${kind}-${String(process.pid)}-${String((count += 1))}`;
const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const streamArn = (name: string): string => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`;

/** A daemon without a file: all it knows is where AWS is. */
async function withoutFile(store: string): Promise<{ readonly daemon: DaemonProcess; readonly url: string }> {
  const args = ['start', '--listen', '127.0.0.1:0', '--aws-endpoint', gateway.endpoint, '--store', store];
  const daemon = tests.start({ args, env: ENV });
  return { daemon, url: await daemon.url() };
}

async function newQueue(attributes: Record<string, string> = {}): Promise<{ readonly name: string; send(body: string): Promise<void> }> {
  const name = fresh('api');
  const client = new SQSClient(emulatorClientOptions(backend));
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  client.destroy();
  return {
    name,
    send: async (MessageBody) => {
      const sender = new SQSClient(emulatorClientOptions(backend));
      await sender.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      sender.destroy();
    },
  };
}

const untilState = (client: ApiClient, uuid: string, state: string): Promise<true> =>
  eventually(
    `${state} of ${uuid}`,
    async () => ((await client.call('GetEventSourceMapping', { UUID: uuid })).result['State'] === state ? true : undefined),
    60_000,
  );
const untilGone = (client: ApiClient, uuid: string): Promise<true> =>
  eventually(
    `the end of ${uuid}`,
    async () => ((await client.call('GetEventSourceMapping', { UUID: uuid })).code === undefined ? undefined : true),
    60_000,
  );
const untilGiven = (functionName: string, text: string): Promise<true> =>
  eventually(`${text} given to ${functionName}`, () => (gateway.texts(functionName).includes(text) ? true : undefined), 60_000);

/** A whole life of a mapping of a queue that is at the endpoint, with a function that is there. */
async function lives(client: ApiClient): Promise<void> {
  const queue = await newQueue();
  const { result } = await client.call('CreateEventSourceMapping', {
    FunctionName: 'mill',
    EventSourceArn: queueArn(queue.name),
    BatchSize: 1,
  });
  expect(result).toMatchObject({ State: 'Creating', BatchSize: 1, FunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:mill' });
  expect(result['EventSourceMappingArn']).toBe(`arn:aws:lambda:us-east-1:123456789012:event-source-mapping:${String(result['UUID'])}`);
  const UUID = String(result['UUID']);
  await untilState(client, UUID, 'Enabled');
  await queue.send(`${UUID} one`);
  await untilGiven('mill', `${UUID} one`);
  const updated = await client.call('UpdateEventSourceMapping', { UUID, FunctionName: 'mill:2' });
  expect(updated.result).toMatchObject({ State: 'Updating', FunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:mill:2' });
  await untilState(client, UUID, 'Enabled');
  await queue.send(`${UUID} two`);
  await untilGiven('mill:2', `${UUID} two`);
  expect((await client.call('DeleteEventSourceMapping', { UUID })).result['State']).toBe('Deleting');
  await untilGone(client, UUID);
}

/** What AWS looks at before it answers. */
async function isChecked(client: ApiClient): Promise<void> {
  const refused = async (args: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const { code, message } = await client.call('CreateEventSourceMapping', args);
    expect(code).toBe(IPV);
    return message;
  };
  const queue = await newQueue();
  expect(await refused({ FunctionName: 'nobody', EventSourceArn: queueArn(queue.name) })).toBe('Function does not exist');
  expect(await refused({ FunctionName: 'slow', EventSourceArn: queueArn(queue.name) })).toBe(
    'Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds',
  );
  expect(await refused({ FunctionName: 'mill', EventSourceArn: queueArn('nobody') })).toBe(
    'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
  );
  expect(await refused({ FunctionName: 'mill', EventSourceArn: streamArn('nobody'), StartingPosition: 'LATEST' })).toBe(
    `Stream not found: ${streamArn('nobody')}`,
  );
}

describeWithBackend('localstack', 'a daemon without a file', ({ endpoint }) => {
  let url = '';

  beforeAll(async () => {
    backend = endpoint;
    gateway = await AwsGateway.start({ mill: 20, slow: 60 }, () => endpoint);
    ({ url } = await withoutFile('memory'));
  });
  afterAll(async () => {
    await tests.clear();
    await gateway.close();
  });

  describe('asked by @aws-sdk/client-lambda', () => {
    let client: ApiClient;
    beforeAll(() => {
      client = sdkClient(url);
    });
    afterAll(() => client.close());

    test('gives a mapping of SQS a whole life', () => lives(client), 180_000);
    test('looks at function and source first', () => isChecked(client));

    test('reads Kinesis from where it was asked to', { timeout: 180_000 }, async () => {
      const name = fresh('api');
      const kinesis = new KinesisClient(emulatorClientOptions(endpoint));
      await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }));
      await eventually('an active stream', async () => {
        const { StreamDescriptionSummary: summary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: name }));
        return summary?.StreamStatus === 'ACTIVE' ? true : undefined;
      });
      const put = (text: string): Promise<unknown> =>
        kinesis.send(new PutRecordCommand({ StreamName: name, PartitionKey: 'k', Data: Buffer.from(text) }));
      await put(`${name} one`);
      const { result } = await client.call('CreateEventSourceMapping', {
        FunctionName: 'slow',
        EventSourceArn: streamArn(name),
        StartingPosition: 'TRIM_HORIZON',
      });
      const UUID = String(result['UUID']);
      await untilGiven('slow', `${name} one`);
      await client.call('UpdateEventSourceMapping', { UUID, BatchSize: 10, FunctionName: 'mill' });
      await untilState(client, UUID, 'Enabled');
      await put(`${name} two`);
      await untilGiven('mill', `${name} two`);
      expect(gateway.texts('mill').filter((text) => text === `${name} one`)).toEqual([]);
      kinesis.destroy();
      await client.call('DeleteEventSourceMapping', { UUID });
      await untilGone(client, UUID);
    });
  });

  test('has what it was asked for after a restart', { timeout: 180_000 }, async () => {
    const store = join(tests.folder({}), 'state.db');
    const first = await withoutFile(store);
    const queue = await newQueue();
    const client = sdkClient(first.url);
    const { result } = await client.call('CreateEventSourceMapping', {
      FunctionName: 'mill',
      EventSourceArn: queueArn(queue.name),
      Tags: { a: 'b' },
    });
    await client.close();
    first.daemon.signal('SIGTERM');
    expect((await first.daemon.ended).code).toBe(0);
    const second = await withoutFile(store);
    const again = sdkClient(second.url);
    const UUID = String(result['UUID']);
    await untilState(again, UUID, 'Enabled');
    await queue.send(`${UUID} after`);
    await untilGiven('mill', `${UUID} after`);
    expect((await again.call('ListTags', { Resource: result['EventSourceMappingArn'] })).result['Tags']).toEqual({ a: 'b' });
    await again.close();
    second.daemon.signal('SIGTERM');
    await second.daemon.ended;
  });
});

await describeWithAwsClients('clients of Python', (python) => {
  describeWithBackend('localstack', 'and a daemon without a file', ({ endpoint }) => {
    let url = '';
    const open: ApiClient[] = [];

    beforeAll(async () => {
      backend = endpoint;
      gateway = await AwsGateway.start({ mill: 20, slow: 60 }, () => endpoint);
      ({ url } = await withoutFile('memory'));
    });
    afterEach(async () => {
      for (const client of open.splice(0)) await client.close();
    });
    afterAll(async () => {
      await tests.clear();
      await gateway.close();
    });

    const opened = (client: ApiClient): ApiClient => {
      open.push(client);
      return client;
    };

    test('boto3 gives a mapping of SQS a whole life', () => lives(opened(botoClient(python, url))), 180_000);
    test('boto3 is told what is not there', () => isChecked(opened(botoClient(python, url))));
    test('the AWS CLI gives a mapping of SQS a whole life', () => lives(opened(cliClient(python, url))), 240_000);
    test('the AWS CLI is told what is not there', () => isChecked(opened(cliClient(python, url))), 180_000);
  });
});

describeWithBackend('dynamodb-local', 'a daemon without a file and tables', ({ endpoint }) => {
  beforeAll(async () => {
    gateway = await AwsGateway.start({ mill: 20 }, () => endpoint);
  });
  afterAll(async () => {
    await tests.clear();
    await gateway.close();
  });

  test('says that a stream of a table is not there', async () => {
    const { url } = await withoutFile('memory');
    const client = sdkClient(url);
    const EventSourceArn = 'arn:aws:dynamodb:ddblocal:000000000000:table/nobody/stream/2026-01-31T09:30:00.000';
    const answer = await client.call('CreateEventSourceMapping', { FunctionName: 'mill', EventSourceArn, StartingPosition: 'LATEST' });
    expect([answer.code, answer.message]).toEqual([IPV, `Stream not found: ${EventSourceArn}`]);
    await client.close();
  });
});
