/** Order and isolation of whole mappings of a Kinesis stream: lanes, reshards under load, keys and shards that fail. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { SeededRandom } from '../../adapters/testing.ts';
import { laneOf } from '../../src/lanes/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { type KinesisRun, KinesisWorld, type Outgoing, type SeenBatch, type WorldStream } from '../support/kinesis-world.ts';

const FACTOR = 10;

/** The `round`-th record of each key. */
function round(keys: number, number: number): Outgoing[] {
  return Array.from({ length: keys }, (_, key) => ({ key: `key ${String(key)}`, value: `${String(key)}/${String(number)}` }));
}

/** Puts rounds one after the other, so that the records of a key are in order. */
async function putRounds(stream: WorldStream, keys: number, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number += 1) await stream.put(round(keys, number));
}

/** A function that watches its own invocations, and keeps what it handled by key, in order. */
class Watch {
  readonly handled = new Map<string, number[]>();
  readonly offences: string[] = [];
  readonly most = new Map<string, number>();
  count = 0;
  readonly #running = new Map<string, Set<string>>();
  readonly #random = new SeededRandom(11);

  /** Fails once in so many invocations; 0: never. */
  readonly work = async ({ shardId, records }: SeenBatch, failOneIn = 0): Promise<void> => {
    const keys = new Set(records.map(({ key }) => key));
    // Over all shards: a key's records before and after a reshard are in two of them.
    for (const [other, theirs] of this.#running) {
      for (const key of keys) if (theirs.has(key)) this.offences.push(`${key} runs in ${other} and in ${shardId}`);
    }
    const id = `${shardId}/${String(this.count)}/${String(this.#random.integer(0, 1e9))}`;
    this.#running.set(id, keys);
    const inShard = [...this.#running.keys()].filter((other) => other.startsWith(`${shardId}/`)).length;
    this.most.set(shardId, Math.max(this.most.get(shardId) ?? 0, inShard));
    await sleep(this.#random.integer(1, 15));
    this.#running.delete(id);
    if (failOneIn > 0 && this.#random.integer(1, failOneIn) === 1) throw new Error('one in a few');
    for (const { key, value } of records) {
      this.handled.set(key, [...(this.handled.get(key) ?? []), Number(value.split('/')[1])]);
      this.count += 1;
    }
  };

  /** Every key has all its rounds, once and in order. */
  expectAll(keys: number, rounds: number): void {
    const expected = Array.from({ length: rounds }, (_, number) => number);
    expect(this.handled.size).toBe(keys);
    for (const [key, numbers] of this.handled) expect(numbers, key).toEqual(expected);
    expect(this.offences).toEqual([]);
  }
}

function ended(run: KinesisRun): string[] {
  return run.of('shard.state').flatMap(({ shardId, state }) => (state === 'ended' ? [shardId] : []));
}

describeWithBackend('localstack', 'a stream', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  afterAll(() => world.close());

  test('of a thousand keys is worked off by ten lanes a shard: each key in order, never twice at once, nothing lost', async (context) => {
    const [keys, rounds] = [1000, 4];
    const stream = await world.stream(2);
    await putRounds(stream, keys, 0, 1);
    const run = world.run(context.onTestFinished);
    const watch = new Watch();
    run.map(stream, { parallelizationFactor: FACTOR, batchSize: 10 }, (batch) => watch.work(batch, 20));
    await run.start();
    await putRounds(stream, keys, 1, rounds);
    await run.settled(keys * rounds);
    watch.expectAll(keys, rounds);
    expect(watch.most.size).toBe(2);
    // As many at once as there may be, and not one more.
    expect([...watch.most.values()]).toEqual([FACTOR, FACTOR]);
  });

  test('that is split and merged under load keeps the order of each key, loses nothing, and ends every old shard', async (context) => {
    const keys = 60;
    const stream = await world.stream(2);
    const run = world.run(context.onTestFinished);
    const watch = new Watch();
    run.map(stream, { parallelizationFactor: 3, batchSize: 7 }, (batch) => watch.work(batch, 20));
    await run.start();
    let rounds = 0;
    const resharding = { isOn: true };
    const writing = (async () => {
      for (let rest = 5; rest > 0; rest -= resharding.isOn ? 0 : 1) {
        await stream.put(round(keys, rounds));
        rounds += 1;
      }
    })();
    const [left = '', right = ''] = await stream.openShards();
    await stream.split(left);
    const [, second = '', third = ''] = await stream.openShards();
    expect(third).toBe(right);
    await stream.merge(second, third);
    const [, merged = ''] = await stream.openShards();
    await stream.split(merged);
    resharding.isOn = false;
    await writing;
    await run.settled(keys * rounds);
    watch.expectAll(keys, rounds);
    await run.until(() => ended(run).length >= 4);
    expect(ended(run).toSorted()).toEqual([left, right, second, merged].toSorted());
    // Parents before their children.
    const order = run.of('shard.state').map(({ shardId, state }) => `${shardId} ${state}`);
    for (const [parent, child] of [
      [left, second],
      [second, merged],
      [right, merged],
    ]) {
      expect(order.indexOf(`${String(parent)} ended`)).toBeLessThan(order.indexOf(`${String(child)} reading`));
    }
  });

  test('with a key that always fails stands still in the lane of that key, and only there', async ({ onTestFinished }) => {
    const [keys, rounds] = [60, 3];
    const stream = await world.stream(1);
    await putRounds(stream, keys, 0, rounds);
    const run = world.run(onTestFinished);
    const watch = new Watch();
    const bad = 'key 7';
    const lane = laneOf(bad, FACTOR);
    run.map(stream, { parallelizationFactor: FACTOR, batchSize: 1 }, async (batch) => {
      if (batch.records.some(({ key }) => key === bad)) throw new Error('always');
      await watch.work(batch);
    });
    const stuck = Array.from({ length: keys }, (_, key) => `key ${String(key)}`).filter((key) => laneOf(key, FACTOR) === lane);
    await run.start();
    await run.settled((keys - stuck.length) * rounds);
    // Those of its lane that came before it are done too.
    await run.until(() => run.batches.filter(({ records }) => records[0]?.key === bad).length >= 3);
    const done = [...watch.handled].filter(([, numbers]) => numbers.length === rounds).map(([key]) => key);
    expect(new Set([...done, ...stuck]).size).toBe(keys);
    expect(done).toHaveLength(keys - stuck.length);
    expect(run.engine.explain().join('\n')).toMatch(new RegExp(`lane ${String(lane)}: (try \\d+ of the same batch in|the function has)`));
    for (const numbers of watch.handled.values()) expect(numbers).toEqual(numbers.toSorted());
  });

  test('with a shard that always fails goes on in the other shards, also when one invocation at a time is all there is', async (context) => {
    const stream = await world.stream(2);
    const placed = await stream.put(round(400, 0));
    const [bad = '', good = ''] = await stream.openShards();
    const run = world.run(context.onTestFinished);
    const watch = new Watch();
    run.map(stream, { batchSize: 1, reservedConcurrentExecutions: 1 }, async (batch) => {
      if (batch.shardId === bad) throw new Error('always');
      await watch.work(batch);
    });
    await run.start();
    const inGood = placed.filter(({ shardId }) => shardId === good).length;
    await run.settled(inGood);
    await run.until(() => run.batches.filter(({ shardId }) => shardId === bad).length >= 3);
    expect(watch.count).toBe(inGood);
    expect(inGood).toBeGreaterThan(100);
    // The first record of the bad shard, again and again; nothing behind it.
    expect(new Set(run.batches.filter(({ shardId }) => shardId === bad).map(({ records }) => records[0]?.value)).size).toBe(1);
  });
});
