import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SqsOptions, sqs } from '../../../../adapters/source/sqs/index.ts';
import type { QueueSource, ReceiveRequest } from '../../../../src/index.ts';
import { SqsStub, STUB_REGION } from '../../../support/sqs-stub.ts';

let stub: SqsStub;
const open: QueueSource<SQSEvent>[] = [];

beforeEach(async () => {
  stub = await SqsStub.start();
  stub.createQueue('orders', { visibilityTimeoutSeconds: 45 });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(open.splice(0).map((source) => source.close()));
  await stub.close();
});

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };

/** The queue `orders` by its URL at the stub, unless said otherwise. */
function source(options: Partial<SqsOptions> = {}): QueueSource<SQSEvent> {
  const made = sqs({ queue: stub.urlOf('orders'), region: STUB_REGION, credentials, ...options });
  open.push(made);
  return made;
}

function ask(request: Partial<ReceiveRequest> = {}): ReceiveRequest {
  return {
    max: 10,
    waitSeconds: 0,
    visibilitySeconds: undefined,
    attemptId: undefined,
    signal: new AbortController().signal,
    ...request,
  };
}

const otherHost = 'http://queue-url-host.invalid:1';
const host = (): string => new URL(stub.endpoint).host;

describe('the queue is found', () => {
  it('by its ARN, with the account that owns it', async () => {
    const orders = source({ queue: stub.arnOf('orders'), endpoint: stub.endpoint });
    await orders.receive(ask());
    expect(stub.calls('GetQueueUrl').map(({ body }) => body)).toEqual([{ QueueName: 'orders', QueueOwnerAWSAccountId: '000000000000' }]);
    expect(stub.calls('ReceiveMessage').map(({ body }) => body['QueueUrl'])).toEqual([stub.urlOf('orders')]);
  });

  it('by its name', async () => {
    await source({ queue: 'orders', endpoint: stub.endpoint }).receive(ask());
    expect(stub.calls('GetQueueUrl').map(({ body }) => body)).toEqual([{ QueueName: 'orders' }]);
  });

  it('by its URL, whose host is asked when no endpoint is configured', async () => {
    await source().receive(ask());
    expect(stub.requests.map(({ action, region }) => [action, region])).toEqual([['ReceiveMessage', STUB_REGION]]);
  });

  it('once, however many calls there are', async () => {
    const orders = source({ queue: stub.arnOf('orders'), endpoint: stub.endpoint });
    await Promise.all([orders.receive(ask()), orders.depth(), orders.describe(), orders.receive(ask())]);
    expect(stub.calls('GetQueueUrl')).toHaveLength(1);
  });

  it('again after it was deleted and made anew', async () => {
    const orders = source({ queue: stub.arnOf('orders'), endpoint: stub.endpoint });
    await orders.describe();
    stub.removeQueue('orders');
    await expect(orders.receive(ask())).rejects.toMatchObject({ kind: 'not-found' });
    await expect(orders.receive(ask())).rejects.toMatchObject({ kind: 'not-found', code: 'AWS.SimpleQueueService.NonExistentQueue' });
    stub.createQueue('orders');
    await expect(orders.receive(ask())).resolves.toEqual([]);
  });
});

