import { describe, expect, it } from 'vitest';
import { type CommitResult, type GroupListener, SourceError, VirtualClock } from '../../../src/index.ts';
import { withCommits } from '../../support/faulty-commits.ts';
import { TopicWorld } from '../../support/topic-world.ts';

const SESSION_MS = 10_000;
const BUSY = new SourceError('unavailable', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'the group has no coordinator');
const NOBODY: GroupListener = {
  onAssigned: () => undefined,
  onRevoking: () => Promise.resolve(),
  onTrouble: () => undefined,
};

// Topics seed 437: a commit that failed was tried again while the group was being divided anew, and was refused. The partition stayed,
// under its epoch, and nothing of it was ever committed again.
describe('a partition that stays although a late commit of it was refused in the rebalance', () => {
  it('is worked on and committed again', async () => {
    const world = new TopicWorld({ partitions: 2, sessionTimeoutMs: SESSION_MS });
    const { clock, topic } = world;
    let answer: CommitResult | undefined;
    let refusals = 0;
    const waits = new Map([
      ['slow', 600],
      ['hangs', 13_000],
    ]);
    const source = withCommits(topic.client({ clock }), () => {
      const given = answer;
      if (given === 'refused') {
        answer = undefined;
        refusals += 1;
      }
      return given;
    });
    const member = world.member(
      { batchSize: 1, parallelizationFactor: 2, timeout: 60, checkpointIntervalMs: 20 },
      ([record]) => new Promise<void>((resolve) => clock.timer(waits.get(record?.text ?? '') ?? 0, resolve)),
      source,
    );
    // Another process joins, and then stands still: the group waits for it until its session is over.
    const other = new VirtualClock();
    topic.client({ clock: other }).join({ groupId: 'm', listener: NOBODY });
    for (let turn = 0; turn < 20; turn += 1) {
      await clock.advance(10);
      await other.advance(10);
    }
    const before = topic.peekGroup('m').members.map(({ partitions }) => partitions);
    expect(before).toEqual([[0], [1]]);
    // Keys of two lanes.
    topic.produce({ partition: 0, key: 'b', value: 'slow' });
    topic.produce({ partition: 0, key: 'a', value: 'hangs' });
    await clock.advance(50);
    expect(world.seen.map(({ text }) => text)).toEqual(['slow', 'hangs']);
    answer = BUSY;
    topic.rebalance('m');
    // At the deadline it has given up, with a commit that still fails.
    await clock.advance(0.83 * SESSION_MS + 100);
    answer = 'refused';
    await clock.advance(700);
    expect([refusals, topic.peekGroup('m').members.length]).toEqual([1, 2]);
    await clock.advance(SESSION_MS);
    expect(topic.peekGroup('m').members.map(({ partitions }) => partitions)).toEqual([[0, 1]]);
    for (const value of ['1', '2', '3']) topic.produce({ partition: 0, key: 'a', value });
    await world.idle(member);
    expect(world.seen.slice(-3).map(({ text }) => text)).toEqual(['1', '2', '3']);
    await clock.advance(1000);
    expect(world.committed(0)?.offset).toBe('5');
    await world.stop(member);
  });
});
