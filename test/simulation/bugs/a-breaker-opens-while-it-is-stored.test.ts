import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/index.ts';
import { OneStream } from './one-stream.ts';

const GONE: Outcome = { kind: 'service-error', message: 'connect ECONNREFUSED', retryAfterMs: undefined };

// Streams seed 9, once their functions had breakers: a lane that stored that it was about to begin began, although the breaker of
// its function had opened meanwhile.
describe('a resumed lane whose breaker opens while it stores that it begins', () => {
  it('waits for the breaker, and begins then', async () => {
    const world = new OneStream({ shards: 2 });
    const { stream, store, clock } = world;
    const breaker = { failures: 1, pauseMs: 5000, maxPauseMs: 5000 };
    const [one = '', two = ''] = [0, 1].map((shard) => {
      const key = ['a', 'b', 'c', 'd', 'e', 'f'].find(
        (data) => stream.put({ partitionKey: data, data }).shardId === stream.shardIds[shard],
      );
      return key ?? '';
    });
    const first = world.start({ breaker });
    await clock.run(first.idle());
    await clock.run(first.stop());
    world.invoked.splice(0);
    const writeRows = store.writeRows.bind(store);
    store.writeRows = (writes) =>
      new Promise((resolve) => {
        clock.timer(50, () => {
          resolve(writeRows(writes));
        });
      });
    world.run = () => ({ afterMs: 10, outcome: GONE });
    const next = world.start({ breaker });
    await clock.advance(2000);
    stream.put({ partitionKey: one, data: 'opens it' });
    await clock.advance(30);
    stream.put({ partitionKey: two, data: 'waits' });
    await clock.advance(1000);
    expect(world.events('breaker.state').map(({ state }) => state)).toEqual(['open']);
    expect(world.invoked).toEqual([['opens it']]);
    world.run = () => ({ afterMs: 10 });
    await clock.run(next.idle());
    expect(world.invoked.flat().toSorted()).toEqual(['opens it', 'opens it', 'waits']);
    await clock.run(next.stop());
  });
});