describe('no address but the configured endpoint is contacted', () => {
  it('whatever host GetQueueUrl answers', async () => {
    stub.queueUrlOrigin = otherHost;
    const orders = source({ queue: stub.arnOf('orders'), endpoint: stub.endpoint });
    await orders.describe();
    await orders.receive(ask());
    await orders.delete([{ messageId: 'm', receiptHandle: 'h' }]);
    expect(new Set(stub.requests.map((request) => request.host))).toEqual(new Set([host()]));
    expect(stub.calls('ReceiveMessage').map(({ body }) => body['QueueUrl'])).toEqual([stub.urlOf('orders')]);
  });

  it('whatever host the configured queue URL has', async () => {
    await source({ queue: `${otherHost}/000000000000/orders`, endpoint: stub.endpoint }).receive(ask());
    expect(stub.calls('ReceiveMessage').map(({ body }) => body['QueueUrl'])).toEqual([stub.urlOf('orders')]);
  });

  it('when the environment configures it', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_SQS', stub.endpoint);
    stub.queueUrlOrigin = otherHost;
    await source({ queue: stub.arnOf('orders') }).receive(ask());
    await source({ queue: `${otherHost}/000000000000/orders` }).receive(ask());
    expect(stub.calls('ReceiveMessage').map(({ body }) => body['QueueUrl'])).toEqual([stub.urlOf('orders'), stub.urlOf('orders')]);
  });

  it('when the profile configures it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-profile-'));
    writeFileSync(join(folder, 'config'), `[profile mill]\nregion = eu-west-3\nendpoint_url = ${stub.endpoint}\n`);
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
    vi.stubEnv('AWS_PROFILE', 'mill');
    vi.stubEnv('AWS_REGION', undefined);
    const orders = sqs({ queue: `${otherHost}/000000000000/orders`, credentials });
    open.push(orders);
    await orders.receive(ask()).finally(() => rmSync(folder, { recursive: true }));
    expect(stub.requests.map((request) => [request.host, request.region])).toEqual([[host(), 'eu-west-3']]);
  });
});

it('says that the region is missing when the profile has none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-profile-'));
  writeFileSync(join(folder, 'config'), '[default]\noutput = json\n');
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_REGION', undefined);
  const orders = sqs({ queue: 'orders', endpoint: stub.endpoint, credentials });
  open.push(orders);
  await expect(orders.describe().finally(() => rmSync(folder, { recursive: true }))).rejects.toMatchObject({
    name: 'SourceError',
    kind: 'invalid',
    code: 'RegionMissing',
    message: expect.stringContaining('AWS_REGION') as string,
  });
});

describe('describe', () => {
  it('tells what the queue says of itself', async () => {
    const deadLetterTargetArn = stub.arnOf('failed');
    stub.createQueue('orders.fifo', {
      visibilityTimeoutSeconds: 7,
      redrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: '4' }),
    });
    const described = await source({ queue: stub.urlOf('orders.fifo') }).describe();
    expect(described).toEqual({
      arn: stub.arnOf('orders.fifo'),
      fifo: true,
      visibilityTimeoutSeconds: 7,
      redrive: { maxReceiveCount: 4, deadLetterTargetArn },
      createdAt: expect.any(Number) as number,
    });
  });

  it('works on standard queues, which refuse to be asked for FifoQueue', async () => {
    const orders = source();
    await expect(orders.describe()).resolves.toMatchObject({ fifo: false, redrive: undefined, visibilityTimeoutSeconds: 45 });
    expect(orders.fifo).toBe(false);
  });

  it.each(['nonsense', '[]', '{"maxReceiveCount":3}', '{"deadLetterTargetArn":"x","maxReceiveCount":"many"}'])(
    'knows no redrive policy in %s',
    async (redrivePolicy) => {
      stub.createQueue('odd', { redrivePolicy });
      await expect(source({ queue: stub.urlOf('odd') }).describe()).resolves.toMatchObject({ redrive: undefined });
    },
  );

  it.each<[string, Parameters<SqsStub['fail']>[1], string]>([
    ['a queue that is not there', { kind: 'error', status: 400, code: 'QueueDoesNotExist' }, 'not-found'],
    ['a missing permission', { kind: 'error', status: 403, code: 'AccessDeniedException', queryCode: 'AccessDenied' }, 'denied'],
    ['an answer without attributes', { kind: 'answer', body: '{}' }, 'unavailable'],
  ])('tells %s apart', async (_title, fault, kind) => {
    stub.fail('GetQueueAttributes', fault);
    await expect(source().describe()).rejects.toMatchObject({ name: 'SourceError', kind });
  });
});

