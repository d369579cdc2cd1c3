import { describe, expect, it } from 'vitest';
import { OneStream } from './one-stream.ts';

// Streams seed 1: a reader that waits for room was woken by what another shard settled, found none and asked again without end.
describe('a buffer that is full of other shards', () => {
  it('is waited for, and time goes on meanwhile', async () => {
    const world = new OneStream({ shards: 3 });
    const engine = world.start({ batchSize: 1 }, { bufferRecords: 1 });
    world.run = ([text]) => ({ afterMs: Number(text) });
    for (let index = 1; index <= 30; index += 1) world.stream.put({ partitionKey: `key ${String(index)}`, data: String(index * 10) });
    await world.clock.run(engine.idle());
    expect(world.invoked).toHaveLength(30);
    await world.clock.run(engine.stop());
  });
});
