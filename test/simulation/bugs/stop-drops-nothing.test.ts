import { describe, expect, it } from 'vitest';
import { type FailureDestination, SourceError } from '../../../src/index.ts';
import { OneStream } from './one-stream.ts';

// A stop ended the open call of the destination, and its error was taken for the destination's own: the records were dropped.
describe('a destination that a stop interrupts', () => {
  it('has not failed: nothing is dropped, and what was given up is given up again', async () => {
    const world = new OneStream();
    let sends = 0;
    const destination: FailureDestination = {
      label: 'slow',
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
      send: (_discard, signal) => {
        sends += 1;
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new SourceError('unavailable', 'ABORT_ERR', 'the call was ended'));
          });
        });
      },
    };
    world.run = () => ({ afterMs: 0, outcome: { kind: 'function-error', errorType: 'Error', errorMessage: 'poison' } });
    world.stream.put({ partitionKey: 'a', data: 'a' });
    const fields = { maximumRetryAttempts: 0, onDestinationFailure: 'drop', destinationConfig: { onFailure: { destination } } } as const;
    for (let round = 1; round <= 2; round += 1) {
      const engine = world.start(fields);
      await world.clock.advance(60_000);
      expect(sends).toBe(round);
      await world.clock.run(engine.stop({ timeoutMs: 1000 }));
      expect(world.events('range.discarded')).toEqual([]);
    }
  });
});
