import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type DynamoDBStreamRecord,
  type DynamoDBStreamsOptions,
  dynamodbStreams,
} from '../../../../adapters/source/dynamodb-streams/index.ts';
import type { ReadRequest, StreamPosition, StreamSource, StreamStep } from '../../../../src/index.ts';
import { DynamoDBStreamsStub, STUB_SHARD, STUB_STREAM_ARN, type StubChange } from '../../../support/dynamodb-streams-stub.ts';

type Step = StreamStep<DynamoDBStreamRecord>;

const POLL_MS = 40;
const TRIM_HORIZON: StreamPosition = { kind: 'start', start: { kind: 'trim-horizon' } };
const THROTTLE = { status: 400, code: 'ProvisionedThroughputExceededException' };
const SECOND = 1_795_254_000;

let stub: DynamoDBStreamsStub;
const open: StreamSource[] = [];

beforeEach(async () => {
  stub = await DynamoDBStreamsStub.start();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
  await stub.close();
});

function source(options: Partial<DynamoDBStreamsOptions> = {}): ReturnType<typeof dynamodbStreams> {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const made = dynamodbStreams({ stream: STUB_STREAM_ARN, endpoint: stub.endpoint, credentials, pollMs: POLL_MS, ...options });
  open.push(made);
  return made;
}

function read(position: StreamPosition = TRIM_HORIZON, request: Partial<ReadRequest> = {}): AsyncIterator<Step> {
  const { signal } = new AbortController();
  return source()
    .read({ shardId: STUB_SHARD, position, maxRecords: 10, signal, ...request })
    [Symbol.asyncIterator]();
}

async function next(reading: AsyncIterator<Step>): Promise<Step> {
  const result = await reading.next();
  if (result.done === true) throw new Error('the read has ended');
  return result.value;
}

async function page(reading: AsyncIterator<Step>): Promise<Extract<Step, { kind: 'page' }>> {
  const step = await next(reading);
  if (step.kind !== 'page') throw new Error(`a page was expected, and ${step.error.code} came`);
  return step;
}

function keys(step: Step): (string | undefined)[] {
  return step.kind === 'page' ? step.records.map(({ source: { dynamodb } }) => dynamodb?.Keys?.['pk']?.S) : [];
}

function changes(...names: readonly string[]): StubChange[] {
  return names.map((key) => ({ key, createdAt: SECOND }));
}

describe('an iterator that expires', () => {
  it('is renewed behind the last record, with no trouble', async () => {
    stub.put(...changes('a', 'b', 'c'));
    const reading = read(TRIM_HORIZON, { maxRecords: 2 });
    expect(keys(await page(reading))).toEqual(['a', 'b']);
    stub.expireIterators();
    expect(keys(await page(reading))).toEqual(['c']);
    const [first, second, ...others] = stub.callsOf('GetShardIterator').map(({ input }) => input);
    expect(first).toMatchObject({ ShardIteratorType: 'TRIM_HORIZON' });
    expect(second).toMatchObject({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: '800000000003126276363' });
    expect(others).toEqual([]);
  });

  it('loses nothing of LATEST when it expires before the first record', async () => {
    stub.put({ key: 'old', createdAt: SECOND - 1 });
    const reading = read({ kind: 'start', start: { kind: 'latest', since: SECOND * 1000 } });
    expect(keys(await page(reading))).toEqual([]);
    stub.put(...changes('a'));
    stub.expireIterators();
    expect(keys(await page(reading))).toEqual(['a']);
  });

  it('is trouble when it is expired at once, and is asked for again', async () => {
    stub.put(...changes('a'));
    stub.fail('GetRecords', { status: 400, code: 'ExpiredIteratorException' }, 1);
    const reading = read();
    expect(await next(reading)).toMatchObject({ kind: 'trouble', error: { kind: 'unavailable', code: 'ExpiredIteratorException' } });
    expect(keys(await page(reading))).toEqual(['a']);
  });
});

