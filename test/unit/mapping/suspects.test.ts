import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import type { StateStore } from '../../../src/index.ts';
import { Latch } from '../../../src/kit/index.ts';
import { type Fields, type SeenRecord, StreamWorld } from '../../support/stream-world.ts';

/** What a process leaves behind that ends now: its rows, under a lease that nobody renews. */
async function leftBehind(store: StateStore): Promise<StateStore> {
  const rows = await store.readRows('m');
  const left = memoryStore();
  for (let epoch = 0; epoch < Math.max(...rows.map((row) => row.epoch)); ) {
    const got = await left.acquire('m', { id: 'gone', label: 'gone' });
    if (!got.acquired) throw new Error('the lease is taken');
    ({ epoch } = got.lease);
    await left.release(got.lease);
  }
  const { lease } = (await left.acquire('m', { id: 'gone', label: 'gone' })) as { lease: Parameters<StateStore['release']>[0] };
  await left.writeRows(rows.map(({ shard, data }) => ({ mappingId: 'm', shard, expectedVersion: 0, epoch: lease.epoch, data })));
  await left.release(lease);
  return left;
}

interface Story {
  readonly deaths: number;
  readonly handled: readonly string[];
  readonly mostTogether: number;
}

/** Process after process works on the stream; each dies as soon as its function sees the text `killer`. */
async function liveAndDie(world: StreamWorld, fields: Fields, workMs: number): Promise<Story> {
  const handled: string[] = [];
  let together = 0;
  let mostTogether = 0;
  for (let deaths = 0; ; deaths += 1) {
    const dead = new Latch();
    const isDead = (): boolean => dead.isSet;
    const death = new Promise<'dead'>((resolve) => {
      dead.onSet(() => {
        resolve('dead');
      });
    });
    together = 0;
    const never = new Promise<never>(() => undefined);
    const work = async (records: readonly SeenRecord[]): Promise<unknown> => {
      if (isDead()) return never;
      together += 1;
      mostTogether = Math.max(mostTogether, together);
      await new Promise<void>((resolve) => world.clock.timer(workMs, resolve));
      if (records.some(({ text }) => text === 'killer')) dead.set();
      if (isDead()) return never;
      together -= 1;
      handled.push(...records.map(({ text }) => text));
      return undefined;
    };
    world.map(fields, work);
    await world.clock.run(world.engine.start());
    const end = await world.clock.run(
      Promise.race([death, world.engine.idle({ timeoutMs: 300_000 }).then(() => 'idle' as const)]),
      400_000,
    );
    if (end === 'idle') {
      await world.stop();
      return { deaths, handled, mostTogether };
    }
    if (deaths > 20) throw new Error('it never ends');
    world.store = await leftBehind(world.store);
    world.renew();
  }
}

describe('a record that ends the process', () => {
  const fields: Fields = { parallelizationFactor: 4, batchSize: 1, maximumRetryAttempts: 2 };

  it('uses up its own attempts, and no record that ran beside it uses up any', async () => {
    const world = new StreamWorld({ shards: 2 });
    const destination = world.destination;
    world.put(0, 40, 8);
    world.stream.put({ partitionKey: 'key 1', data: 'killer' });
    world.put(40, 80, 8);
    const { deaths, handled, mostTogether } = await liveAndDie(
      world,
      { ...fields, destinationConfig: { onFailure: { destination } } },
      100,
    );
    // Once unnoticed, once among others, then alone as often as it may be tried.
    expect(deaths).toBe(5);
    expect(destination.received.map(({ payload }) => payload)).toEqual([expect.stringContaining(Buffer.from('killer').toString('base64'))]);
    expect(destination.received[0]?.record).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
      KinesisBatchInfo: { batchSize: 1 },
    });
    expect(new Set(handled)).toEqual(new Set(Array.from({ length: 80 }, (_, index) => String(index))));
    expect(mostTogether).toBeGreaterThan(1);
  });

  it('is found in a batch by halving it', async () => {
    const world = new StreamWorld();
    const destination = world.destination;
    world.put(0, 5);
    world.stream.put({ partitionKey: 'key 0', data: 'killer' });
    world.put(5, 10);
    const { handled } = await liveAndDie(
      world,
      { batchSize: 100, maximumRetryAttempts: 0, bisectBatchOnFunctionError: true, destinationConfig: { onFailure: { destination } } },
      100,
    );
    expect(handled).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
    expect(destination.received.map(({ record }) => record)).toEqual([
      expect.objectContaining({ KinesisBatchInfo: expect.objectContaining({ batchSize: 1 }) as unknown }),
    ]);
  });
});
