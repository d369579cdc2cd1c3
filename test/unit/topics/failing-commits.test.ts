import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/index.ts';
import { withCommits } from '../../support/faulty-commits.ts';
import { TopicWorld } from '../../support/topic-world.ts';

const BUSY = new SourceError('unavailable', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'the group has no coordinator');

describe('a partition whose commits fail again and again', () => {
  it('begins nothing new, so that a crash repeats what ran or was settled before the first failure, and no more', async () => {
    const world = new TopicWorld();
    let isFailing = false;
    const member = world.member(
      { batchSize: 1, checkpointIntervalMs: 100 },
      () => new Promise<void>((resolve) => world.clock.timer(10, resolve)),
      withCommits(world.topic.client({ clock: world.clock }), () => (isFailing ? BUSY : undefined)),
    );
    world.produce(0, 5);
    await world.idle(member);
    await world.clock.advance(1000);
    isFailing = true;
    world.produce(5, 2000);
    await world.clock.advance(60_000);
    // One at a time for the 100 ms until the first commit fails, and the one that runs then.
    expect(world.seen.length - 5).toBeLessThanOrEqual(12);
    expect(world.seen.length - 5).toBeGreaterThan(5);
    expect(world.committed(0)?.offset).toBe('5');
    expect(member.engine.explain().join('\n')).toContain('lane 0: the source cannot be used (unavailable: the group has no coordinator)');
    isFailing = false;
    await world.idle(member);
    expect(world.seen.map(({ offset }) => offset)).toEqual(Array.from({ length: 2000 }, (_, index) => index));
    await world.stop(member);
    expect(world.committed(0)?.offset).toBe('2000');
  });

  it('keeps the others neither from working nor from committing', async () => {
    const world = new TopicWorld({ partitions: 2 });
    let isFailing = false;
    const member = world.member(
      { batchSize: 1 },
      () => undefined,
      withCommits(world.topic.client({ clock: world.clock }), ({ partition }) => (isFailing && partition === 0 ? BUSY : undefined)),
    );
    world.produce(0, 10, { keys: 2, partitions: 2 });
    await world.idle(member);
    await world.clock.advance(1000);
    isFailing = true;
    world.produce(10, 20, { keys: 2, partitions: 2 });
    await world.clock.advance(10_000);
    world.produce(20, 30, { keys: 2, partitions: 2 });
    await world.clock.advance(10_000);
    expect(world.committed(0)?.offset).toBe('5');
    expect(world.committed(1)?.offset).toBe('15');
    isFailing = false;
    await world.idle(member);
    await world.stop(member);
    expect([0, 1].map((partition) => world.committed(partition)?.offset)).toEqual(['15', '15']);
  });
});
