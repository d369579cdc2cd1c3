import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/index.ts';
import { OneTopic } from './one-topic.ts';

const GROUP = 'group-1';

/** Another member, which takes longer to give up what it has than an engine. */
function joinSlowly(world: OneTopic): void {
  const onRevoking = (): Promise<void> =>
    new Promise((resolve) => {
      world.clock.timer(9500, resolve);
    });
  world.topic.join({ groupId: GROUP, listener: { onAssigned: () => undefined, onTrouble: () => undefined, onRevoking } });
}

describe('what is done of a partition when its group rebalances', () => {
  // Topics seed 50079: the group refused a commit that came while it was being divided anew, so that a partition which stayed forgot
  // what it had done.
  it('stays done when the partition stays, although it could not be committed before', async () => {
    const world = new OneTopic({ partitions: 2 });
    joinSlowly(world);
    await world.clock.advance(100);
    const engine = world.start({ batchSize: 1, checkpointIntervalMs: 0 });
    await world.clock.advance(20_000);
    const membership = world.topic.memberships.at(-1);
    if (membership === undefined) throw new Error('the engine has not joined');
    const commit = membership.commit.bind(membership);
    let isOut = true;
    membership.commit = (commits) => (isOut ? Promise.reject(new SourceError('unavailable', 'ECONNRESET', 'no commits')) : commit(commits));
    for (const partition of [0, 1]) world.topic.produce({ partition, value: 'once' });
    await world.clock.advance(2000);
    expect(world.invoked).toEqual([['once']]);
    world.topic.rebalance(GROUP);
    await world.clock.advance(8500);
    isOut = false;
    await world.clock.advance(20_000);
    expect(world.events('group.assigned').at(-1)).toMatchObject({ kept: 1 });
    expect(world.invoked).toEqual([['once']]);
    await world.clock.run(engine.stop());
  });

  // Topics seed 50503: a stop without time to drain ended the revocation before it had committed anything.
  it('is committed when the engine is stopped at once meanwhile', async () => {
    const world = new OneTopic({ partitions: 4 });
    joinSlowly(world);
    await world.clock.advance(100);
    world.run = ([text]) => ({ afterMs: text === 'long' ? 60_000 : 10 });
    const engine = world.start({ batchSize: 1, checkpointIntervalMs: 1000 });
    await world.clock.advance(20_000);
    const membership = world.topic.memberships.at(-1);
    if (membership === undefined) throw new Error('the engine has not joined');
    const commit = membership.commit.bind(membership);
    membership.commit = (commits) =>
      new Promise((resolve) => {
        world.clock.timer(5, () => {
          resolve(commit(commits));
        });
      });
    const [assigned] = world.events('group.assigned').slice(-1);
    expect(assigned?.partitions).toBe(2);
    const ours = [0, 1, 2, 3].filter((partition) => world.topic.peekGroup(GROUP).committed.has(partition));
    const [long = -1, short = -1] = ours;
    world.topic.produce({ partition: long, value: 'long' });
    world.topic.produce({ partition: short, value: 'short' });
    await world.clock.advance(20);
    world.topic.rebalance(GROUP);
    await world.clock.advance(100);
    expect(world.invoked).toEqual([['long'], ['short']]);
    await world.clock.run(engine.stop({ timeoutMs: 0 }));
    expect(world.topic.peekGroup(GROUP).committed.get(short)?.offset).toBe('1');
  });
});
