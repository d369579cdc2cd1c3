import { describe, expect, it } from 'vitest';
import { type FailureDestination, SourceError } from '../../../src/index.ts';
import { OneStream } from './one-stream.ts';

// Streams seed 459: while a destination held up the record of what was too old, what came behind it grew too old and was invoked.
describe('records behind one that is too old', () => {
  it('are given up too when they grow too old while it is given up', async () => {
    const world = new OneStream();
    const { clock, stream } = world;
    const given: number[] = [];
    const destination: FailureDestination = {
      label: 'late',
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
      send: ({ record, info }) => {
        if (clock.monotonic() < 100_000) return Promise.reject(new SourceError('unavailable', 'ECONNRESET', 'not yet'));
        expect(record.requestContext.condition).toBe('RecordAgeExceeded');
        given.push(Number(info.value['batchSize']));
        return Promise.resolve();
      },
    };
    stream.put({ partitionKey: 'a', data: 'old' });
    await clock.advance(30_000);
    stream.put({ partitionKey: 'a', data: 'younger' });
    await clock.advance(35_000);
    const engine = world.start({ maximumRecordAgeInSeconds: 60, destinationConfig: { onFailure: { destination } } });
    await clock.run(engine.idle());
    expect(given).toEqual([1, 1]);
    expect(world.invoked).toEqual([]);
    await clock.run(engine.stop());
  });
});
