import { describe, expect, it } from 'vitest';
import { StreamWorld } from '../../support/stream-world.ts';

const HOUR_MS = 3_600_000;

/** A stream that keeps records for an hour, read to its tip and then idle for two. */
async function idleWorld(): Promise<StreamWorld> {
  const world = new StreamWorld({ retentionMs: HOUR_MS });
  world.map({}, () => undefined);
  world.put(0, 3);
  await world.engine.start();
  await world.idle();
  await world.clock.advance(2 * HOUR_MS);
  return world;
}

describe('a shard that was idle for longer than its stream keeps records, with nothing lost', () => {
  it('goes on when its iterators have expired, although the record at its position is gone', async () => {
    const world = await idleWorld();
    world.stream.expireIterators();
    world.put(3, 6);
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(world.events.filter(({ name, event }) => name === 'shard.state' && JSON.stringify(event).includes('trimmed'))).toEqual([]);
  });

  it('goes on after a restart', async () => {
    const world = await idleWorld();
    await world.stop();
    world.put(3, 6);
    await world.clock.advance(HOUR_MS / 2);
    world.renew();
    world.map({}, () => undefined);
    await world.engine.start();
    await world.idle();
    expect(world.texts).toEqual(['0', '1', '2', '3', '4', '5']);
    await world.stop();
  });
});
