import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequenceNumber } from '../../../src/contract/index.ts';
import { PAYLOAD_BYTES_MAX } from '../../../src/lanes/index.ts';
import { type LaneLimits, LaneQueue } from '../../../src/mapping/lane-queue.ts';
import type { RetryMark, ShardEntry } from '../../../src/settle/index.ts';

const entry = (number: number, bytes = 100): ShardEntry => ({
  lane: 0,
  isDone: false,
  sizeBound: bytes,
  record: { sequenceNumber: sequenceNumber(String(number)), orderKey: 'k', arrivedAt: 0, sizeBound: bytes },
});

const mark = (from: number, to: number, attempts = 1, given: Partial<RetryMark> = {}): RetryMark => {
  return {
    lane: 0,
    from: sequenceNumber(String(from)),
    to: sequenceNumber(String(to)),
    attempts,
    firstAttemptAt: 7,
    functionError: undefined,
    ran: undefined,
    ...given,
  };
};

function queueOf(numbers: readonly number[], marks: readonly RetryMark[] = [], limits: Partial<LaneLimits> = {}): LaneQueue {
  const queue = new LaneQueue(
    { batchSize: 10, windowMs: 0, eventBytes: ({ record }) => record.sizeBound, window: undefined, ...limits },
    marks,
  );
  for (const number of numbers) queue.push(entry(number));
  return queue;
}

const numbersOf = (entries: readonly ShardEntry[]): number[] => entries.map(({ record }) => Number(record.sequenceNumber));
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** The next batch as the lane takes it: a range with a history first; then whether it waits for more. */
function next(queue: LaneQueue): { readonly numbers: readonly number[]; readonly attempts?: number; readonly isOpen?: boolean } {
  const marked = queue.takeMarked();
  if (marked === 'not yet') return { numbers: [], isOpen: true };
  if (marked !== undefined) return { numbers: numbersOf(marked.entries), attempts: marked.attempts };
  const open = queue.open();
  const filled = queue.fill(open, 0);
  if (typeof filled === 'object') return { numbers: [-Number(filled.oversized.record.sequenceNumber)] };
  return { numbers: numbersOf(open.items), isOpen: !filled };
}

describe('the queue of a lane', () => {
  it('cuts batches of the batch size in the order of arrival, and leaves the last open', () => {
    const queue = queueOf(upTo(25));
    expect([next(queue), next(queue), next(queue)]).toEqual([
      { numbers: upTo(10), isOpen: false },
      { numbers: upTo(20, 11), isOpen: false },
      { numbers: upTo(25, 21), isOpen: true },
    ]);
    expect(queue.size).toBe(0);
  });

  it('goes on filling the batch that is open, until nothing comes any more', () => {
    const queue = queueOf([1, 2]);
    const open = queue.open();
    expect(queue.fill(open, 0)).toBe(false);
    queue.push(entry(3));
    expect([queue.fill(open, 5), queue.isFinished]).toEqual([false, false]);
    queue.close();
    expect([queue.fill(open, 9), queue.isFinished]).toEqual([true, true]);
    expect(numbersOf(open.items)).toEqual([1, 2, 3]);
    expect(open.closesAt).toBe(0);
  });

  it('leaves room for the state of a window beside the records of a batch', () => {
    const third = Math.floor(PAYLOAD_BYTES_MAX / 3) - 10_000;
    const sizes = (limits: Partial<LaneLimits>): number => {
      const queue = queueOf([], [], limits);
      for (const number of [1, 2, 3]) queue.push(entry(number, third));
      return next(queue).numbers.length;
    };
    expect([sizes({}), sizes({ window: { takes: () => true } })]).toEqual([3, 2]);
  });

  it('cuts a batch where the event would be too large, and takes out what fits into none', () => {
    const queue = queueOf([]);
    const half = PAYLOAD_BYTES_MAX / 2;
    for (const [number, bytes] of [
      [1, half],
      [2, half],
      [3, PAYLOAD_BYTES_MAX],
      [4, 10],
    ] as const) {
      queue.push(entry(number, bytes));
    }
    expect([next(queue), next(queue), next(queue), next(queue)].map(({ numbers }) => numbers)).toEqual([[1], [2], [-3], [4]]);
    expect(queue.size).toBe(0);
  });

  it('wakes who waits at a push and at the close, once for all', async () => {
    const queue = queueOf([]);
    const pushed = [queue.changed(), queue.changed()];
    queue.push(entry(1));
    await Promise.all(pushed);
    const closed = queue.changed();
    queue.close();
    await closed;
    expect(queue.isFinished).toBe(false);
    next(queue);
    expect(queue.isFinished).toBe(true);
  });

  it('keeps the order and loses nothing however pushes and batches alternate, over thousands of records', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(900), fc.nat(90)), { maxLength: 12 }), (rounds) => {
        const queue = queueOf([]);
        const taken: number[] = [];
        let last = 0;
        for (const [pushes, batches] of rounds) {
          for (let count = 0; count < pushes; count += 1) queue.push(entry((last += 1)));
          for (let count = 0; count < batches; count += 1) taken.push(...next(queue).numbers);
          expect(queue.size).toBe(last - taken.length);
        }
        while (queue.size > 0) taken.push(...next(queue).numbers);
        expect(taken).toEqual(upTo(last));
      }),
      { numRuns: 30 },
    );
  });
});

