import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KinesisOptions, type KinesisRecord, kinesis } from '../../../../adapters/source/kinesis/index.ts';
import { type ReadRequest, SourceError, type StreamSource, type StreamStep } from '../../../../src/index.ts';
import { KinesisStub } from '../../../support/kinesis-stub.ts';

const ARN = 'arn:aws:kinesis:eu-central-1:123456789012:stream/orders';
const SHARD = 'shardId-000000000000';
const CREATED = 1_700_000_000;
const credentials = { accessKeyId: 'AKIDKEY', secretAccessKey: 'HUSHHUSH', sessionToken: 'TOKENTOKEN' };
const summary = {
  StreamName: 'orders',
  StreamARN: ARN,
  StreamStatus: 'ACTIVE',
  RetentionPeriodHours: 48,
  StreamCreationTimestamp: CREATED,
};
const described = { kind: 'ok', body: { StreamDescriptionSummary: summary } } as const;

let stub: KinesisStub;
const open: StreamSource[] = [];

beforeEach(async () => {
  stub = await KinesisStub.start();
  stub.answer('DescribeStreamSummary', described);
  stub.answer('ListShards', { kind: 'ok', body: { Shards: [{ ShardId: SHARD, SequenceNumberRange: { StartingSequenceNumber: '1' } }] } });
  stub.answer('GetShardIterator', { kind: 'ok', body: { ShardIterator: 'here' } });
  stub.answer('GetRecords', { kind: 'ok', body: { Records: [], NextShardIterator: 'there', MillisBehindLatest: 0 } });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
  await stub.close();
});

function source(options: Partial<KinesisOptions> = {}): ReturnType<typeof kinesis> {
  const made = kinesis({ stream: ARN, endpoint: stub.endpoint, credentials, ...options });
  open.push(made);
  return made;
}

function read(from: StreamSource<unknown, KinesisRecord>, request: Partial<ReadRequest> = {}): AsyncIterator<StreamStep<KinesisRecord>> {
  const position = { kind: 'start', start: { kind: 'trim-horizon' } } as const;
  return from.read({ shardId: SHARD, position, maxRecords: 10, signal: new AbortController().signal, ...request })[Symbol.asyncIterator]();
}

async function sourceError(promise: Promise<unknown>): Promise<SourceError> {
  const thrown = await promise.catch((error: unknown) => error);
  if (!(thrown instanceof SourceError)) throw new Error('a SourceError was expected');
  return thrown;
}

it('loads nothing of the AWS SDK until a stream is asked for the first time', async () => {
  const loaded = (): string[] =>
    Object.keys(createRequire(import.meta.url).cache).filter((file) => /node_modules[\\/](@aws-sdk|@smithy)[\\/]/.test(file));
  const orders = source();
  expect(loaded()).toEqual([]);
  await orders.describe();
  expect(loaded()).not.toEqual([]);
});

describe('describe()', () => {
  it('tells the creation as the incarnation, and the retention in ms', async () => {
    expect(await source().describe()).toEqual({ arn: ARN, incarnation: String(CREATED * 1000), retentionMs: 48 * 3_600_000 });
    expect(stub.requests).toMatchObject([{ httpVersion: '1.1', body: { StreamARN: ARN } }]);
  });

  it('names the stream by its name when the user did so', async () => {
    const orders = source({ stream: 'orders', region: 'eu-central-1' });
    expect(await orders.describe()).toMatchObject({ arn: ARN });
    await orders.listShards();
    await read(orders).next();
    const bodies = stub.requests.map(({ body }) => body);
    expect(bodies).toEqual([
      { StreamName: 'orders' },
      { StreamName: 'orders' },
      { StreamName: 'orders', ShardId: SHARD, ShardIteratorType: 'TRIM_HORIZON' },
      { ShardIterator: 'here', Limit: 10 },
    ]);
  });

  it.each(['CREATING', 'DELETING'])('says not-found while the stream is %s', async (StreamStatus) => {
    stub.answer('DescribeStreamSummary', { kind: 'ok', body: { StreamDescriptionSummary: { ...summary, StreamStatus } } });
    expect(await sourceError(source().describe())).toMatchObject({ kind: 'not-found', code: `Stream${StreamStatus}` });
  });

  it('reads a stream that is being resharded', async () => {
    stub.answer('DescribeStreamSummary', { kind: 'ok', body: { StreamDescriptionSummary: { ...summary, StreamStatus: 'UPDATING' } } });
    expect(await source().describe()).toMatchObject({ arn: ARN });
  });

  it.each([
    ['no description', {}],
    ['no creation time', { StreamDescriptionSummary: { ...summary, StreamCreationTimestamp: undefined } }],
  ])('cannot use an answer with %s', async (_title, body) => {
    stub.answer('DescribeStreamSummary', { kind: 'ok', body });
    expect(await sourceError(source().describe())).toMatchObject({ kind: 'unavailable', code: 'UnreadableAnswer' });
  });
});

