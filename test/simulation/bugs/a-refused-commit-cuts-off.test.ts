import { describe, expect, it } from 'vitest';
import { OneTopic } from './one-topic.ts';

// Topics seed 103: a lane that stores what it is about to do, and was refused because the partition was somebody else's, asked
// again at once, without end, until its process would have heard of the loss.
describe('a partition whose commit is refused', () => {
  it('begins nothing more under that ownership, and lets time go on', async () => {
    const world = new OneTopic();
    const first = world.start({ batchSize: 1 });
    world.topic.produce({ value: '0' });
    await world.clock.run(first.idle());
    await world.clock.run(first.stop());
    world.run = ([text]) => {
      if (text === '1') world.topic.memberships.at(-1)?.expire();
      return { afterMs: 0 };
    };
    for (const value of ['1', '2', '3']) world.topic.produce({ value });
    const next = world.start({ batchSize: 1, checkpointIntervalMs: 0 });
    await world.clock.advance(60);
    expect(world.invoked).toEqual([['0'], ['1']]);
    world.run = () => ({ afterMs: 0 });
    await world.clock.run(next.idle());
    expect(world.invoked).toEqual([['0'], ['1'], ['1'], ['2'], ['3']]);
    await world.clock.run(next.stop());
  });
});
