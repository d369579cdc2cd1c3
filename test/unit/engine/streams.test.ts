import { describe, expect, it } from 'vitest';
import type { FailureDestination } from '../../../src/index.ts';
import { type SeenRecord, StreamWorld } from '../../support/stream-world.ts';

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => String(from + index));

function poison(...texts: readonly string[]): (records: readonly SeenRecord[]) => void {
  return (records) => {
    if (records.some(({ text }) => texts.includes(text))) throw new Error('poison');
  };
}

/** Handled records by key, in the order of their successful invocations. */
function byKey(records: readonly SeenRecord[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { key, text } of records) found.set(key, [...(found.get(key) ?? []), Number(text)]);
  return found;
}

describe('a stream mapping', () => {
  it('hands every record to the function, in order, in batches of one shard', async () => {
    const world = new StreamWorld({ shards: 4 });
    world.map({ batchSize: 7 }, () => undefined);
    world.put(0, 200, 13);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts.toSorted()).toEqual(numbers(200).toSorted());
    for (const batch of world.batches) {
      expect(batch.length).toBeLessThanOrEqual(7);
      expect(new Set(batch.map(({ shardId }) => shardId)).size).toBe(1);
    }
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('keeps the order of each key over ten lanes, whatever fails', async () => {
    const world = new StreamWorld({ shards: 2 });
    const handled: SeenRecord[] = [];
    const running = new Set<string>();
    world.map({ batchSize: 5, parallelizationFactor: 10 }, async (records) => {
      const keys = new Set(records.map(({ key }) => key));
      for (const key of keys) {
        expect(running.has(key)).toBe(false);
        running.add(key);
      }
      await new Promise<void>((resolve) => {
        world.clock.timer(world.random.integer(0, 50), resolve);
      });
      for (const key of keys) running.delete(key);
      if (world.random.chance(0.2)) throw new Error('at random');
      handled.push(...records);
    });
    world.put(0, 1000, 97);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(handled).toHaveLength(1000);
    for (const list of byKey(handled).values()) expect(list).toEqual(list.toSorted((a, b) => a - b));
  });

  it('gives up after n retries, n + 1 invocations, and goes on', async () => {
    const world = new StreamWorld();
    const destinationConfig = { onFailure: { destination: world.destination } };
    world.map({ batchSize: 1, maximumRetryAttempts: 2, destinationConfig }, poison('1'));
    world.put(0, 3);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual(['0', '1', '1', '1', '2']);
    const [discard] = world.destination.received;
    expect(discard?.record.requestContext).toMatchObject({ condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 });
    expect(discard?.record.responseContext).toEqual({ statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' });
  });

  it('begins the count anew when a partial answer advances, as recorded on AWS', async () => {
    const world = new StreamWorld();
    const destinationConfig = { onFailure: { destination: world.destination } };
    const fields = {
      batchSize: 3,
      maximumRetryAttempts: 3,
      functionResponseTypes: ['ReportBatchItemFailures' as const],
      destinationConfig,
    };
    world.map(fields, (records) => {
      const bad = records.find(({ text }) => text === '5');
      return { batchItemFailures: bad === undefined ? [] : [{ itemIdentifier: bad.sequenceNumber }] };
    });
    world.put(0, 6);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.batches.map((batch) => batch.map(({ text }) => text))).toEqual([
      ['0', '1', '2'],
      ['3', '4', '5'],
      ['5'],
      ['5'],
      ['5'],
      ['5'],
    ]);
    const [discard] = world.destination.received;
    expect(discard?.record).toMatchObject({ requestContext: { approximateInvokeCount: 4 }, responseContext: { functionError: null } });
    expect(discard?.record['KinesisBatchInfo']).toMatchObject({ batchSize: 1 });
  });

  it('bisects a hundred records down to the one that fails, in the invocations that the binary split needs', async () => {
    const world = new StreamWorld();
    const destinationConfig = { onFailure: { destination: world.destination } };
    world.map({ batchSize: 100, bisectBatchOnFunctionError: true, maximumRetryAttempts: 0, destinationConfig }, poison('37'));
    world.put(0, 100);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.destination.received).toHaveLength(1);
    expect(world.destination.received[0]?.payload).toContain(Buffer.from('37').toString('base64'));
    // Each halving is one failure: 100, 50, 25, 13, 6, 3 and at last the record alone; each other half is one success.
    const failed = world.batches.filter((batch) => batch.some(({ text }) => text === '37')).map((batch) => batch.length);
    expect(failed).toEqual([100, 50, 25, 13, 6, 3, 1]);
    expect(world.batches).toHaveLength(2 * failed.length - 1);
  });

  it('gives up record by record what is too old, also when it was never invoked', async () => {
    const world = new StreamWorld();
    const destinationConfig = { onFailure: { destination: world.destination } };
    world.put(0, 1);
    await world.clock.advance(70_000);
    world.put(1, 6);
    world.map({ batchSize: 100, maximumRecordAgeInSeconds: 60, destinationConfig }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual(numbers(5, 1));
    const [discard] = world.destination.received;
    expect(discard?.record.requestContext).toMatchObject({ condition: 'RecordAgeExceeded', approximateInvokeCount: 1 });
    expect(discard?.record).not.toHaveProperty('responseContext');
  });

  it('holds the position while the destination does not confirm, and says so', async () => {
    const world = new StreamWorld();
    let isUp = false;
    const { destination: memory } = world;
    const destination: FailureDestination = {
      label: 'shaky',
      check: () => memory.check(),
      send: (discard, signal) => (isUp ? memory.send(discard, signal) : Promise.reject(new Error('down'))),
      close: () => memory.close(),
    };
    world.map({ batchSize: 1, maximumRetryAttempts: 0, destinationConfig: { onFailure: { destination } } }, poison('0'));
    world.put(0, 2);
    await world.engine.start();
    await world.clock.advance(60_000);
    expect(world.texts).toEqual(['0']);
    expect(world.engine.explain().join('\n')).toContain('destination shaky did not take what was given up (down)');
    isUp = true;
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual(['0', '1']);
    expect(memory.received).toHaveLength(1);
  });

  it('lets one shard in endless retry delay no other, nor hold a credit', async () => {
    const world = new StreamWorld({ shards: 100 });
    const stuck = new Set<string>();
    world.map({ batchSize: 10, reservedConcurrentExecutions: 2 }, (records) => {
      if (records.some(({ key }) => key === 'key 0')) {
        stuck.add(records[0]?.shardId ?? '');
        throw new Error('always');
      }
    });
    world.put(0, 2000, 1000);
    await world.engine.start();
    await world.clock.advance(120_000);
    const handled = new Set(
      world.batches.filter((batch) => !stuck.has(batch[0]?.shardId ?? '')).flatMap((batch) => batch.map(({ text }) => text)),
    );
    const shardOf = new Map(world.batches.flat().map(({ key, shardId }) => [key, shardId]));
    const others = numbers(2000).filter((text) => !stuck.has(shardOf.get(`key ${String(Number(text) % 1000)}`) ?? ''));
    expect(stuck.size).toBe(1);
    expect([...handled].toSorted()).toEqual(others.toSorted());
    await world.stop();
  });

  it('goes on from its position after a restart, and reads children after their parents', async () => {
    const world = new StreamWorld({ shards: 2 });
    world.map({ batchSize: 10, parallelizationFactor: 3 }, () => undefined);
    world.put(0, 100, 20);
    await world.engine.start();
    await world.idle();
    await world.stop();
    const [first = '', second = ''] = world.stream.shardIds;
    world.put(100, 200, 20);
    world.stream.mergeShards(first, second);
    world.put(200, 300, 20);
    world.renew();
    world.map({ batchSize: 10, parallelizationFactor: 5, startingPosition: 'LATEST' }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts).toHaveLength(300);
    for (const list of byKey(world.batches.flat()).values()) expect(list).toEqual(list.toSorted((a, b) => a - b));
  });

  it('takes LATEST for the instant it was created, also when it is restarted before the first record', async () => {
    const world = new StreamWorld();
    world.put(0, 5);
    await world.clock.advance(1000);
    world.map({ startingPosition: 'LATEST' }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    await world.clock.advance(60_000);
    world.put(5, 8);
    world.renew();
    world.map({ startingPosition: 'LATEST' }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual(numbers(3, 5));
  });

  it('stops a shard when records may have been lost, says so, and goes on at the horizon when told', async () => {
    const world = new StreamWorld({ retentionMs: 3_600_000 });
    world.map({}, () => undefined);
    world.put(0, 3);
    await world.engine.start();
    await world.idle();
    await world.stop();
    world.put(3, 6);
    await world.clock.advance(2 * 3_600_000);
    world.put(6, 9);
    world.renew();
    world.map({}, () => undefined);
    await world.engine.start();
    await world.clock.advance(60_000);
    expect(world.texts).toEqual(numbers(3));
    expect(world.engine.explain().join('\n')).toContain('stands still, because records may have been lost');
    await world.stop();
    world.renew();
    world.map({ onTrimmed: 'resumeAtTrimHorizon' }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual([...numbers(3), ...numbers(3, 6)]);
  });

  it('gives a re-created stream a beginning of its own', async () => {
    const world = new StreamWorld();
    world.map({}, () => undefined);
    world.put(0, 3);
    await world.engine.start();
    await world.idle();
    world.stream.recreate();
    world.put(10, 13);
    await world.clock.advance(60_000);
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual([...numbers(3), ...numbers(3, 10)]);
  });

  it('refuses fields in the words of AWS', () => {
    const world = new StreamWorld();
    const map = (fields: object): void => {
      world.map(fields, () => undefined);
    };
    const of = 'for given event source mapping type.';
    expect(() => {
      map({ scalingConfig: {} });
    }).toThrow(`scalingConfig: Unsupported ScalingConfig parameter ${of}`);
    expect(() => {
      map({ maximumRecordAgeInSeconds: 59 });
    }).toThrow('must be either -1 (forever) or between 60 and 604800 (inclusive)');
    expect(() => {
      map({ startingPosition: undefined });
    }).toThrow("Value null at 'startingPosition' failed to satisfy constraint");
    expect(() => {
      map({ parallelizationFactor: 11 });
    }).toThrow('must be a whole number from 1 to 10');
    expect(() => {
      map({ batchSiz: 1 });
    }).toThrow('did you mean batchSize?');
  });
});
