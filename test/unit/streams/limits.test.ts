import { describe, expect, it } from 'vitest';
import { StreamWorld } from '../../support/stream-world.ts';

describe('what a stream mapping hands over', () => {
  it('gives up a record that fits into no event, and goes on', async () => {
    const world = new StreamWorld({ maximumRecordBytes: 10_485_760 });
    const destinationConfig = { onFailure: { destination: world.destination } };
    world.put(0, 2);
    world.stream.put({ partitionKey: 'key 0', data: 'x'.repeat(5_000_000) });
    world.put(2, 4);
    world.map({ destinationConfig }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual(['0', '1', '2', '3']);
    expect(world.destination.received.map(({ record }) => record)).toEqual([
      expect.objectContaining({
        requestContext: expect.objectContaining({ condition: 'MaximumPayloadSizeExceeded' }) as unknown,
        // The function was not asked.
        responseContext: null,
      }),
    ]);
  });

  it('cuts batches at six megabytes of event JSON', async () => {
    const world = new StreamWorld();
    for (let number = 0; number < 12; number += 1) world.stream.put({ partitionKey: 'k', data: String(number).padEnd(900_000, '.') });
    world.map({ batchSize: 100 }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.batches.map(({ length }) => length)).toEqual([5, 5, 2]);
  });

  it('waits for the batch window from the first record on, and not longer', async () => {
    const world = new StreamWorld();
    world.map({ batchSize: 100, maximumBatchingWindowInSeconds: 5 }, () => undefined);
    await world.engine.start();
    await world.clock.advance(1000);
    world.put(0, 2);
    await world.clock.advance(4900);
    world.put(2, 3);
    expect(world.batches).toEqual([]);
    await world.clock.advance(200);
    expect(world.texts).toEqual(['0', '1', '2']);
    await world.stop();
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('never counts throttles and lets a failing key block only its lane', async () => {
    const world = new StreamWorld();
    world.map({ batchSize: 1, parallelizationFactor: 10 }, (records) => {
      if (records[0]?.key === 'key 0') throw new Error('always');
    });
    world.put(0, 200, 40);
    await world.engine.start();
    await world.clock.advance(60_000);
    const handled = new Set(world.batches.flat().map(({ key }) => key));
    expect(handled.size).toBeGreaterThan(30);
    expect(world.engine.explain().join('\n')).toContain('always');
    expect(new Set(world.batches.filter(([record]) => record?.key === 'key 0').map(([record]) => record?.text))).toEqual(new Set(['0']));
    await world.stop();
  });

  it('drops what a failing destination does not take when told so', async () => {
    const world = new StreamWorld();
    const destination = {
      label: 'down',
      check: () => Promise.resolve(),
      send: () => Promise.reject(new Error('down')),
      close: () => Promise.resolve(),
    };
    const destinationConfig = { onFailure: { destination } };
    world.map({ batchSize: 1, maximumRetryAttempts: 0, onDestinationFailure: 'drop', destinationConfig }, (records) => {
      if (records[0]?.text === '0') throw new Error('poison');
    });
    world.put(0, 2);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual(['0', '1']);
    expect(world.events.filter(({ name }) => name === 'range.discarded')).toMatchObject([{ event: { delivered: false } }]);
  });
});

describe('a batch that waits for a credit', () => {
  it('is looked at again when it gets one: what has grown too old meanwhile is not invoked', async () => {
    const world = new StreamWorld({ shards: 1 });
    let free = (): void => undefined;
    const fields = { parallelizationFactor: 2, maximumRecordAgeInSeconds: 60, reservedConcurrentExecutions: 1, timeout: 900 };
    world.map(fields, () => new Promise<void>((resolve) => (free = resolve)));
    await world.engine.start();
    world.stream.put({ partitionKey: 'a', data: 'first' });
    await world.clock.advance(2000);
    for (const key of ['b', 'c', 'd', 'e']) world.stream.put({ partitionKey: key, data: `late ${key}` });
    await world.clock.advance(120_000);
    free();
    await world.clock.advance(5000);
    free();
    await world.idle();
    expect(world.texts).toEqual(['first']);
    await world.stop();
  });
});
