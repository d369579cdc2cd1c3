import { beforeEach, describe, expect, it } from 'vitest';
import type { KinesisRecord } from '../../../../adapters/shared/kinesis-event.ts';
import { ShardPace } from '../../../../adapters/source/kinesis/pace.ts';
import { SourceError, type StreamPosition, type StreamStep, sequenceNumber } from '../../../../src/index.ts';
import { FakeShard, refusal, SHARD } from './fake-shard.ts';

type Step = StreamStep<KinesisRecord>;
type Steps = AsyncGenerator<Step>;

const TRIM_HORIZON: StreamPosition = { kind: 'start', start: { kind: 'trim-horizon' } };
const after = (number: number): StreamPosition => ({ kind: 'after', sequenceNumber: sequenceNumber(String(number)) });
const latest = (since: number): StreamPosition => ({ kind: 'start', start: { kind: 'latest', since } });
const throttle = (): Error => refusal('ProvisionedThroughputExceededException');

let shard: FakeShard;

beforeEach(() => {
  shard = new FakeShard();
});

async function step(steps: Steps): Promise<Step> {
  const result = await shard.clock.run(steps.next());
  if (result.done === true) throw new Error('the read has ended');
  return result.value;
}

async function page(steps: Steps): Promise<Extract<Step, { kind: 'page' }>> {
  const next = await step(steps);
  if (next.kind !== 'page') throw new Error(`a page was expected, not ${next.error.message}`);
  return next;
}

async function numbers(steps: Steps): Promise<string[]> {
  return (await page(steps)).records.map((record) => record.sequenceNumber);
}

async function failure(steps: Steps): Promise<Pick<SourceError, 'kind' | 'code'>> {
  const thrown = await shard.clock.run(steps.next()).catch((error: unknown) => error);
  if (!(thrown instanceof SourceError)) throw new Error('a SourceError was expected');
  expect((await shard.clock.run(steps.next())).done).toBe(true);
  return { kind: thrown.kind, code: thrown.code };
}

const iteratorTypes = (): unknown[] => shard.calls('GetShardIterator').map(({ input }) => input['ShardIteratorType']);
const recordCallsAt = (): number[] => shard.calls('GetRecords').map(({ at }) => at);

describe('when it asks', () => {
  it('asks once in pollMs at the tip, counted from call to call', async () => {
    shard.latencyMs = 300;
    const steps = shard.read(TRIM_HORIZON);
    for (let count = 0; count < 3; count += 1) expect(await numbers(steps)).toEqual([]);
    expect(recordCallsAt()).toEqual([300, 1300, 2300]);
  });

  it('asks back to back while it is behind, and waits at the tip', async () => {
    shard.put(250);
    const steps = shard.read(TRIM_HORIZON);
    const sizes = [await page(steps), await page(steps), await page(steps), await page(steps)].map(({ records }) => records.length);
    expect(sizes).toEqual([100, 100, 50, 0]);
    expect(recordCallsAt()).toEqual([0, 0, 0, 1000]);
  });

  it('asks for nothing while nobody takes its pages', async () => {
    shard.put(250);
    const steps = shard.read(TRIM_HORIZON);
    await page(steps);
    await shard.clock.advance(60_000);
    expect(shard.calls('GetRecords')).toHaveLength(1);
  });

  it('never asks for more than 10,000 records', async () => {
    await page(shard.read(TRIM_HORIZON, { maxRecords: 50_000 }));
    expect(shard.calls('GetRecords').map(({ input }) => input['Limit'])).toEqual([10_000]);
  });
});

