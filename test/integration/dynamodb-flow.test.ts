/** Order, shards that roll over and iterators that expire, on streams of DynamoDB under load. */
import { expect, test } from 'vitest';
import { describeWithBackend } from '../support/backends/inject.ts';
import { type Change, DynamoDbWorld, type SeenChange } from '../support/dynamodb-world.ts';

const PARTITIONS = 20;
const ITEMS = Array.from({ length: 200 }, (_, index) => `p${String(index % PARTITIONS)}/s${String(Math.floor(index / PARTITIONS))}`);

/** The next value of every item. */
const round = (number: number): Change[] => ITEMS.map((item) => ({ item, value: String(number) }));
const rounds = (count: number): string[] => Array.from({ length: count }, (_, number) => String(number));

/** A function that notes what must not be: an item in two invocations at once, or too many of these. */
class Watch {
  readonly faults: string[] = [];
  most = 0;
  readonly #busy = new Set<string>();
  #open = 0;

  readonly work = async (records: readonly SeenChange[]): Promise<void> => {
    const items = new Set(records.map(({ item }) => item));
    for (const item of items) {
      if (this.#busy.has(item)) this.faults.push(`${item} is in two invocations at once`);
      this.#busy.add(item);
    }
    this.#open += 1;
    this.most = Math.max(this.most, this.#open);
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.#open -= 1;
    for (const item of items) this.#busy.delete(item);
  };
}

function expectEveryItemInOrder(world: DynamoDbWorld, count: number): void {
  const handled = world.valuesByItem();
  expect([...handled.keys()].sort()).toEqual([...ITEMS].sort());
  for (const values of handled.values()) expect(values).toEqual(rounds(count));
}

describeWithBackend('dynamodb-local', 'a mapping of a DynamoDB stream under load', ({ endpoint }) => {
  test('keeps the order of 200 items with ten batches at once, and gives every record once', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    const watch = new Watch();
    await world.start({ parallelizationFactor: 10, batchSize: 20 }, watch.work);
    for (let number = 0; number < 10; number += 1) await world.table.putMany(round(number));
    await world.idle();
    expectEveryItemInOrder(world, 10);
    expect(watch.faults).toEqual([]);
    expect(watch.most).toBeGreaterThan(5);
    expect(watch.most).toBeLessThanOrEqual(10);
  });

  test('works parents off before their children when shards roll over again and again', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    const watch = new Watch();
    await world.start({ parallelizationFactor: 10, batchSize: 20 }, watch.work);
    for (let number = 0; number < 8; number += 1) {
      await world.table.putMany(round(number));
      await world.table.rollOver();
    }
    await world.idle();
    expectEveryItemInOrder(world, 8);
    expect(watch.faults).toEqual([]);
    const states = world.told('shard.state').map(({ shardId, state }) => `${shardId} ${state}`);
    const shards = [...new Set(world.told('shard.state').map(({ shardId }) => shardId))];
    expect(shards).toHaveLength(9);
    // A child begins when its parent has ended, not before.
    expect(states).toEqual(shards.flatMap((shardId, index) => [`${shardId} reading`, ...(index < 8 ? [`${shardId} ended`] : [])]));
  });

  test('is not idle while the children of a shard that has ended are not known yet', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    let lists = 0;
    await world.start({ batchSize: 1000 }, undefined, (source) => {
      const listShards = source.listShards.bind(source);
      source.listShards = async () => {
        lists += 1;
        if (lists > 1) await new Promise((resolve) => setTimeout(resolve, 500));
        return listShards();
      };
    });
    await world.table.putMany(round(0));
    await world.idle();
    await world.table.rollOver();
    await world.table.putMany(round(1));
    await expect.poll(() => world.told('shard.state').map(({ state }) => state), { interval: 5 }).toContain('ended');
    await world.idle();
    expectEveryItemInOrder(world, 2);
  });

  test('stays behind the record where it was when its iterators expire in the middle', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.start({ batchSize: 20 });
    for (let number = 0; number < 4; number += 1) {
      await world.table.putMany(round(number));
      await world.age(1);
    }
    await world.idle();
    expectEveryItemInOrder(world, 4);
    expect(world.refused).toContain('ExpiredIteratorException');
    // And once more while the engine waits at the tip.
    await world.age(1);
    await world.table.putMany(round(4));
    await expect.poll(() => world.values.length).toBe(ITEMS.length * 5);
    expectEveryItemInOrder(world, 5);
  });
});
