import { compareSequence, type SequenceNumber } from '../contract/index.ts';
import { type Deferred, deferred } from '../kit/index.ts';
import { type BatchLimits, EVENT_ENVELOPE_BYTES, OpenBatch, PAYLOAD_BYTES_MAX } from '../lanes/index.ts';
import type { RetryMark, ShardEntry } from '../settle/index.ts';
import { WINDOW_STATE_BYTES_MAX } from '../window/index.ts';
import { FRESH, type LaneRange } from './lane-range.ts';

/** What an event in a tumbling window carries beside its records, at most: the state and the bounds. */
const WINDOW_BYTES = WINDOW_STATE_BYTES_MAX + 1024;

/** A record that fits into no event. */
export interface Oversized {
  readonly oversized: ShardEntry;
}

/** How batches are cut. */
export interface LaneLimits {
  readonly batchSize: number;
  readonly windowMs: number;
  readonly eventBytes: (entry: ShardEntry) => number;
  /** What an event takes beside its records. Default: `{"Records":[]}`. */
  readonly envelopeBytes?: number | undefined;
  /** Whether a record belongs into the tumbling window that is open; absent without windows. */
  readonly window: { takes(arrivedAt: number): boolean } | undefined;
}

/**
 * The records of one lane that wait, and how they are cut into batches. Ranges that had failed before the process ended are cut
 * again exactly as they were, so that their counts go on.
 */
export class LaneQueue {
  readonly #limits: LaneLimits;
  /** One object for all batches: one is opened for each record where BatchSize is 1. */
  readonly #batchLimits: BatchLimits;
  #entries: (ShardEntry | undefined)[] = [];
  #head = 0;
  #marks: readonly RetryMark[];
  #isClosed = false;
  /** The last record of the shard that was read, of whatever lane. */
  #readTo: SequenceNumber | undefined;
  /** Nothing more is read before something of what waits is settled. */
  #isReadingHeld = false;
  #changed: Deferred | undefined;

  constructor(limits: LaneLimits, marks: readonly RetryMark[]) {
    this.#limits = limits;
    const { batchSize, windowMs, window, envelopeBytes = EVENT_ENVELOPE_BYTES } = limits;
    const bytes = PAYLOAD_BYTES_MAX - envelopeBytes - (window === undefined ? 0 : WINDOW_BYTES);
    this.#batchLimits = { records: batchSize, bytes, windowMs };
    this.#marks = marks;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** The next record that waits. */
  get head(): ShardEntry | undefined {
    return this.#entries[this.#head];
  }

  push(entry: ShardEntry): void {
    this.#entries.push(entry);
    this.#wake();
  }

  /** The shard was read so far: what is missing of a range up to there does not come. */
  readTo(sequenceNumber: SequenceNumber): void {
    this.#readTo = sequenceNumber;
    this.#isReadingHeld = false;
    if (this.#marks.length > 0) this.#wake();
  }

  /** The shard is not read on for want of room, so no range may wait for its last record. */
  holdReading(): void {
    // Who hears it again would tell the reader that it waits, which would say it again.
    if (this.#isReadingHeld) return;
    this.#isReadingHeld = true;
    if (this.#marks.length > 0) this.#wake();
  }

  /** Ranges with a history that are still to be cut; in order. */
  get marks(): readonly RetryMark[] {
    return this.#marks;
  }

  /** Nothing comes any more: open batches need not wait. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  get isFinished(): boolean {
    return this.#isClosed && this.size === 0;
  }

  /** Resolves at the next push or close. */
  changed(): Promise<void> {
    this.#changed ??= deferred();
    return this.#changed.promise;
  }

  /** A batch that is open, to be filled by {@link fill}. */
  open(): OpenBatch<ShardEntry> {
    return new OpenBatch(this.#batchLimits, this.#limits.eventBytes);
  }

  /** The next range with a history, when all of it is there; `undefined` when the next records have none. */
  takeMarked(): LaneRange | 'not yet' | undefined {
    const mark = this.#nextMark();
    const first = this.#entries[this.#head];
    if (mark === undefined || first === undefined || compareSequence(first.record.sequenceNumber, mark.from) < 0) return undefined;
    const entries: ShardEntry[] = [];
    let isWhole = this.#isClosed || this.#isReadingHeld || (this.#readTo !== undefined && compareSequence(this.#readTo, mark.to) >= 0);
    for (let index = this.#head; index < this.#entries.length && entries.length < this.#limits.batchSize; index += 1) {
      const entry = this.#entries[index];
      if (entry === undefined) break;
      // Cut by windows of another length: no batch straddles.
      if (!this.#isOfWindow(entry)) {
        isWhole = true;
        break;
      }
      const order = compareSequence(entry.record.sequenceNumber, mark.to);
      if (order <= 0) entries.push(entry);
      isWhole ||= order >= 0;
      if (order >= 0) break;
    }
    if (!isWhole && entries.length < this.#limits.batchSize) return 'not yet';
    this.#drop(entries.length);
    this.#marks = this.#marks.slice(1);
    const { attempts, firstAttemptAt, functionError, ran } = mark;
    return { ...FRESH, entries, attempts, firstAttemptAt, functionError, ran, isSuspected: ran !== undefined, isCut: true };
  }

  /** Moves what fits into an open batch. True: nothing more fits or may be waited for. */
  fill(open: OpenBatch<ShardEntry>, now: number): boolean | Oversized {
    const mark = this.#nextMark();
    let taken = 0;
    let found: boolean | Oversized | undefined;
    while (found === undefined) {
      const entry = this.#entries[this.#head + taken];
      if (entry === undefined) found = this.#isClosed;
      else if (mark !== undefined && compareSequence(entry.record.sequenceNumber, mark.from) >= 0) found = true;
      else if (!this.#isOfWindow(entry)) found = true;
      else {
        const added = open.add(entry, now);
        if (added === 'full') found = true;
        else if (added === 'oversized') found = open.items.length > 0 ? true : { oversized: entry };
        if (added === 'added' || typeof found === 'object') taken += 1;
      }
    }
    this.#drop(taken);
    return found;
  }

  /** Marks whose records are done already are of no use. */
  #nextMark(): RetryMark | undefined {
    const first = this.#entries[this.#head];
    if (first === undefined) return this.#marks[0];
    let mark = this.#marks[0];
    while (mark !== undefined && compareSequence(mark.to, first.record.sequenceNumber) < 0) {
      this.#marks = this.#marks.slice(1);
      mark = this.#marks[0];
    }
    return mark;
  }

  #isOfWindow({ record }: ShardEntry): boolean {
    return this.#limits.window?.takes(record.arrivedAt) ?? true;
  }

  #drop(count: number): void {
    this.#entries.fill(undefined, this.#head, this.#head + count);
    this.#head += count;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      // In place: an old array that nobody uses would keep its entries until the next full collection.
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #wake(): void {
    const changed = this.#changed;
    this.#changed = undefined;
    changed?.resolve();
  }
}