describe("the shard's limits", () => {
  it('hold for all readers together: five calls in any second', async () => {
    shard.pace = new ShardPace();
    shard.put(2000);
    const readers = [shard.read(TRIM_HORIZON, { maxRecords: 50 }), shard.read(TRIM_HORIZON, { maxRecords: 50 })];
    await Promise.all(
      readers.map(async (steps) => {
        for (let count = 0; count < 12; count += 1) await page(steps);
      }),
    );
    const at = recordCallsAt();
    expect(at).toHaveLength(24);
    for (const begin of at) expect(at.filter((call) => call >= begin && call < begin + 1000).length).toBeLessThanOrEqual(5);
    expect(Math.floor(Math.max(...at))).toBe(4000);
  });

  it('hold for bytes: what a page brought is waited for at 2 MiB a second', async () => {
    shard.pace = new ShardPace();
    shard.latencyMs = 100;
    shard.put(12, 1_048_576);
    const steps = shard.read(TRIM_HORIZON, { maxRecords: 4 });
    await page(steps);
    await page(steps);
    await page(steps);
    expect(recordCallsAt()).toEqual([100, 2100, 4100]);
  });

  it('do not keep a read that is aborted', async () => {
    shard.pace = new ShardPace();
    shard.put(4, 10_000_000);
    const stop = new AbortController();
    const steps = shard.read(TRIM_HORIZON, { maxRecords: 1, signal: stop.signal });
    await page(steps);
    const waiting = steps.next();
    await shard.clock.advance(500);
    stop.abort();
    expect((await waiting).done).toBe(true);
    expect(shard.clock.pendingTimers).toBe(0);
  });
});

describe('iterators', () => {
  it('are renewed behind the last record when they expire, and nobody hears of it', async () => {
    shard.put(3);
    const steps = shard.read(TRIM_HORIZON, { maxRecords: 2 });
    expect(await numbers(steps)).toEqual(['1', '2']);
    shard.expire();
    expect(await numbers(steps)).toEqual(['3']);
    expect(iteratorTypes()).toEqual(['TRIM_HORIZON', 'AFTER_SEQUENCE_NUMBER']);
    expect(shard.calls('GetShardIterator')[1]?.input['StartingSequenceNumber']).toBe('2');
  });

  it('are renewed before they are five minutes old', async () => {
    shard.put(1);
    const steps = shard.read(TRIM_HORIZON);
    await page(steps);
    await shard.clock.advance(280_000);
    shard.put(1);
    expect(await numbers(steps)).toEqual(['2']);
    expect(shard.calls('GetRecords')).toHaveLength(2);
    expect(iteratorTypes()).toEqual(['TRIM_HORIZON', 'AFTER_SEQUENCE_NUMBER']);
  });

  it('are kept while pages are taken', async () => {
    const steps = shard.read(TRIM_HORIZON);
    for (let count = 0; count < 600; count += 1) await page(steps);
    expect(iteratorTypes()).toEqual(['TRIM_HORIZON']);
  });

  it('begin again at the instant of LATEST while no record has come, never at the tip', async () => {
    const since = shard.clock.wall();
    const steps = shard.read(latest(since));
    await page(steps);
    shard.put(1);
    shard.expire();
    expect(await numbers(steps)).toEqual(['1']);
    expect(iteratorTypes()).toEqual(['AT_TIMESTAMP', 'AT_TIMESTAMP']);
    expect(shard.calls('GetShardIterator').map(({ input }) => input['Timestamp'])).toEqual([new Date(since), new Date(since)]);
  });

  it('that are expired when they are new are a trouble, not a loop', async () => {
    shard.faults.GetRecords = [refusal('ExpiredIteratorException'), refusal('ExpiredIteratorException')];
    const steps = shard.read(TRIM_HORIZON);
    expect(await step(steps)).toMatchObject({ kind: 'trouble', error: { code: 'ExpiredIteratorException' } });
  });

  it('that the service cannot read any more are renewed once, then it is said', async () => {
    shard.put(2);
    const steps = shard.read(TRIM_HORIZON, { maxRecords: 1 });
    await page(steps);
    shard.faults.GetRecords = [refusal('InvalidArgumentException')];
    expect(await numbers(steps)).toEqual(['2']);
    shard.faults.GetRecords = [refusal('InvalidArgumentException'), refusal('InvalidArgumentException')];
    expect(await failure(steps)).toEqual({ kind: 'invalid', code: 'InvalidArgumentException' });
  });
});

