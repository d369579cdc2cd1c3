import { type Clock, type EntryResult, QUEUE_ENTRIES_PER_CALL, type QueueReceipt, type Random, SourceError } from '../contract/index.ts';
import { type BackoffPolicy, type Latch, sleep, steadyBackoffMs } from '../kit/index.ts';

/** Waits between tries of failed entries. */
const ENTRY_BACKOFF: BackoffPolicy = { baseMs: 100, capMs: 2000 };
/** How often an entry is tried. */
const ENTRY_TRIES = 6;
/** How many calls of one settlement run at the same time. */
const CALLS_AT_ONCE = 8;

/** What an entry came to that the answer does not mention. */
const UNANSWERED: EntryResult = { ok: false, code: 'Unknown', message: 'the answer does not mention this entry', retryable: true };

/** Entries that failed for good, and why the last of them did. */
export interface FailedEntries<Entry extends QueueReceipt> {
  readonly entries: readonly Entry[];
  readonly code: string;
  readonly message: string;
}

/** What {@link callForEntries} needs. */
export interface EntryCalls<Entry extends QueueReceipt> {
  readonly clock: Clock;
  readonly random: Random;
  /** Set at a hard stop: no further try after the one under way. */
  readonly hurry: Latch;
  /** One call for at most ten entries; may throw a SourceError. */
  readonly call: (entries: readonly Entry[]) => Promise<readonly EntryResult[]>;
}

/**
 * Makes a batch call for any number of entries: ten at a time, and again only for those that failed (a batch that is
 * answered with 200 can still hold failures). Gives what failed for good, `undefined` when everything went well.
 */
export async function callForEntries<Entry extends QueueReceipt>(
  entries: readonly Entry[],
  calls: EntryCalls<Entry>,
): Promise<FailedEntries<Entry> | undefined> {
  if (entries.length <= QUEUE_ENTRIES_PER_CALL) return entries.length === 0 ? undefined : callTen(entries, calls);
  const failed: FailedEntries<Entry>[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < entries.length) {
      const start = next;
      next += QUEUE_ENTRIES_PER_CALL;
      const lost = await callTen(entries.slice(start, start + QUEUE_ENTRIES_PER_CALL), calls);
      if (lost !== undefined) failed.push(lost);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CALLS_AT_ONCE, Math.ceil(entries.length / QUEUE_ENTRIES_PER_CALL)) }, work));
  const last = failed.at(-1);
  return last === undefined ? undefined : { ...last, entries: failed.flatMap((lost) => lost.entries) };
}

async function callTen<Entry extends QueueReceipt>(
  entries: readonly Entry[],
  calls: EntryCalls<Entry>,
): Promise<FailedEntries<Entry> | undefined> {
  const lost: Entry[] = [];
  let code = '';
  let message = '';
  let open: readonly Entry[] = entries;
  for (let attempt = 1; ; attempt += 1) {
    const again: Entry[] = [];
    const results = await results10(open, calls);
    open.forEach((entry, index) => {
      const result = results[index] ?? UNANSWERED;
      if (result.ok) return;
      ({ code, message } = result);
      (result.retryable ? again : lost).push(entry);
    });
    if (again.length === 0) break;
    open = again;
    const wait = steadyBackoffMs(ENTRY_BACKOFF, attempt, calls.random.next());
    if (attempt >= ENTRY_TRIES || !(await sleep(calls.clock, wait, calls.hurry))) {
      lost.push(...again);
      break;
    }
  }
  return lost.length === 0 ? undefined : { entries: lost, code, message };
}

/** A call that failed as a whole is a failure of each entry. */
async function results10<Entry extends QueueReceipt>(entries: readonly Entry[], calls: EntryCalls<Entry>): Promise<readonly EntryResult[]> {
  try {
    return await calls.call(entries);
  } catch (error) {
    const known = error instanceof SourceError ? error : new SourceError('invalid', 'Unknown', String(error), { cause: error });
    const retryable = known.kind === 'unavailable' || known.kind === 'throttled';
    return entries.map(() => ({ ok: false, code: known.code, message: known.message, retryable }));
  }
}