describe('LATEST', () => {
  it('drops what was created before the second of the mapping, and nothing else', async () => {
    const created = [SECOND - 1, SECOND, SECOND, SECOND + 1];
    stub.put(...created.map((createdAt, index) => ({ key: `k${String(index)}`, createdAt })));
    const reading = read({ kind: 'start', start: { kind: 'latest', since: SECOND * 1000 + 999 } });
    const first = await page(reading);
    expect(keys(first)).toEqual(['k1', 'k2', 'k3']);
    expect(first.readThrough).toBe((SECOND + 1) * 1000);
  });

  it('drops what was created before the minute on DynamoDB Local', async () => {
    const minute = SECOND - (SECOND % 60);
    stub.put({ key: 'before', createdAt: minute - 60 }, { key: 'since', createdAt: minute });
    const local = source({ stream: STUB_STREAM_ARN.replace('eu-central-1', 'ddblocal'), region: 'us-east-1' });
    const position: StreamPosition = { kind: 'start', start: { kind: 'latest', since: minute * 1000 + 59_999 } };
    const { signal } = new AbortController();
    const reading = local.read({ shardId: STUB_SHARD, position, maxRecords: 10, signal })[Symbol.asyncIterator]();
    expect(keys(await page(reading))).toEqual(['since']);
  });
});

