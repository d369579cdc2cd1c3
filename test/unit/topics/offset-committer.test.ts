import { describe, expect, it } from 'vitest';
import { type CommitResult, type OffsetCommit, SourceError, sequenceNumber, VirtualClock } from '../../../src/index.ts';
import { Latch } from '../../../src/kit/index.ts';
import { OffsetCommitter, type ShardRow } from '../../../src/settle/index.ts';

function rowAt(offset: number, failed = 0): ShardRow {
  const range = (number: number): ShardRow['retry'][number] => ({
    lane: 0,
    from: sequenceNumber(String(offset + number)),
    to: sequenceNumber(String(offset + number)),
    attempts: 1,
    firstAttemptAt: 1_700_000_000_000,
    functionError: undefined,
    ran: undefined,
  });
  return {
    incarnation: 'orders',
    position: { kind: 'before', sequenceNumber: sequenceNumber(String(offset)) },
    readThrough: undefined,
    current: { scheme: { pf: 1, hash: 'fnv1a' }, lanes: [null] },
    older: [],
    retry: Array.from({ length: failed }, (_, number) => range(number)),
    window: undefined,
  };
}

const BUSY = new SourceError('unavailable', 'REBALANCE_IN_PROGRESS', 'the group is being divided anew');

/** A committer whose group answers as it is told. */
function committerOf(answer: (commit: OffsetCommit) => CommitResult | Promise<CommitResult>) {
  const clock = new VirtualClock();
  const hurry = new Latch();
  const asked: OffsetCommit[][] = [];
  const refused: number[] = [];
  const troubles: (SourceError | undefined)[] = [];
  const committer = new OffsetCommitter({
    mapping: 'm',
    membership: {
      commit: (commits) => {
        asked.push([...commits]);
        return Promise.all(commits.map((commit) => Promise.resolve(answer(commit))));
      },
    },
    origin: { since: 1_700_000_000_000, partitions: 2 },
    clock,
    intervalMs: 100,
    hurry,
    listener: () => undefined,
    onRefused: ({ partition }) => refused.push(partition),
    onTrouble: (error) => troubles.push(error),
  });
  return { clock, hurry, asked, refused, troubles, committer };
}

const P0 = { partition: 0, epoch: 1 };
const P1 = { partition: 1, epoch: 2 };

describe('a committer of offsets', () => {
  it('tells who waits that a commit is lost when the engine ends during it, and does not spin', async () => {
    let fail = (): void => undefined;
    const { clock, hurry, committer } = committerOf(
      () =>
        new Promise((resolve) => {
          fail = () => resolve(BUSY);
        }),
    );
    committer.changed({ ...P0, snapshot: () => rowAt(3) });
    await clock.advance(100);
    const flushed = committer.flushOf(P0);
    hurry.set();
    fail();
    expect(await flushed).toBe(false);
    expect(await committer.flushOf(P0)).toBe(false);
  });

  it('tells who waits that an ownership is over even if it goes on meanwhile, and does not spin', async () => {
    let isBusy = true;
    const { clock, committer, refused } = committerOf(({ partition }) => (partition === 0 ? 'refused' : isBusy ? BUSY : 'committed'));
    committer.begin(P0);
    committer.begin(P1);
    committer.changed({ ...P0, snapshot: () => rowAt(3) });
    committer.changed({ ...P0, snapshot: () => rowAt(4) });
    committer.changed({ ...P1, snapshot: () => rowAt(5) });
    const flushed = committer.flushOf(P0);
    await clock.advance(10);
    expect(refused).toEqual([0]);
    committer.begin(P0);
    isBusy = false;
    await clock.advance(10_000);
    expect(await flushed).toBe(false);
  });

  it('commits with less beside the offset where the broker takes less, and keeps no other partition waiting', async () => {
    const { clock, committer, asked } = committerOf(({ partition, metadata }) =>
      partition === 0 && metadata.length > 100 ? new SourceError('invalid', 'OFFSET_METADATA_TOO_LARGE', 'too long') : 'committed',
    );
    committer.begin(P0);
    committer.begin(P1);
    committer.changed({ ...P0, snapshot: () => rowAt(3, 60) });
    const first = committer.flushOf(P0);
    committer.changed({ ...P1, snapshot: () => rowAt(5) });
    const second = committer.flushOf(P1);
    expect(await clock.run(Promise.all([first, second]), 50)).toEqual([true, true]);
    const last = asked.flat().findLast(({ partition }) => partition === 0);
    expect(last?.offset).toBe('3');
    expect(last?.metadata.startsWith('MR1.')).toBe(true);
    // What it has learned it remembers.
    const calls = asked.length;
    committer.changed({ ...P0, snapshot: () => rowAt(4, 60) });
    expect(await clock.run(committer.flushOf(P0))).toBe(true);
    expect(asked).toHaveLength(calls + 1);
  });

  it('does not say that trouble is over because what had it is ours no longer', async () => {
    const { clock, committer, troubles, asked } = committerOf(() => BUSY);
    committer.begin(P0);
    committer.changed({ ...P0, snapshot: () => rowAt(3) });
    await clock.advance(1_000);
    committer.forget(P0);
    const calls = asked.length;
    await clock.advance(60_000);
    expect(asked).toHaveLength(calls);
    expect(troubles.length).toBeGreaterThan(1);
    expect(troubles).not.toContain(undefined);
  });

  it('commits nothing of an ownership that is over and at rest', async () => {
    const { clock, committer, asked } = committerOf(() => 'committed');
    committer.begin(P0);
    committer.changed({ ...P0, snapshot: () => rowAt(3) });
    committer.forget(P0);
    committer.rested(P0);
    await clock.advance(1_000);
    expect(asked).toEqual([]);
  });
});
