import { beforeEach, describe, expect, it } from 'vitest';
import { type EntryResult, type QueueReceipt, SourceError } from '../../../src/contract/index.ts';
import { Latch } from '../../../src/kit/index.ts';
import { callForEntries, type FailedEntries } from '../../../src/settle/entry-calls.ts';
import { SeededRandom, VirtualClock } from '../../../src/testing/index.ts';

const receipts = (count: number): QueueReceipt[] =>
  Array.from({ length: count }, (_, index) => ({ messageId: String(index), receiptHandle: `h${String(index)}` }));
const OK: EntryResult = { ok: true };
const refused = (retryable: boolean): EntryResult => ({ ok: false, code: 'InternalError', message: 'try later', retryable });

let clock: VirtualClock;
let hurry: Latch;
let calls: string[][];

beforeEach(() => {
  clock = new VirtualClock();
  hurry = new Latch();
  calls = [];
});

/** Calls; `answer` is asked for each entry, with the number of its call. */
function run(
  entries: readonly QueueReceipt[],
  answer: (id: string, call: number) => EntryResult,
): Promise<FailedEntries<QueueReceipt> | undefined> {
  return callForEntries(entries, {
    clock,
    random: new SeededRandom(1),
    hurry,
    call: async (some) => {
      calls.push(some.map(({ messageId }) => messageId));
      const call = calls.length;
      return some.map(({ messageId }) => answer(messageId, call));
    },
  });
}

const lost = (failed: FailedEntries<QueueReceipt> | undefined): string[] => (failed?.entries ?? []).map(({ messageId }) => messageId);

describe('a call for entries', () => {
  it('makes no call for none and one call for ten', async () => {
    await run([], () => OK);
    expect(calls).toEqual([]);
    expect(await run(receipts(10), () => OK)).toBeUndefined();
    expect(calls).toHaveLength(1);
  });

  it('takes ten at a time and names each entry once', async () => {
    expect(await clock.run(run(receipts(237), () => OK))).toBeUndefined();
    expect(calls.map((call) => call.length)).toEqual([...Array.from({ length: 23 }, () => 10), 7]);
    expect(new Set(calls.flat()).size).toBe(237);
  });

  it('asks again only for the entries that failed, though the call itself was answered', async () => {
    const failed = await clock.run(run(receipts(10), (id, call) => (call === 1 && ['3', '7'].includes(id) ? refused(true) : OK)));
    expect(failed).toBeUndefined();
    expect(calls).toEqual([expect.any(Array), ['3', '7']]);
    expect(clock.monotonic()).toBeGreaterThan(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not ask again for what will be refused again, and names it with its reason', async () => {
    const failed = await clock.run(run(receipts(3), (id) => (id === '1' ? refused(false) : OK)));
    expect(calls).toHaveLength(1);
    expect(failed).toMatchObject({ code: 'InternalError', message: 'try later' });
    expect(lost(failed)).toEqual(['1']);
  });

  it('gives up after some tries, with waits that grow', async () => {
    const at: number[] = [];
    const failed = await clock.run(
      run(receipts(1), () => {
        at.push(clock.monotonic());
        return refused(true);
      }),
    );
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(lost(failed)).toEqual(['0']);
    expect(calls).toHaveLength(6);
    expect(waits[4]).toBeGreaterThan(4 * (waits[0] ?? 0));
  });

  it('takes a call that failed as a whole for a failure of each entry', async () => {
    let times = 0;
    const call = async (some: readonly QueueReceipt[]): Promise<EntryResult[]> => {
      times += 1;
      if (times === 1) throw new SourceError('unavailable', 'ECONNRESET', 'reset');
      return some.map(() => OK);
    };
    expect(await clock.run(callForEntries(receipts(10), { clock, random: new SeededRandom(1), hurry, call }))).toBeUndefined();
    expect(times).toBe(2);
  });

  it.each([
    ['denied', 1],
    ['invalid', 1],
    ['throttled', 6],
    ['unavailable', 6],
  ] as const)('that fails as %s is made %i times', async (kind, expected) => {
    let times = 0;
    const call = async (): Promise<never> => {
      times += 1;
      throw new SourceError(kind, 'Code', 'why');
    };
    const failed = await clock.run(callForEntries(receipts(2), { clock, random: new SeededRandom(1), hurry, call }));
    expect([times, lost(failed), failed?.code]).toEqual([expected, ['0', '1'], 'Code']);
  });

  it('loses nothing of the other calls when one of many fails', async () => {
    const failed = await clock.run(run(receipts(35), (id) => (id === '14' ? refused(false) : OK)));
    expect(lost(failed)).toEqual(['14']);
  });

  it('is not made again in a hurry', async () => {
    const failed = run(receipts(2), () => refused(true));
    await clock.settle();
    hurry.set();
    expect(lost(await failed)).toEqual(['0', '1']);
    expect([calls.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('takes an entry that the answer does not mention for failed, and asks again', async () => {
    const asked: string[][] = [];
    const call = async (some: readonly QueueReceipt[]): Promise<EntryResult[]> => {
      asked.push(some.map(({ messageId }) => messageId));
      return [OK];
    };
    expect(await clock.run(callForEntries(receipts(2), { clock, random: new SeededRandom(1), hurry, call }))).toBeUndefined();
    expect(asked).toEqual([['0', '1'], ['1']]);
  });
});