describe('receive', () => {
  it('asks for all attributes and the visibility that is wanted', async () => {
    await source().receive(ask({ max: 3, visibilitySeconds: 90, attemptId: 'a-1' }));
    expect(stub.calls('ReceiveMessage').map(({ body }) => body)).toEqual([
      {
        QueueUrl: stub.urlOf('orders'),
        MaxNumberOfMessages: 3,
        WaitTimeSeconds: 0,
        VisibilityTimeout: 90,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      },
    ]);
  });

  it('sends the attempt id to FIFO queues only', async () => {
    stub.createQueue('orders.fifo');
    await source({ queue: stub.urlOf('orders.fifo') }).receive(ask({ attemptId: 'a-1' }));
    expect(stub.calls('ReceiveMessage').map(({ body }) => body['ReceiveRequestAttemptId'])).toEqual(['a-1']);
  });

  it('hands on everything that a message has, bytes in base64', async () => {
    const id = stub.send('orders', 'Grüße', {
      attributes: {
        kind: { DataType: 'String', StringValue: 'order' },
        total: { DataType: 'Number.int', StringValue: '7' },
        proof: { DataType: 'Binary', BinaryValue: 'AP8Q' },
      },
      systemAttributes: { AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793' },
    });
    const orders = source();
    const { arn } = await orders.describe();
    const [message] = await orders.receive(ask());
    expect(message).toEqual({
      messageId: id,
      receiptHandle: `${id}#1`,
      body: 'Grüße',
      md5OfBody: createHash('md5').update('Grüße').digest('hex'),
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '1700000000000',
        SenderId: 'AIDAEXAMPLE',
        ApproximateFirstReceiveTimestamp: '1700000000001',
        AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
      },
      messageAttributes: {
        kind: { stringValue: 'order', dataType: 'String' },
        total: { stringValue: '7', dataType: 'Number.int' },
        proof: { binaryValue: 'AP8Q', dataType: 'Binary' },
      },
      md5OfMessageAttributes: '00000000000000000000000000000000',
      groupId: undefined,
      receiveCount: 1,
      sizeBound: expect.any(Number) as number,
    });
    if (message === undefined) throw new Error('nothing came');
    const [record] = orders.toEvent([message], { windowed: false }).Records;
    expect(record).toMatchObject({ eventSource: 'aws:sqs', eventSourceARN: arn, awsRegion: STUB_REGION, body: 'Grüße' });
    expect(message.sizeBound).toBeGreaterThanOrEqual(orders.eventBytes(message, { windowed: false }));
  });

  it('bounds the size of messages that come before the ARN is known', async () => {
    stub.send('orders', 'x');
    const orders = source();
    const [message] = await orders.receive(ask());
    await orders.describe();
    expect(message?.sizeBound).toBeGreaterThan(message === undefined ? Infinity : orders.eventBytes(message, { windowed: true }));
  });

  it('gives the group of a message on FIFO queues, and not on standard queues', async () => {
    stub.createQueue('orders.fifo');
    stub.send('orders.fifo', 'x', { groupId: 'g' });
    stub.send('orders', 'x', { groupId: 'g' });
    const messages = [await source({ queue: stub.urlOf('orders.fifo') }).receive(ask()), await source().receive(ask())].flat();
    expect(messages.map((message) => message.groupId)).toEqual(['g', undefined]);
  });

  it('resolves with nothing when nothing came', async () => {
    stub.send('orders', 'x');
    stub.fail('ReceiveMessage', { kind: 'empty' });
    await expect(source().receive(ask())).resolves.toEqual([]);
  });

  it('refuses a body that does not match its digest, and the message comes again', async () => {
    stub.send('orders', 'right');
    const damaged = { MessageId: 'm', ReceiptHandle: 'h', Body: 'wrong', MD5OfBody: createHash('md5').update('right').digest('hex') };
    stub.fail('ReceiveMessage', { kind: 'answer', body: JSON.stringify({ Messages: [damaged] }) });
    const orders = source();
    await expect(orders.receive(ask({ visibilitySeconds: 0 }))).rejects.toMatchObject({
      name: 'SourceError',
      kind: 'unavailable',
      code: 'ChecksumMismatch',
      message: expect.not.stringContaining('wrong') as string,
    });
    await expect(orders.receive(ask())).resolves.toMatchObject([{ body: 'right', receiveCount: 2 }]);
  });

  it.each([
    ['half of an answer', '{"Messages": [{"MessageId": "SECRET'],
    ['a page', '<html>SECRET</html>'],
    ['something else', '{"Messages": 5}'],
    ['a message without a handle', '{"Messages": [{"MessageId": "m", "Body": "SECRET"}]}'],
  ])('is unavailable when %s comes, and shows nothing of it', async (_title, body) => {
    stub.fail('ReceiveMessage', { kind: 'answer', body });
    const error: unknown = await source()
      .receive(ask())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'SourceError', kind: 'unavailable' });
    expect(`${String(error)} ${error instanceof Error ? String(error.cause) : ''}`).not.toContain('SECRET');
  });

  it('is asked once, however it fails', async () => {
    stub.fail('ReceiveMessage', { kind: 'error', status: 503, code: 'ServiceUnavailable' }, 10);
    stub.fail('ReceiveMessage', { kind: 'reset', when: 'after' }, 10);
    await expect(source().receive(ask())).rejects.toMatchObject({ kind: 'unavailable' });
    expect(stub.calls('ReceiveMessage')).toHaveLength(1);
  });
});