describe('listShards()', () => {
  it('reads every page, and says nothing but the token for the next', async () => {
    const shard = (ShardId: string, more: object = {}): object => ({
      ShardId,
      SequenceNumberRange: { StartingSequenceNumber: '1' },
      ...more,
    });
    const closed = { SequenceNumberRange: { StartingSequenceNumber: '1', EndingSequenceNumber: '9' } };
    stub.answer(
      'ListShards',
      { kind: 'ok', body: { Shards: [shard('a', closed), shard('b', closed)], NextToken: 'more' } },
      { kind: 'ok', body: { Shards: [shard('c', { ParentShardId: 'a', AdjacentParentShardId: 'b' })], NextToken: 'still more' } },
      { kind: 'ok', body: { Shards: [shard('d', { ParentShardId: 'c' })] } },
    );
    expect(await source().listShards()).toEqual([
      { shardId: 'a', parents: [], isClosed: true },
      { shardId: 'b', parents: [], isClosed: true },
      { shardId: 'c', parents: ['a', 'b'], isClosed: false },
      { shardId: 'd', parents: ['c'], isClosed: false },
    ]);
    expect(stub.requests.map(({ body }) => body)).toEqual([{ StreamARN: ARN }, { NextToken: 'more' }, { NextToken: 'still more' }]);
  });

  it('fails as a whole when a page does', async () => {
    stub.answer(
      'ListShards',
      { kind: 'ok', body: { Shards: [], NextToken: 'more' } },
      { kind: 'error', status: 400, code: 'LimitExceededException' },
    );
    expect(await sourceError(source().listShards())).toMatchObject({ kind: 'throttled' });
  });
});

describe('read()', () => {
  it('asks in the name of the stream and makes each call once', async () => {
    const steps = read(source());
    expect(await steps.next()).toMatchObject({ value: { kind: 'page', records: [] } });
    expect(stub.requests.map(({ action, body }) => [action, body])).toEqual([
      ['GetShardIterator', { StreamARN: ARN, ShardId: SHARD, ShardIteratorType: 'TRIM_HORIZON' }],
      ['GetRecords', { StreamARN: ARN, ShardIterator: 'here', Limit: 10 }],
    ]);
    stub.answer('GetRecords', { kind: 'error', status: 500, code: 'InternalFailureException' });
    expect(await steps.next()).toMatchObject({ value: { kind: 'trouble', error: { kind: 'unavailable' } } });
    expect(stub.calls('GetRecords')).toHaveLength(2);
  });

  it('tells instants in seconds, fractions kept', async () => {
    const position = { kind: 'start', start: { kind: 'latest', since: 1_700_000_000_123 } } as const;
    await read(source(), { position }).next();
    expect(stub.calls('GetShardIterator').map(({ body }) => body['Timestamp'])).toEqual([1_700_000_000.123]);
  });

  it('finds out by itself what a stream that has only a name is called in events', async () => {
    const Data = Buffer.from([0, 1, 254, 255]).toString('base64');
    const record = { SequenceNumber: '49', PartitionKey: 'k', Data, ApproximateArrivalTimestamp: 1_700_000_000.987 };
    stub.answer('GetRecords', { kind: 'ok', body: { Records: [record], MillisBehindLatest: 0 } });
    const orders = source({ stream: 'orders', region: 'eu-central-1', roleArn: 'arn:aws:iam::123456789012:role/orders' });
    expect(() => orders.toEvent(SHARD, [])).toThrow('describe() of orders has not succeeded yet');
    const { value } = (await read(orders).next()) as { value: Extract<StreamStep<KinesisRecord>, { kind: 'page' }> };
    expect(value.ended).toBe(true);
    expect(orders.toEvent(SHARD, value.records)).toEqual({
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'k',
            sequenceNumber: '49',
            data: Data,
            approximateArrivalTimestamp: 1_700_000_000.987,
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: `${SHARD}:49`,
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: 'arn:aws:iam::123456789012:role/orders',
          awsRegion: 'eu-central-1',
          eventSourceARN: ARN,
        },
      ],
    });
  });

  it.each([
    ['that breaks off', { kind: 'reset' }, 'ECONNRESET'],
    ['that never comes', { kind: 'hang' }, 'ETIMEDOUT'],
    ['that is no JSON', { kind: 'text', status: 200, body: '<html>HUSHHUSH</html>' }, 'UnreadableAnswer'],
    ['with data that is no base64', { kind: 'ok', body: { Records: [{ SequenceNumber: '1', Data: 'HUSHHUSH!' }] } }, 'UnreadableAnswer'],
    ['with a number that is none', { kind: 'ok', body: { Records: [{ SequenceNumber: 'x', Data: '' }] } }, 'UnreadableAnswer'],
  ] as const)('takes an answer %s as a trouble that passes', async (_title, answer, code) => {
    stub.answer('GetRecords', answer, { kind: 'ok', body: { Records: [], MillisBehindLatest: 0 } });
    const steps = read(source({ requestTimeoutMs: 200 }));
    const { value } = (await steps.next()) as { value: StreamStep };
    if (value.kind !== 'trouble') throw new Error('a trouble was expected');
    expect(value.error).toMatchObject({ kind: 'unavailable', code });
    expect(`${value.error.message} ${String(value.error.cause)}`).not.toContain('HUSH');
    expect(await steps.next()).toMatchObject({ value: { kind: 'page', ended: true } });
  });

  it('ends when it is aborted in a call that never answers', async () => {
    stub.answer('GetRecords', { kind: 'hang' });
    const stop = new AbortController();
    const ending = read(source(), { signal: stop.signal }).next();
    await expect.poll(() => stub.calls('GetRecords').length).toBe(1);
    stop.abort();
    expect(await ending).toEqual({ done: true, value: undefined });
  });

  it('says denied, with no key, secret or token in the message', async () => {
    const message = `The request signature we calculated does not match; token ${credentials.sessionToken}`;
    stub.answer('GetShardIterator', { kind: 'error', status: 403, code: 'InvalidSignatureException', message });
    const error = await sourceError(read(source()).next());
    expect(error).toMatchObject({ kind: 'denied' });
    for (const secret of Object.values(credentials)) expect(`${error.message} ${String(error.cause)}`).not.toContain(secret);
  });

  it('can be closed before anything was called, and twice', async () => {
    const orders = source();
    await orders.close();
    await orders.close();
    expect(stub.requests).toEqual([]);
  });
});