describe('starts', () => {
  it('leave out what emulators give from before the instant', async () => {
    shard.put(2);
    await shard.clock.advance(10);
    shard.forgetsInstants = true;
    const steps = shard.read(latest(shard.clock.wall()));
    expect(await numbers(steps)).toEqual([]);
    shard.put(1);
    expect(await numbers(steps)).toEqual(['3']);
  });

  it('wait for a service whose clock is behind ours', async () => {
    shard.skewMs = 1500;
    const steps = shard.read(latest(shard.clock.wall()));
    const seen: string[] = [];
    for (;;) {
      const next = await step(steps);
      seen.push(next.kind === 'page' ? 'page' : `${next.error.kind} ${next.error.code}`);
      if (next.kind === 'page') break;
    }
    expect(seen.length).toBeGreaterThan(1);
    expect(new Set(seen.slice(0, -1))).toEqual(new Set(['unavailable InvalidArgumentException']));
    expect(shard.clock.monotonic()).toBeGreaterThanOrEqual(1500);
  });

  it('at SHARD_END ask for nothing', async () => {
    const steps = shard.read({ kind: 'end' });
    expect(await page(steps)).toMatchObject({ records: [], ended: true });
    expect((await steps.next()).done).toBe(true);
    expect(shard.asked).toEqual([]);
  });
});

describe('troubles', () => {
  it('are said, waited for with full jitter, and lose nothing of the place', async () => {
    shard.put(3);
    const steps = shard.read(TRIM_HORIZON, { maxRecords: 2 });
    expect(await numbers(steps)).toEqual(['1', '2']);
    shard.faults.GetRecords = [throttle(), throttle(), refusal('InternalFailureException', 'x', 500)];
    const waits: number[] = [];
    for (const kind of ['throttled', 'throttled', 'unavailable']) {
      const trouble = await step(steps);
      expect(trouble).toMatchObject({ kind: 'trouble', error: { kind } });
      if (trouble.kind === 'trouble') waits.push(trouble.retryAt - shard.clock.monotonic());
    }
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(500 * 2 ** index);
    }
    expect(await numbers(steps)).toEqual(['3']);
    // A throttle says nothing against the iterator, an inner fault may.
    expect(iteratorTypes()).toEqual(['TRIM_HORIZON', 'AFTER_SEQUENCE_NUMBER']);
  });

  it('never make it wait longer than 10 s', async () => {
    shard.faults.GetRecords = Array.from({ length: 60 }, throttle);
    const steps = shard.read(TRIM_HORIZON);
    for (let count = 0; count < 60; count += 1) {
      const trouble = await step(steps);
      if (trouble.kind === 'trouble') expect(trouble.retryAt - shard.clock.monotonic()).toBeLessThan(10_000);
    }
    expect(await numbers(steps)).toEqual([]);
  });

  it('of GetShardIterator are the same', async () => {
    shard.put(1);
    shard.faults.GetShardIterator = [throttle()];
    const steps = shard.read(TRIM_HORIZON);
    expect(await step(steps)).toMatchObject({ kind: 'trouble', error: { kind: 'throttled' } });
    expect(await numbers(steps)).toEqual(['1']);
  });
});

