import { describe, expect, it } from 'vitest';
import { OneTopic } from './one-topic.ts';

// Topics seed 1: a member that was put out of its group had its reads end, and began each again at once, without end.
describe('a process that is put out of its consumer group', () => {
  it('begins nothing of what it had, lets time go on, and works on when it is a member again', async () => {
    const world = new OneTopic({ partitions: 2 });
    const engine = world.start({ batchSize: 1 });
    world.topic.produce({ partition: 0, value: '1' });
    await world.clock.run(engine.idle());
    world.topic.memberships[0]?.expire();
    world.topic.produce({ partition: 0, value: '2' });
    await world.clock.advance(50);
    expect(world.invoked).toEqual([['1']]);
    await world.clock.run(engine.idle());
    expect(world.invoked).toEqual([['1'], ['2']]);
    await world.clock.run(engine.stop());
    expect(world.clock.pendingTimers).toBe(0);
  });
});
