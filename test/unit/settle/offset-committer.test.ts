import { describe, expect, it } from 'vitest';
import { SourceError, sequenceNumber, VirtualClock } from '../../../src/index.ts';
import { Latch } from '../../../src/kit/index.ts';
import { OffsetCommitter, type ShardRow } from '../../../src/settle/index.ts';
import { UNTOUCHED } from '../../support/shard-parts.ts';

const BUSY = new SourceError('unavailable', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'the group has no coordinator');

const ROW: ShardRow = { ...UNTOUCHED, position: { kind: 'after', sequenceNumber: sequenceNumber('4') } };

/** Commits of one partition are refused for now, those of the others pass; none is answered before `answered`. */
function committerOf(failing: number, clock = new VirtualClock(), answered: Promise<void> = Promise.resolve()) {
  const hurry = new Latch();
  const committed: number[] = [];
  const troubles: (SourceError | undefined)[] = [];
  const committer = new OffsetCommitter({
    mapping: 'm',
    membership: {
      commit: async (commits) => {
        await answered;
        return commits.map(({ partition }) => {
          if (partition === failing) return BUSY;
          committed.push(partition);
          return 'committed';
        });
      },
    },
    origin: { since: 0, partitions: 2 },
    clock,
    intervalMs: 100,
    hurry,
    listener: () => undefined,
    onRefused: () => undefined,
    onTrouble: (error) => troubles.push(error),
  });
  const change = (partition: number): void => {
    committer.changed({ partition, epoch: 1, snapshot: () => ROW });
  };
  return { clock, hurry, committed, troubles, committer, change };
}

describe('commits of partitions', () => {
  it('are waited for no longer than one of the own passes, whatever becomes of others', async () => {
    const { clock, hurry, committed, committer, change } = committerOf(1);
    change(1);
    await clock.advance(150);
    change(0);
    const flushed = committer.flushOf({ partition: 0, epoch: 1 });
    await clock.advance(10_000);
    expect(committed).toEqual([0]);
    expect(await Promise.race([flushed, Promise.resolve('waits')])).toBe(true);
    hurry.set();
    await clock.advance(0);
  });

  it('that are given up are never said to be made', async () => {
    const { clock, hurry, committer, change } = committerOf(1);
    change(1);
    const first = committer.flush();
    await clock.advance(10);
    change(1);
    const second = committer.flush();
    await clock.advance(10_000);
    hurry.set();
    await clock.advance(10);
    expect(await Promise.all([first, second])).toEqual([false, false]);
  });

  it('of an ownership that is over end the wait for them', async () => {
    const { clock, hurry, committer, change } = committerOf(1);
    change(1);
    const flushed = committer.flushOf({ partition: 1, epoch: 1 });
    await clock.advance(1000);
    committer.forget({ partition: 1, epoch: 1 });
    await clock.advance(0);
    expect(await Promise.race([flushed, Promise.resolve('waits')])).toBe(false);
    hurry.set();
    await clock.advance(0);
  });

  it('that are not answered for a while count as failing until they are, so that nothing more is begun', async () => {
    const clock = new VirtualClock();
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { committer, change, troubles } = committerOf(-1, clock, asked);
    const ownership = { partition: 0, epoch: 1 };
    change(0);
    const flushed = committer.flushOf(ownership);
    await clock.advance(4900);
    expect(committer.troubleOf(ownership)).toBeUndefined();
    await clock.advance(200);
    const trouble = committer.troubleOf(ownership);
    // Commits come one after another, so another partition's waits for it as soon as there is one.
    const other = { partition: 1, epoch: 1 };
    expect(committer.troubleOf(other)).toBeUndefined();
    change(1);
    expect(committer.troubleOf(other)).toMatchObject({ error: { code: 'CommitUnanswered' } });
    expect(troubles.at(-1)?.code).toBe('CommitUnanswered');
    expect(trouble).toMatchObject({ error: { code: 'CommitUnanswered' }, retryAt: 10_000 });
    await clock.advance(20_000);
    expect(committer.troubleOf(ownership)?.retryAt).toBeGreaterThan(clock.monotonic());
    answer();
    await clock.advance(100);
    expect(await flushed).toBe(true);
    expect([committer.troubleOf(ownership), committer.troubleOf(other), troubles.at(-1)]).toEqual([undefined, undefined, undefined]);
    await trouble?.changed;
  });
});
