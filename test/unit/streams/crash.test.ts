import { describe, expect, it } from 'vitest';
import type { SeenRecord } from '../../support/stream-world.ts';
import { MortalWorld } from './mortal-world.ts';

/** Longer than a dead process keeps its lease. */
const TAKE_OVER_MS = 15_000;

function has(records: readonly SeenRecord[], text: string): boolean {
  return records.some((record) => record.text === text);
}

describe('a process that ends', () => {
  it.for([0, 5])('lets record %i use up its attempts when it is what ends it, and no other record', async (killer) => {
    const world = new MortalWorld();
    const destinationConfig = { onFailure: { destination: world.destination } };
    world.put(0, 10);
    const handled: string[] = [];
    for (let life = 0; life < 8; life += 1) {
      world.begin({ batchSize: 1, maximumRetryAttempts: 1, destinationConfig }, (records) => {
        if (has(records, String(killer))) world.kill();
        else handled.push(...records.map(({ text }) => text));
      });
      await world.clock.advance(TAKE_OVER_MS);
      world.kill();
    }
    expect(world.destination.received.map(({ record }) => record.requestContext)).toMatchObject([
      { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
    ]);
    expect([...new Set(handled)]).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'].filter((text) => text !== String(killer)));
  });

  it('finds the one record that ends it by halves, although it ends at each of them', async () => {
    const world = new MortalWorld();
    const destinationConfig = { onFailure: { destination: world.destination } };
    world.put(0, 16);
    for (let life = 0; life < 20 && world.destination.received.length === 0; life += 1) {
      world.begin({ batchSize: 16, maximumRetryAttempts: 0, bisectBatchOnFunctionError: true, destinationConfig }, (records) => {
        if (has(records, '11')) world.kill();
      });
      await world.clock.advance(TAKE_OVER_MS);
      world.kill();
    }
    expect(world.destination.received).toHaveLength(1);
    expect(world.destination.received[0]?.payload).toContain(Buffer.from('11').toString('base64'));
    expect(world.destination.received[0]?.record['KinesisBatchInfo']).toMatchObject({ batchSize: 1 });
  });

  it.for([
    [10, 10],
    [10, 4],
  ] as const)('repeats only what was in flight and what was settled last, with %i lanes and then %i', async ([before, after]) => {
    const world = new MortalWorld();
    world.put(0, 1000, 100);
    const slow = 'key 3';
    let inFlight: string[] = [];
    world.begin({ batchSize: 10, parallelizationFactor: before }, (records) => {
      if (!records.some(({ key }) => key === slow)) return undefined;
      inFlight = records.map(({ text }) => text);
      return new Promise(() => undefined);
    });
    await world.clock.advance(2000);
    world.kill();
    const handled = new Set(world.texts.filter((text) => !inFlight.includes(text)));
    expect(handled.size).toBeGreaterThan(500);
    world.batches.length = 0;
    world.begin({ batchSize: 10, parallelizationFactor: after }, () => undefined);
    await world.clock.advance(TAKE_OVER_MS);
    world.kill();
    expect(world.texts.filter((text) => handled.has(text))).toEqual([]);
    expect(new Set([...handled, ...world.texts]).size).toBe(1000);
  });

  it('does not hold it against a record that it waited for a credit when the mapping stopped', async () => {
    const world = new MortalWorld({ shards: 2 });
    const destinationConfig = { onFailure: { destination: world.destination } };
    const fields = { batchSize: 1, maximumRetryAttempts: 0, reservedConcurrentExecutions: 1, destinationConfig };
    world.put(0, 20, 20);
    let isFirst = true;
    const work = (): Promise<void> | undefined => {
      if (!isFirst) return undefined;
      isFirst = false;
      return new Promise((resolve) => {
        world.clock.timer(2000, resolve);
      });
    };
    isFirst = false;
    world.begin(fields, work);
    await world.clock.advance(1000);
    await world.stop();
    world.put(20, 40, 20);
    isFirst = true;
    world.begin(fields, work);
    await world.clock.advance(500);
    await world.stop();
    world.begin(fields, work);
    await world.clock.advance(TAKE_OVER_MS);
    world.kill();
    expect(world.destination.received).toEqual([]);
    expect(new Set(world.texts).size).toBe(40);
  });
});
