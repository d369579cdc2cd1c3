import { describe, expect, it } from 'vitest';
import { laneOf } from '../../../src/lanes/index.ts';
import type { RetryMark } from '../../../src/settle/index.ts';
import { decodeShardRow } from '../../../src/settle/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';
import { MortalWorld } from './mortal-world.ts';

/** Longer than a dead process keeps its lease. */
const TAKE_OVER_MS = 15_000;

async function storedRetries(world: StreamWorld): Promise<readonly RetryMark[]> {
  const rows = await world.store.readRows('m');
  return rows.filter(({ shard }) => shard.startsWith('shardId')).flatMap(({ data }) => decodeShardRow(data).retry);
}

describe('a range that had failed before a restart', () => {
  it('is handed over again although a filter now rejects its last record and nothing comes behind it', async () => {
    const world = new StreamWorld();
    for (const kind of ['order', 'order', 'chat']) world.stream.put({ partitionKey: 'k', data: JSON.stringify({ kind }) });
    world.map({}, () => {
      throw new Error('always');
    });
    await world.engine.start();
    await world.clock.advance(3000);
    await world.stop();
    world.batches.length = 0;
    world.renew();
    world.map({ filterCriteria: { filters: [{ pattern: { data: { kind: ['order'] } } }] } }, () => undefined);
    await world.engine.start();
    await world.idle();
    expect(world.batches.map(({ length }) => length)).toEqual([2]);
    await world.stop();
  });

  it('is handed over in parts when less is read ahead than it spans, with its count', async () => {
    const world = new StreamWorld();
    const many = Array.from({ length: 100 }, (_, index) => `key ${String(index)}`).filter((key) => laneOf(key, 2) !== laneOf('rare', 2));
    for (let number = 0; number < 20_000; number += 1) {
      const key = number % 2000 === 0 ? 'rare' : many[number % many.length];
      world.stream.put({ partitionKey: key ?? '', data: String(number) });
    }
    const lanes = { parallelizationFactor: 2, maximumRetryAttempts: 1_000 };
    world.map({ ...lanes, batchSize: 10_000, maximumBatchingWindowInSeconds: 60 }, (records) => {
      if (records.some(({ key }) => key === 'rare')) throw new Error('always');
    });
    await world.engine.start();
    await world.clock.advance(120_000);
    await world.stop();
    const before = await storedRetries(world);
    expect(before).toHaveLength(1);
    world.batches.length = 0;
    world.events.length = 0;
    world.renew();
    world.map({ ...lanes, batchSize: 100 }, () => undefined);
    await world.engine.start();
    await world.idle();
    expect(world.texts.filter((text) => Number(text) % 2000 === 0)).toHaveLength(10);
    const begun = world.events.flatMap(({ name, event }) => (name === 'batch.started' ? [event as { readonly attempt: number }] : []));
    expect(begun[0]?.attempt).toBe((before[0]?.attempts ?? 0) + 1);
    await world.stop();
  });

  it('keeps its count while a range before it ends the process again', async () => {
    const world = new MortalWorld();
    world.put(0, 4);
    const fields = { batchSize: 4, bisectBatchOnFunctionError: true };
    world.begin(fields, (records) => {
      if (records.length === 4) throw new Error('too many');
      world.kill();
    });
    await world.clock.advance(TAKE_OVER_MS);
    const [, second] = await storedRetries(world);
    expect(second).toBeDefined();
    world.begin(fields, () => {
      world.kill();
    });
    await world.clock.advance(TAKE_OVER_MS);
    expect(world.batches.map((batch) => batch.map(({ text }) => text))).toEqual([
      ['0', '1', '2', '3'],
      ['0', '1'],
      ['0', '1'],
    ]);
    expect((await storedRetries(world))[1]).toEqual(second);
  });
});