describe('what refuses a call is told apart', () => {
  it('wrong credentials, which no message repeats', async () => {
    stub.acceptedKey = 'right';
    const orders = source({ credentials: { accessKeyId: 'WRONGKEY', secretAccessKey: 'WRONGSECRET' } });
    const error: unknown = await orders.receive(ask()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'SourceError', kind: 'denied', code: 'InvalidClientTokenId' });
    expect(String(error)).not.toContain('WRONG');
  });

  it('a function that fails to get credentials', async () => {
    const failing = (): Promise<never> => Promise.reject(Object.assign(new Error('expired'), { name: 'CredentialsProviderError' }));
    await expect(source({ credentials: failing }).receive(ask())).rejects.toMatchObject({
      kind: 'denied',
      code: 'CredentialsProviderError',
    });
  });

  it.each<[string, Parameters<SqsStub['fail']>[1], string]>([
    ['a wrong secret', { kind: 'error', status: 403, code: 'InvalidSignatureException', queryCode: 'SignatureDoesNotMatch' }, 'denied'],
    ['a missing permission', { kind: 'error', status: 400, code: 'AccessDeniedException', queryCode: 'AccessDenied' }, 'denied'],
    ['a throttle', { kind: 'error', status: 400, code: 'RequestThrottled' }, 'throttled'],
    ['a throttle of the key service', { kind: 'error', status: 400, code: 'KmsThrottled' }, 'throttled'],
    ['a fault of the service', { kind: 'error', status: 500, code: 'InternalFailure' }, 'unavailable'],
    ['a broken connection', { kind: 'reset', when: 'before' }, 'unavailable'],
    ['a wrong parameter', { kind: 'error', status: 400, code: 'InvalidParameterValue' }, 'invalid'],
  ])('%s', async (_title, fault, kind) => {
    const orders = source();
    for (const action of ['ReceiveMessage', 'DeleteMessageBatch', 'ChangeMessageVisibilityBatch', 'GetQueueAttributes'] as const) {
      stub.fail(action, fault);
    }
    const receipts = [{ messageId: 'm', receiptHandle: 'h' }];
    await expect(orders.receive(ask())).rejects.toMatchObject({ kind });
    await expect(orders.delete(receipts)).rejects.toMatchObject({ kind });
    await expect(orders.changeVisibility(receipts, 0)).rejects.toMatchObject({ kind });
    await expect(orders.depth()).rejects.toMatchObject({ kind });
    await expect(orders.receive(ask())).resolves.toEqual([]);
  });
});

it('uses a client of the user, with its settings, and leaves it open', async () => {
  const client = new SQSClient({ endpoint: stub.endpoint, region: 'eu-west-2', credentials, maxAttempts: 1 });
  const orders = sqs({ queue: 'orders', client });
  stub.send('orders', 'x');
  await expect(orders.receive(ask())).resolves.toHaveLength(1);
  await orders.close();
  const again = sqs({ queue: 'orders', client });
  await expect(again.depth()).resolves.toEqual({ visible: 0, notVisible: 1, delayed: 0 });
  expect(new Set(stub.requests.map((request) => request.region))).toEqual(new Set(['eu-west-2']));
  client.destroy();
});

it('refuses to build an event before it knows the ARN', () => {
  expect(() => source().toEvent([], { windowed: false })).toThrow('describe()');
});