describe('what passes is trouble and keeps the place', () => {
  it.each([
    [THROTTLE, 'throttled'],
    [{ status: 400, code: 'LimitExceededException' }, 'throttled'],
    [{ status: 400, code: 'ThrottlingException' }, 'throttled'],
    [{ status: 500, code: 'InternalServerError' }, 'unavailable'],
    [{ status: 503, code: 'ServiceUnavailable' }, 'unavailable'],
  ])('%j', async (fault, kind) => {
    stub.put(...changes('a', 'b'));
    const reading = read(TRIM_HORIZON, { maxRecords: 1 });
    expect(keys(await page(reading))).toEqual(['a']);
    stub.fail('GetRecords', fault);
    const before = performance.now();
    const trouble = await next(reading);
    expect(trouble).toMatchObject({ kind: 'trouble', error: { name: 'SourceError', kind, code: fault.code } });
    expect(trouble.kind === 'trouble' ? trouble.retryAt : 0).toBeGreaterThanOrEqual(before + POLL_MS / 2);
    expect(keys(await page(reading))).toEqual(['b']);
  });

  it('waits longer the more often it fails, and shortly again after a success', async () => {
    stub.fail('GetRecords', THROTTLE, 4);
    const reading = read();
    const waits: number[] = [];
    let last = 0;
    for (let turn = 0; turn < 4; turn += 1) {
      const step = await next(reading);
      if (step.kind !== 'trouble') throw new Error('trouble was expected');
      waits.push(step.retryAt - performance.now());
      last = step.retryAt;
    }
    for (const [turn, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(POLL_MS * 2 ** turn);
    // From the call on: this process may not have been given the processor since.
    expect(last - (stub.callsOf('GetRecords').at(-1)?.at ?? 0)).toBeGreaterThan(POLL_MS * 3);
    await page(reading);
    stub.fail('GetRecords', THROTTLE);
    const again = await next(reading);
    expect(again.kind === 'trouble' ? again.retryAt - performance.now() : 0).toBeLessThanOrEqual(POLL_MS);
  });

  it('a call for an iterator, too', async () => {
    stub.put(...changes('a'));
    stub.fail('GetShardIterator', THROTTLE);
    const reading = read();
    expect(await next(reading)).toMatchObject({ kind: 'trouble', error: { kind: 'throttled' } });
    expect(keys(await page(reading))).toEqual(['a']);
  });
});

describe('what does not pass ends the read', () => {
  it.each([
    [{ status: 400, code: 'TrimmedDataAccessException' }, 'trimmed'],
    [{ status: 400, code: 'AccessDeniedException' }, 'denied'],
    [{ status: 400, code: 'ValidationException' }, 'invalid'],
  ])('%j', async (fault, kind) => {
    stub.fail('GetRecords', fault);
    const reading = read();
    await expect(reading.next()).rejects.toMatchObject({ name: 'SourceError', kind, code: fault.code });
    expect(await reading.next()).toMatchObject({ done: true });
  });

  it('but an iterator that is refused is first renewed from the place', async () => {
    stub.put(...changes('a', 'b'));
    const reading = read(TRIM_HORIZON, { maxRecords: 1 });
    expect(keys(await page(reading))).toEqual(['a']);
    stub.fail('GetRecords', { status: 400, code: 'TrimmedDataAccessException' });
    expect(keys(await page(reading))).toEqual(['b']);
  });

  it.each([
    ['with gone when it is closed and its last record is trimmed too', { isClosed: true, refusals: 2, kind: 'gone' }],
    ['with trimmed when its last record is still there', { isClosed: true, refusals: 1, kind: 'trimmed' }],
    ['with trimmed when it is open', { isClosed: false, refusals: 2, kind: 'trimmed' }],
  ])('at a trim horizon that is refused: %s', async (_case, { isClosed, refusals, kind }) => {
    stub.put(...changes('a', 'b'));
    stub.isClosed = isClosed;
    stub.fail('GetRecords', { status: 400, code: 'TrimmedDataAccessException' }, refusals);
    await expect(read().next()).rejects.toMatchObject({ kind, code: 'TrimmedDataAccessException' });
  });

  it('with gone when the stream is there, with not-found when it is not', async () => {
    const missing = { status: 400, code: 'ResourceNotFoundException' };
    stub.fail('GetShardIterator', missing, 2);
    await expect(read().next()).rejects.toMatchObject({ kind: 'gone', code: 'ResourceNotFoundException' });
    stub.fail('DescribeStream', missing);
    await expect(read().next()).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('the pace', () => {
  it('is one read a poll at the tip', async () => {
    const reading = read();
    const began = performance.now();
    for (let turn = 0; turn < 5; turn += 1) await page(reading);
    // A timer may fire a millisecond early by another clock.
    expect(performance.now() - began).toBeGreaterThanOrEqual(4 * (POLL_MS - 1));
    expect(stub.callsOf('GetRecords')).toHaveLength(5);
  });

  it('is back to back while pages are full, by count or by size', async () => {
    stub.put(...changes(...Array.from({ length: 6 }, (_, index) => String(index))), {
      key: 'large',
      createdAt: SECOND,
      sizeBytes: 600_000,
    });
    const { signal } = new AbortController();
    const slow = source({ pollMs: 60_000 }).read({ shardId: STUB_SHARD, position: TRIM_HORIZON, maxRecords: 3, signal });
    const reading = slow[Symbol.asyncIterator]();
    expect(keys(await page(reading))).toEqual(['0', '1', '2']);
    expect(keys(await page(reading))).toEqual(['3', '4', '5']);
    expect(keys(await page(reading))).toEqual(['large']);
    expect(keys(await page(reading))).toEqual([]);
  });

  it('asks for no more than DynamoDB allows', async () => {
    await page(read(TRIM_HORIZON, { maxRecords: 10_000 }));
    expect(stub.callsOf('GetRecords')[0]?.input).toMatchObject({ Limit: 1000 });
  });
});

describe('an abort', () => {
  it('ends a read that waits for its poll, and leaves no listener', async () => {
    const stop = new AbortController();
    const { signal } = stop;
    const slow = source({ pollMs: 60_000 }).read({ shardId: STUB_SHARD, position: TRIM_HORIZON, maxRecords: 3, signal });
    const reading = slow[Symbol.asyncIterator]();
    await page(reading);
    const waiting = reading.next();
    stop.abort();
    expect(await waiting).toMatchObject({ done: true });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends a call that gets no answer', async () => {
    const stop = new AbortController();
    stub.fail('GetRecords', 'hang');
    const waiting = read(TRIM_HORIZON, { signal: stop.signal }).next();
    await expect.poll(() => stub.callsOf('GetRecords').length).toBe(1);
    stop.abort();
    expect(await waiting).toMatchObject({ done: true });
  });
});

it('says nothing of how far it has read with an empty page, which may stand in front of records', async () => {
  stub.put(...changes('a'));
  stub.fail('GetRecords', 'empty');
  const reading = read();
  expect(await page(reading)).toEqual({ kind: 'page', records: [], readThrough: undefined, millisBehindLatest: undefined, ended: false });
  expect(await page(reading)).toMatchObject({ readThrough: SECOND * 1000, ended: false });
});

it('shows a deletion by time to live as such', async () => {
  stub.put({ key: 'a', createdAt: SECOND, userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } });
  const made = source();
  const { signal } = new AbortController();
  const reading = made.read({ shardId: STUB_SHARD, position: TRIM_HORIZON, maxRecords: 1, signal })[Symbol.asyncIterator]();
  const { records } = await page(reading);
  expect(JSON.stringify(made.toEvent(STUB_SHARD, records))).toBe(
    `{"Records":[{"eventID":"c4ca4238a0b923820dcc509a6f75849b","eventName":"REMOVE","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-central-1","dynamodb":{"ApproximateCreationDateTime":${String(SECOND)},"Keys":{"pk":{"S":"a"}},"SequenceNumber":"800000000003126276362","SizeBytes":100,"StreamViewType":"KEYS_ONLY"},"eventSourceARN":"${STUB_STREAM_ARN}","userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}}]}`,
  );
});
