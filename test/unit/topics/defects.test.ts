import { describe, expect, it } from 'vitest';
import { TopicWorld } from '../../support/topic-world.ts';

describe('a defect in the work on one partition', () => {
  it('is told when it comes, and ends neither the process nor the work on others', async () => {
    const world = new TopicWorld({ partitions: 2 });
    world.produce(0, 10, { keys: 2, partitions: 2 });
    const source = world.topic.client({ clock: world.clock });
    source.batchInfo = () => {
      throw new TypeError('a defect');
    };
    const fields = { batchSize: 1, maximumRetryAttempts: 0, destinationConfig: { onFailure: { destination: world.destination } } };
    const member = world.member(
      fields,
      ([record]) => {
        if (record?.partition === 0) throw new Error('poison');
      },
      source,
    );
    await world.clock.advance(10_000);
    expect(member.events.filter(({ name }) => name === 'engine.defect')).toHaveLength(1);
    expect(world.seen.filter(({ partition }) => partition === 1).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
    await world.stop(member);
    expect(world.committed(0)?.offset).toBe('0');
    expect(world.committed(1)?.offset).toBe('5');
  });
});
