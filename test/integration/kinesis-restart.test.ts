/** Whole mappings of a Kinesis stream over the ends of their engines, with positions in SQLite, and of streams that are made anew. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryDestination } from '../../adapters/destination/memory/index.ts';
import { sqliteStore } from '../../adapters/store/sqlite/index.ts';
import type { StateStore } from '../../src/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { type Fields, type KinesisRun, KinesisWorld, type Outgoing, type SeenBatch, type WorldStream } from '../support/kinesis-world.ts';

const KEYS = 40;

/** Records `from` to `to - 1`, their keys taken in turn. */
function numbered(from: number, to: number): Outgoing[] {
  return Array.from({ length: to - from }, (_, index) => {
    const number = from + index;
    return { key: `key ${String(number % KEYS)}`, value: String(number) };
  });
}

function numbers(run: KinesisRun): number[] {
  return run.texts().flat().map(Number);
}

const ascending = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

describeWithBackend('localstack', 'a mapping of a stream with its positions in SQLite', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-kinesis-'));
  });
  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true });
  });

  /** One life: an engine with a store of its own on the file, started. */
  async function live(
    onTestFinished: (end: () => Promise<void>) => void,
    stream: WorldStream,
    fields: Fields,
    work: (batch: SeenBatch) => unknown,
  ): Promise<{ readonly run: KinesisRun; readonly end: () => Promise<void> }> {
    const store: StateStore = sqliteStore({ path: join(folder, `${stream.name}.db`) });
    onTestFinished(() => store.close());
    const run = world.run(onTestFinished, { store });
    run.map(stream, fields, work);
    await run.start();
    const end = async (): Promise<void> => {
      await run.stop();
      await store.close();
    };
    return { run, end };
  }

  test('goes on where it was, three times in the middle of the work: nothing is lost, and nothing repeated', async ({ onTestFinished }) => {
    const count = 600;
    const stream = await world.stream(2);
    await stream.put(numbered(0, count));
    const lives: KinesisRun[] = [];
    for (const parallelizationFactor of [5, 5, 2]) {
      const { run, end } = await live(onTestFinished, stream, { batchSize: 5, parallelizationFactor }, () => sleep(80));
      lives.push(run);
      await run.settled(100);
      await end();
    }
    const { run } = await live(onTestFinished, stream, { batchSize: 5, parallelizationFactor: 10 }, () => undefined);
    const before = lives.flatMap(numbers);
    expect(before.length).toBeLessThan(count);
    await run.settled(count - before.length);
    const all = [...before, ...numbers(run)];
    expect(ascending(all)).toEqual(upTo(count));
    for (const key of upTo(KEYS)) {
      const ofKey = all.filter((number) => number % KEYS === key);
      expect(ofKey).toEqual(ascending(ofKey));
    }
  });

  test('reads nothing again of shards that were read to their end, and children from their first record', async ({ onTestFinished }) => {
    const stream = await world.stream(1);
    await stream.put(numbered(0, 80));
    const first = await live(onTestFinished, stream, {}, () => undefined);
    await first.run.settled(80);
    const [parent = ''] = await stream.openShards();
    await stream.put(numbered(80, 120));
    await first.end();
    await stream.split(parent);
    await stream.put(numbered(120, 200));
    // LATEST is not asked any more: there is state.
    const second = await live(onTestFinished, stream, { startingPosition: 'LATEST' }, () => undefined);
    const rest = 200 - numbers(first.run).length;
    await second.run.settled(rest);
    await second.run.until(() => second.run.of('shard.state').some(({ shardId, state }) => shardId === parent && state === 'ended'));
    await second.end();
    expect(ascending([...numbers(first.run), ...numbers(second.run)])).toEqual(upTo(200));
    const third = await live(onTestFinished, stream, {}, () => undefined);
    await stream.put(numbered(200, 240));
    await third.run.settled(40);
    expect(ascending(numbers(third.run))).toEqual(upTo(240).slice(200));
    expect(third.run.of('shard.state').map(({ shardId }) => shardId)).not.toContain(parent);
  });

  test('goes on counting the failures of a batch: a restart gives no attempts back', async ({ onTestFinished }) => {
    const stream = await world.stream();
    await stream.say('0', '1', '2');
    const destination = memoryDestination();
    const fields: Fields = { batchSize: 1, maximumRetryAttempts: 3, destinationConfig: { onFailure: { destination } } };
    const work = ({ records }: SeenBatch): void => {
      if (records[0]?.value === '1') throw new Error('poison');
    };
    const first = await live(onTestFinished, stream, fields, work);
    await first.run.until(() => first.run.of('batch.ended').length >= 3);
    await first.end();
    const second = await live(onTestFinished, stream, fields, work);
    await second.run.until(
      () => second.run.of('range.settled').some(({ records }) => records > 0) && second.run.texts().flat().includes('2'),
    );
    await second.run.settled(2);
    const tries = [...numbers(first.run), ...numbers(second.run)].filter((number) => number === 1);
    expect(tries).toHaveLength(4);
    expect(destination.received.map(({ record }) => record.requestContext)).toMatchObject([
      { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 4 },
    ]);
  });

  test('that is disabled and enabled again goes on where it was, with LATEST too', async ({ onTestFinished }) => {
    const stream = await world.stream();
    const run = world.run(onTestFinished);
    const mapping = run.map(stream, { startingPosition: 'LATEST' }, () => undefined);
    await run.start();
    await stream.say('0', '1');
    await run.settled(2);
    await mapping.disable();
    await stream.say('2', '3');
    await mapping.enable();
    await run.settled(4);
    expect(numbers(run)).toEqual(upTo(4));
  });

  test('gives a stream that was made anew while nobody read a beginning of its own', async ({ onTestFinished }) => {
    const stream = await world.stream(2);
    await stream.put(numbered(0, 50));
    const first = await live(onTestFinished, stream, {}, () => undefined);
    await first.run.settled(50);
    await first.end();
    await stream.recreate();
    await stream.put(numbered(50, 100));
    const second = await live(onTestFinished, stream, {}, () => undefined);
    await second.run.settled(50);
    expect(ascending(numbers(second.run))).toEqual(upTo(100).slice(50));
  });

  test('notices that the stream is made anew while it reads, and reads it from its first record', async ({ onTestFinished }) => {
    const stream = await world.stream();
    await stream.say('0', '1');
    const { run } = await live(onTestFinished, stream, {}, () => undefined);
    await run.settled(2);
    await stream.recreate();
    await stream.say('2', '3', '4');
    await run.settled(5);
    // Under a row of its own: what was read of the old one is of no meaning here.
    await run.until(() => run.of('shard.state').filter(({ state }) => state === 'reading').length === 2);
    await run.until(() => numbers(run).slice(-3).join() === '2,3,4');
    // The emulator lets an iterator of the old stream read on in the new one, so some may come before the tenure that is theirs.
    const seen = numbers(run);
    expect(seen.slice(0, 2)).toEqual([0, 1]);
    expect(seen.slice(-3)).toEqual([2, 3, 4]);
  });
});
