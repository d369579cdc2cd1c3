import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';

const KEPT_MS = 300_000;

async function storedShards(world: StreamWorld): Promise<string[]> {
  return (await world.store.readRows('m')).map(({ shard }) => shard).filter((shard) => !shard.startsWith('@'));
}

async function firstShard(world: StreamWorld): Promise<string> {
  const [shard] = await world.stream.listShards();
  if (shard === undefined) throw new Error('no shard');
  return shard.shardId;
}

describe('shards that come and go', () => {
  it('leave no row behind when the service has forgotten them and their children go on', async () => {
    const world = new StreamWorld({ retentionMs: KEPT_MS });
    world.map({}, () => undefined);
    await world.engine.start();
    const parent = await firstShard(world);
    world.put(0, 3);
    await world.idle();
    const children = world.stream.splitShard(parent);
    world.put(3, 6);
    await world.idle();
    expect(await storedShards(world)).toContain(parent);
    for (let times = 0; times < 4; times += 1) {
      await world.clock.advance(KEPT_MS);
      world.put(6 + times, 7 + times);
    }
    await world.idle();
    await world.stop();
    expect((await storedShards(world)).filter((shard) => shard === parent)).toEqual([]);
    expect((await storedShards(world)).every((shard) => children.includes(shard))).toBe(true);
    expect(world.texts).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('stand still when a child was not read for longer than the stream keeps records', async () => {
    const world = new StreamWorld({ retentionMs: KEPT_MS });
    world.map({}, () => undefined);
    await world.engine.start();
    world.put(0, 3);
    await world.idle();
    await world.stop();
    // The split, and what is lost, while nobody reads.
    world.stream.splitShard(await firstShard(world));
    world.put(3, 6);
    await world.clock.advance(2 * KEPT_MS);
    world.put(6, 9);
    world.renew();
    world.map({}, () => undefined);
    await world.engine.start();
    await world.clock.advance(60_000);
    expect(world.engine.explain().join('\n')).toContain('may have been lost');
    expect(world.texts).toEqual(['0', '1', '2']);
    await world.stop();
  });
});

describe('an on-failure destination that is not there', () => {
  it('is told when the mapping begins, not only when the first record is given up', async () => {
    const world = new StreamWorld();
    const destination = {
      ...world.destination,
      label: 'arn:aws:sqs:eu-west-1:123456789012:nowhere',
      check: () => Promise.reject(new SourceError('not-found', 'QueueDoesNotExist', 'there is no such queue')),
      send: () => Promise.reject(new Error('never asked')),
      close: () => Promise.resolve(),
    };
    world.map({ destinationConfig: { onFailure: { destination } } }, () => undefined);
    await world.engine.start();
    world.put(0, 1);
    await world.idle();
    expect(world.events).toContainEqual({
      name: 'destination.refused',
      event: { mapping: 'm', destination: destination.label, message: 'there is no such queue' },
    });
    expect(world.texts).toEqual(['0']);
    await world.stop();
  });
});
