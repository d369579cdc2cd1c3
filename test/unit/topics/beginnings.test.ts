import { describe, expect, it } from 'vitest';
import { sequenceNumber } from '../../../src/index.ts';
import { decodeCommit } from '../../../src/settle/index.ts';
import { TopicWorld } from '../../support/topic-world.ts';

describe('where a mapping of a topic begins', () => {
  it('is committed on by later processes as the first one took it, so that no later partition is begun too late', async () => {
    const world = new TopicWorld();
    const first = world.member({ startingPosition: 'LATEST' });
    await world.idle(first);
    await world.stop(first);
    const originOf = () => {
      const { offset, metadata } = world.committed(0) ?? expect.fail('nothing is committed');
      return decodeCommit({ offset: sequenceNumber(offset), metadata }, { incarnation: 'orders', hash: '' })?.origin;
    };
    const origin = originOf();
    expect(origin?.partitions).toBe(1);
    await world.clock.advance(60_000);
    world.topic.addPartitions(2);
    world.produce(0, 4, { keys: 2, partitions: 2 });
    await world.clock.advance(60_000);
    const second = world.member({ startingPosition: 'LATEST' });
    await world.idle(second);
    await world.stop(second);
    expect(world.seen).toHaveLength(4);
    expect(originOf()).toEqual(origin);
  });
});
