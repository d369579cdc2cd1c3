import { describe, expect, it } from 'vitest';
import { OneStream } from './one-stream.ts';

// Streams seed 29614: a lane that had nothing more to do of a closed shard still said that its function worked, for as long as another
// lane of the shard was not done, and the watchdog took it for overdue.
describe('a lane that has worked off its part of a closed shard', () => {
  it('waits for nothing more while another lane is not done', async () => {
    const world = new OneStream();
    world.run = ([text]) => ({
      afterMs: 10,
      outcome: text === 'b' ? { kind: 'function-error', errorType: 'Error', errorMessage: 'no' } : { kind: 'success', text: () => '' },
    });
    const engine = world.start({ parallelizationFactor: 2, batchSize: 1 });
    await world.clock.advance(1000);
    const [shard = ''] = world.stream.shardIds;
    // Keys of two lanes.
    for (const data of ['a', 'b']) world.stream.put({ partitionKey: data, data });
    world.stream.splitShard(shard);
    await world.clock.advance(120_000);
    const waits = engine.mappings.flatMap((mapping) => mapping.waits()).filter(({ part }) => part.startsWith(`${shard} lane`));
    expect(waits.map(({ reason }) => reason.kind).toSorted()).toEqual(['no-records', 'retry']);
    engine.look();
    await world.clock.advance(20_000);
    expect(engine.look().filter(({ severity }) => severity === 'stuck')).toEqual([]);
    await world.clock.run(engine.stop({ timeoutMs: 0 }));
  });
});