describe('what does not pass', () => {
  it('is trimmed when the position is gone and the shard is not', async () => {
    shard.put(1);
    shard.trim();
    expect(await failure(shard.read(after(1)))).toEqual({ kind: 'trimmed', code: 'ResourceNotFoundException' });
  });

  it('is gone when the shard is', async () => {
    shard.listed = ['shardId-000000000001'];
    expect(await failure(shard.read(after(1)))).toEqual({ kind: 'gone', code: 'ResourceNotFoundException' });
  });

  it('is not-found when the stream is', async () => {
    shard.describeFault = refusal('ResourceNotFoundException');
    expect(await failure(shard.read(after(1)))).toEqual({ kind: 'not-found', code: 'ResourceNotFoundException' });
  });

  it('is a trouble while it cannot be told which', async () => {
    shard.describeFault = throttle();
    const steps = shard.read(after(1));
    expect(await step(steps)).toMatchObject({ kind: 'trouble', error: { kind: 'throttled' } });
    shard.describeFault = undefined;
    expect(await failure(steps)).toEqual({ kind: 'trimmed', code: 'ResourceNotFoundException' });
  });

  it('is invalid when the number is not of this stream', async () => {
    shard.faults.GetShardIterator = [refusal('InvalidArgumentException', 'it did not come from this stream')];
    expect(await failure(shard.read(after(1)))).toEqual({ kind: 'invalid', code: 'InvalidArgumentException' });
  });

  it('is denied when the permission or the key is missing', async () => {
    shard.faults.GetShardIterator = [refusal('AccessDeniedException')];
    expect(await failure(shard.read(TRIM_HORIZON))).toEqual({ kind: 'denied', code: 'AccessDeniedException' });
  });
});

describe('ends', () => {
  it('with the last page of a closed shard', async () => {
    shard.put(3);
    shard.isClosed = true;
    const steps = shard.read(TRIM_HORIZON, { maxRecords: 2 });
    expect(await page(steps)).toMatchObject({ ended: false });
    expect(await page(steps)).toMatchObject({ ended: true, records: [{ sequenceNumber: '3' }] });
    expect((await steps.next()).done).toBe(true);
  });

  it.each([
    ['in a call', 400, 0],
    ['between polls', 0, 500],
  ])('quietly when it is aborted %s, and leaves no timer', async (_where, latencyMs, passed) => {
    shard.latencyMs = latencyMs;
    const stop = new AbortController();
    const steps = shard.read(TRIM_HORIZON, { signal: stop.signal });
    await page(steps);
    const waiting = steps.next();
    await shard.clock.advance(passed === 0 ? 700 : passed);
    stop.abort();
    expect((await waiting).done).toBe(true);
    expect(shard.clock.pendingTimers).toBe(0);
  });

  it('quietly when it is aborted after a trouble', async () => {
    shard.faults.GetRecords = [throttle()];
    const stop = new AbortController();
    const steps = shard.read(TRIM_HORIZON, { signal: stop.signal });
    await step(steps);
    const waiting = steps.next();
    await shard.clock.settle();
    stop.abort();
    expect((await waiting).done).toBe(true);
    expect(shard.clock.pendingTimers).toBe(0);
  });
});

describe('pages', () => {
  it('say through when they have read: now, less how far they are behind', async () => {
    shard.put(1);
    await shard.clock.advance(5000);
    shard.put(1);
    await shard.clock.advance(3000);
    const steps = shard.read(TRIM_HORIZON, { maxRecords: 1 });
    expect(await page(steps)).toMatchObject({ millisBehindLatest: 3000, readThrough: shard.clock.wall() - 3000 });
    expect(await page(steps)).toMatchObject({ millisBehindLatest: 0, readThrough: shard.clock.wall() });
  });

  it('bring the data in base64, the arrival in ms', async () => {
    shard.put(1, 4);
    const arrivedAt = shard.clock.wall();
    const { records } = await page(shard.read(TRIM_HORIZON));
    expect(records).toMatchObject([{ data: 'AAAAAA==', orderKey: '', arrivedAt, approximateArrivalTimestamp: arrivedAt / 1000 }]);
  });

  it('ask for the shard they belong to', async () => {
    await page(shard.read(TRIM_HORIZON));
    expect(shard.calls('GetShardIterator').map(({ input }) => input['ShardId'])).toEqual([SHARD]);
  });
});
