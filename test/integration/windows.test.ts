/** Tumbling windows on real streams: what the final invocations were given is what was put, over restarts and resharding. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sqliteStore } from '../../adapters/store/sqlite/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { DynamoDbWorld } from '../support/dynamodb-world.ts';
import { type KinesisRun, KinesisWorld, type WorldStream } from '../support/kinesis-world.ts';

/** An event in a window, as far as these tests look at it. */
interface WindowEvent {
  readonly window: { readonly start: string; readonly end: string };
  readonly state: { readonly sum?: number };
  readonly shardId: string;
  readonly isFinalInvokeForWindow: boolean;
}

/** Sums up in windows, and keeps what the final invocations came to. */
class Sums {
  /** By shard and begin of the window. */
  readonly finals = new Map<string, number>();
  readonly tries: string[] = [];
  /** Records outside the bounds that their event names. */
  readonly strays: string[] = [];
  /** Throws at the first final invocation of every window. */
  failsFirst = false;

  readonly add = (event: unknown, records: readonly { readonly value: string; readonly arrival: number }[]): unknown => {
    const { window, state, shardId, isFinalInvokeForWindow } = event as WindowEvent;
    const name = `${shardId} ${window.start}`;
    for (const { value, arrival } of records) {
      const isInside = arrival * 1000 >= Date.parse(window.start) && arrival * 1000 < Date.parse(window.end);
      if (!isInside) this.strays.push(`${value} in ${name}`);
    }
    const sum = records.reduce((total, { value }) => total + Number(value), state.sum ?? 0);
    if (!isFinalInvokeForWindow) return { state: { sum } };
    this.tries.push(name);
    if (this.failsFirst && this.tries.filter((one) => one === name).length === 1) throw new Error('the first final invocation fails');
    this.finals.set(name, (this.finals.get(name) ?? 0) + sum);
    return { state: {} };
  };

  get total(): number {
    return [...this.finals.values()].reduce((total, sum) => total + sum, 0);
  }
}

const PATIENCE = { interval: 100 };

/** Puts the numbers from `from` to `to`, so many ms apart; gives their sum. */
async function putSlowly(stream: WorldStream, from: number, to: number, apartMs: number): Promise<number> {
  let sum = 0;
  for (let number = from; number <= to; number += 1) {
    await stream.put([{ key: `key ${String(number)}`, value: String(number) }]);
    sum += number;
    await sleep(apartMs);
  }
  return sum;
}

describeWithBackend('localstack', 'tumbling windows of a Kinesis stream', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-windows-'));
  });
  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true });
  });

  test('sum up every record once, over a restart with SQLite, final invocations that fail and a split', async ({ onTestFinished }) => {
    const stream = await world.stream();
    const sums = new Sums();
    sums.failsFirst = true;
    const live = async (): Promise<{ run: KinesisRun; end: () => Promise<void> }> => {
      const store = sqliteStore({ path: join(folder, `${stream.name}.db`) });
      onTestFinished(() => store.close());
      const run = world.run(onTestFinished, { store });
      run.map(stream, { tumblingWindowInSeconds: 2, batchSize: 5 }, ({ event, records }) => sums.add(event, records));
      await run.start();
      const end = async (): Promise<void> => {
        await run.stop();
        await store.close();
      };
      return { run, end };
    };
    const first = await live();
    let put = await putSlowly(stream, 1, 25, 100);
    await first.end();
    const before = sums.total;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(put);
    const second = await live();
    put += await putSlowly(stream, 26, 50, 100);
    const [parent = ''] = await stream.openShards();
    await stream.split(parent);
    put += await putSlowly(stream, 51, 60, 10);
    for (const child of await stream.openShards()) await stream.split(child);
    await expect.poll(() => sums.total, PATIENCE).toBe(put);
    await second.end();
    expect(sums.total).toBe(put);
    expect(sums.strays).toEqual([]);
    expect(sums.finals.size).toBeGreaterThanOrEqual(4);
    expect([...new Set(sums.tries.map((name) => sums.tries.filter((one) => one === name).length))]).toEqual([2]);
    expect(new Set([...sums.finals.keys()].map((name) => name.split(' ')[0])).size).toBeGreaterThan(1);
  });
});

describeWithBackend('dynamodb-local', 'tumbling windows of a DynamoDB stream', ({ endpoint }) => {
  test('are closed by the end of their shard, and its child begins anew', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    const sums = new Sums();
    await world.start({ tumblingWindowInSeconds: 60, batchSize: 3 }, (records) => {
      const event = world.invoked.at(-1);
      const arrivals = event?.Records.map(({ dynamodb }) => dynamodb?.ApproximateCreationDateTime ?? 0) ?? [];
      return sums.add(
        event,
        records.map(({ value }, index) => ({ value, arrival: arrivals[index] ?? 0 })),
      );
    });
    const changes = (from: number, to: number): { item: string; value: string }[] =>
      Array.from({ length: to - from + 1 }, (_, index) => ({ item: `item ${String(from + index)}`, value: String(from + index) }));
    await world.table.put(...changes(1, 10));
    await world.table.rollOver();
    await expect.poll(() => sums.total, PATIENCE).toBe(55);
    await world.table.put(...changes(11, 20));
    await world.table.rollOver();
    await expect.poll(() => sums.total, PATIENCE).toBe(210);
    expect(sums.strays).toEqual([]);
    expect(new Set([...sums.finals.keys()].map((name) => name.split(' ')[0])).size).toBe(2);
    expect(world.batches.every((batch) => batch.length <= 3)).toBe(true);
  });
});
