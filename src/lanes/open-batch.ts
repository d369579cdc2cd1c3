/** What the batcher needs to know of an item. */
export interface Sized {
  /** An upper bound of its bytes in the event JSON. */
  readonly sizeBound: number;
}

/** When a batch is complete. */
export interface BatchLimits {
  /** BatchSize: records. */
  readonly records: number;
  /** Bytes of event JSON that the records may take together. */
  readonly bytes: number;
  /** MaximumBatchingWindowInSeconds, in ms; 0: no window. */
  readonly windowMs: number;
}

/** The answer to {@link OpenBatch.add}: taken, does not fit any more, or fits into no batch at all. */
export type Added = 'added' | 'full' | 'oversized';

/** Bytes of an event around its records: `{"Records":[` and `]}`. */
export const EVENT_ENVELOPE_BYTES = 14;

/** The most that one synchronous invocation may carry: 6 MB of event JSON (AWS Lambda quotas). */
export const PAYLOAD_BYTES_MAX = 6_291_456;

/**
 * A batch that is being collected (spec c): a plain object that adds, tells how much room is left and when it closes.
 * The timer is somebody else's. Bytes are counted by upper bounds; the exact size of an item is asked for, once, only
 * when the bounds pass the limit.
 */
export class OpenBatch<Item extends Sized> {
  readonly #limits: BatchLimits;
  readonly #exactBytes: (item: Item) => number;
  readonly #items: Item[] = [];
  /** Exact for the first `#measured` items, bounds for the rest. */
  #bytes = 0;
  #measured = 0;
  #openedAt: number | undefined;
  #cut = false;

  constructor(limits: BatchLimits, exactBytes: (item: Item) => number) {
    this.#limits = limits;
    this.#exactBytes = exactBytes;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** How many more records it takes. */
  get room(): number {
    return this.#cut ? 0 : this.#limits.records - this.#items.length;
  }

  /** When it closes whether full or not (monotonic, ms); `undefined` while it is empty. */
  get closesAt(): number | undefined {
    return this.#openedAt === undefined ? undefined : this.#openedAt + this.#limits.windowMs;
  }

  /** Whether it is to be invoked now: it has records, and is full or its window is over. */
  isComplete(now: number): boolean {
    const { closesAt } = this;
    return closesAt !== undefined && (this.room <= 0 || now >= closesAt);
  }

  /** Adds one item that arrived at `now`. After `full` nothing more is taken, so that order is kept. */
  add(item: Item, now: number): Added {
    if (this.room <= 0) return 'full';
    if (this.#bytes + item.sizeBound > this.#limits.bytes) {
      const answer = this.#addMeasured(item);
      if (answer !== 'added') return answer;
    } else {
      this.#bytes += item.sizeBound;
    }
    this.#items.push(item);
    this.#openedAt ??= now;
    return 'added';
  }

  #addMeasured(item: Item): Added {
    const bytes = this.#exactBytes(item);
    if (bytes > this.#limits.bytes) return 'oversized';
    for (const earlier of this.#items.slice(this.#measured)) this.#bytes += this.#exactBytes(earlier) - earlier.sizeBound;
    this.#measured = this.#items.length;
    if (this.#bytes + bytes > this.#limits.bytes) {
      this.#cut = true;
      return 'full';
    }
    this.#bytes += bytes;
    this.#measured += 1;
    return 'added';
  }
}