describe('ranges that had failed before', () => {
  it('are cut again exactly as they were, with their counts, and what is between them as usual', () => {
    const queue = queueOf(upTo(30), [mark(3, 6, 4), mark(7, 8, 2), mark(20, 24, 1)]);
    const found = [];
    while (queue.size > 0) found.push(next(queue));
    expect(found).toEqual([
      { numbers: [1, 2], isOpen: false },
      { numbers: [3, 4, 5, 6], attempts: 4 },
      { numbers: [7, 8], attempts: 2 },
      { numbers: upTo(18, 9), isOpen: false },
      { numbers: [19], isOpen: false },
      { numbers: upTo(24, 20), attempts: 1 },
      { numbers: upTo(30, 25), isOpen: true },
    ]);
  });

  it('remember when they failed first and whether they were running when the process ended', () => {
    const queue = queueOf([1, 2], [mark(1, 2, 3, { firstAttemptAt: 99, ran: 'alone' })]);
    expect(queue.takeMarked()).toMatchObject({
      attempts: 3,
      firstAttemptAt: 99,
      ran: 'alone',
      isSuspected: true,
      isCut: true,
      notBefore: 0,
      waits: 0,
    });
  });

  it('wait for their last record, and go without it when nothing comes any more', () => {
    const queue = queueOf([5, 6], [mark(5, 9, 2)]);
    expect(queue.takeMarked()).toBe('not yet');
    queue.push(entry(8));
    expect(queue.takeMarked()).toBe('not yet');
    queue.close();
    expect(next(queue)).toEqual({ numbers: [5, 6, 8], attempts: 2 });
  });

  it('need not wait for a last record that is missing when the shard was read behind it', async () => {
    const queue = queueOf([5, 6], [mark(5, 9, 2)]);
    queue.readTo(sequenceNumber('8'));
    expect(queue.takeMarked()).toBe('not yet');
    const changed = queue.changed();
    queue.readTo(sequenceNumber('10'));
    await changed;
    expect(next(queue)).toEqual({ numbers: [5, 6], attempts: 2 });
  });

  it('go in parts while the shard is not read on, and wait again when it is', async () => {
    const queue = queueOf([5, 6], [mark(5, 6, 1), mark(7, 9, 2)]);
    expect(queue.marks).toHaveLength(2);
    expect(next(queue)).toEqual({ numbers: [5, 6], attempts: 1 });
    queue.push(entry(7));
    expect(queue.takeMarked()).toBe('not yet');
    const changed = queue.changed();
    queue.holdReading();
    queue.readTo(sequenceNumber('7'));
    await changed;
    expect(queue.takeMarked()).toBe('not yet');
    queue.holdReading();
    expect(next(queue)).toEqual({ numbers: [7], attempts: 2 });
    expect(queue.marks).toEqual([]);
  });

  it('need not wait for a last record that is missing when a later one is there', () => {
    const queue = queueOf([5, 6, 12], [mark(5, 9, 2)]);
    expect([next(queue), next(queue)]).toEqual([
      { numbers: [5, 6], attempts: 2 },
      { numbers: [12], isOpen: true },
    ]);
  });

  it('are never longer than a batch, also when the batch size was lowered', () => {
    const queue = queueOf(upTo(9), [mark(1, 9, 2)], { batchSize: 4 });
    expect(next(queue)).toEqual({ numbers: [1, 2, 3, 4], attempts: 2 });
    expect(next(queue)).toEqual({ numbers: [5, 6, 7, 8], isOpen: false });
  });

  it('are of no use when their records are done or gone', () => {
    const queue = queueOf([10, 11, 30, 31], [mark(1, 4, 9), mark(20, 22, 9)]);
    expect(next(queue)).toEqual({ numbers: [10, 11], isOpen: false });
    expect(next(queue)).toEqual({ numbers: [30, 31], isOpen: true });
  });

  it('are taken by what is left of them when their first records are done', () => {
    const queue = queueOf([3, 4], [mark(1, 4, 5)]);
    expect(next(queue)).toEqual({ numbers: [3, 4], attempts: 5 });
  });

  it('compare numbers as integers, not as text (R15)', () => {
    const queue = queueOf([9, 10, 11], [mark(10, 11, 1)]);
    expect([next(queue), next(queue)]).toEqual([
      { numbers: [9], isOpen: false },
      { numbers: [10, 11], attempts: 1 },
    ]);
  });
});
