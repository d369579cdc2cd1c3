import { compareSequence, type SequenceNumber, type StoredWindow, type StreamPosition, type StreamRecord } from '../contract/index.ts';
import { type LaneMarks, type LaneScheme, OLDER_SCHEMES_MAX, type RetryMark, type ShardRow } from './shard-row.ts';

/** How far the read-through instant moves before it alone is a reason to store the row, ms. */
const READ_THROUGH_STEP_MS = 30_000;

/** One record that was read and is not done. */
export interface ShardEntry<Item extends StreamRecord = StreamRecord> {
  readonly record: Item;
  /** The record's: batches are cut by it. */
  readonly sizeBound: number;
  readonly lane: number;
  isDone: boolean;
}

/** What a ledger begins with. */
export interface ShardLedgerParts {
  readonly row: ShardRow;
  readonly scheme: LaneScheme;
  /** The lane of a record under a number of lanes. */
  readonly laneOf: (record: StreamRecord, lanes: number) => number;
  /** Something changed that has to be stored. */
  readonly onChange: () => void;
}

/**
 * What of a shard is read, what of it is done, and the position that follows (R5).
 *
 * L1 The position covers a complete prefix of what was read: it moves only over records that are done, in their order.
 * L2 Numbers that were not read are never assumed to be records.
 * L3 What is stored is one snapshot: position, marks and retries of the same instant.
 */
export class ShardLedger<Item extends StreamRecord = StreamRecord> {
  readonly #parts: ShardLedgerParts;
  /** In the shard's order; what lies before `#head` is done and forgotten. */
  #entries: (ShardEntry<Item> | undefined)[] = [];
  #head = 0;
  #position: StreamPosition;
  #lastRead: StreamPosition;
  #readThrough: number | undefined;
  #storedReadThrough: number;
  #hasEnded = false;
  readonly #marks: (SequenceNumber | null)[];
  #older: readonly LaneMarks[];
  /** Above this number nothing stored says that a record is done. */
  #doneBelow: SequenceNumber | null;
  readonly #retries = new Map<number, readonly RetryMark[]>();
  #window: StoredWindow | undefined;
  /** Read of a log that has lost its end since then: its numbers say nothing of those that come now. */
  #lostTail: ReadonlySet<ShardEntry<Item>> = new Set();

  constructor(parts: ShardLedgerParts) {
    const { row, scheme } = parts;
    this.#parts = parts;
    this.#position = row.position;
    this.#lastRead = row.position;
    this.#readThrough = row.readThrough;
    this.#window = row.window;
    this.#storedReadThrough = row.readThrough ?? Number.NEGATIVE_INFINITY;
    const isSame = row.current.scheme.pf === scheme.pf && row.current.scheme.hash === scheme.hash;
    this.#marks = isSame ? [...row.current.lanes] : Array.from({ length: scheme.pf }, () => null);
    const known = isSame ? row.older : [row.current, ...row.older];
    // One that says nothing takes the place of one that does.
    const telling = known.filter((marks) => marks.scheme.hash === scheme.hash && marks.lanes.some((lane) => lane !== null));
    this.#older = telling.slice(0, OLDER_SCHEMES_MAX);
    this.#doneBelow = highest([this.#marks, ...this.#older.map(({ lanes }) => lanes)]);
    if (isSame) for (const mark of row.retry) this.#retries.set(mark.lane, [...(this.#retries.get(mark.lane) ?? []), mark]);
  }

  get position(): StreamPosition {
    return this.#position;
  }

  /** Behind the last record that was read: where reading goes on while this ledger lives. */
  get lastRead(): StreamPosition {
    return this.#lastRead;
  }

  get readThrough(): number | undefined {
    return this.#readThrough;
  }

  /** Records read and not covered by the position. */
  get outstanding(): number {
    return this.#entries.length - this.#head;
  }

  /** The first record that is not done: the position stands before it. */
  get oldest(): ShardEntry<Item> | undefined {
    return this.#entries[this.#head];
  }

  /** Whether the shard was read to its end. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the shard was read to its end and everything of it is done. */
  get isFinished(): boolean {
    return this.#position.kind === 'end';
  }

  /** Ranges of a lane that had failed, or ran, when the state was stored; in order. */
  retriesOf(lane: number): readonly RetryMark[] {
    return this.#retries.get(lane) ?? [];
  }

  /**
   * Takes a page; gives what of it has to be worked on. `keeps`: false for records that a filter rejects, which are done at once.
   * `readTo`: no record has the numbers behind the last one up to this.
   */
  read(
    records: readonly Item[],
    readThrough: number | undefined,
    keeps?: (record: Item) => boolean,
    readTo: SequenceNumber | undefined = records.at(-1)?.sequenceNumber,
  ): readonly ShardEntry<Item>[] {
    const { scheme, laneOf } = this.#parts;
    const fresh: ShardEntry<Item>[] = [];
    if (isBackwards(this.#lastRead, records[0])) this.#loseTail();
    for (const record of records) {
      // A key may be made when it is asked for, and with one lane nobody needs it.
      const lane = scheme.pf === 1 ? 0 : laneOf(record, scheme.pf);
      const entry = { record, sizeBound: record.sizeBound, lane, isDone: this.#isStoredAsDone(record) || keeps?.(record) === false };
      this.#entries.push(entry);
      if (!entry.isDone) fresh.push(entry);
    }
    if (readTo !== undefined) this.#lastRead = { kind: 'after', sequenceNumber: readTo };
    if (readThrough !== undefined && readThrough > (this.#readThrough ?? Number.NEGATIVE_INFINITY)) {
      this.#readThrough = readThrough;
      this.#noteReadThrough(readThrough);
    }
    this.#advance();
    return fresh;
  }

  /** The shard has been read to its end. */
  ended(): void {
    this.#hasEnded = true;
    this.#advance();
  }

  /** Records of one lane are done: the next ones of it, in order. */
  settle(entries: readonly ShardEntry<Item>[]): void {
    for (const entry of entries) entry.isDone = true;
    const last = entries.at(-1);
    if (last === undefined) return;
    if (!this.#lostTail.has(last)) this.#marks[last.lane] = last.record.sequenceNumber;
    if (!this.#advance()) this.#parts.onChange();
  }

  /** What is stored of a lane's failed ranges from now on. */
  noteRetries(lane: number, marks: readonly RetryMark[]): void {
    if (marks.length === 0 && !this.#retries.has(lane)) return;
    if (marks.length === 0) this.#retries.delete(lane);
    else this.#retries.set(lane, marks);
    this.#parts.onChange();
  }

  /** What is stored of the shard's tumbling windows. */
  get window(): StoredWindow | undefined {
    return this.#window;
  }

  /** The windows of the shard have moved on. While one is open the shard is not at its end. */
  noteWindow(window: StoredWindow | undefined): void {
    this.#window = window;
    if (!this.#advance()) this.#parts.onChange();
  }

  /** One snapshot of everything (L3). */
  snapshot(incarnation: string): ShardRow {
    return {
      incarnation,
      position: this.#position,
      readThrough: this.#doneThrough,
      current: { scheme: this.#parts.scheme, lanes: [...this.#marks] },
      older: this.#older,
      retry: [...this.#retries.values()].flat(),
      window: this.#window,
    };
  }

  /** What is read and not done is read again by the next process, so it counts as unread there: it may be trimmed until then. */
  get #doneThrough(): number | undefined {
    const oldest = this.#entries[this.#head]?.record.arrivedAt;
    return oldest === undefined || this.#readThrough === undefined ? this.#readThrough : Math.min(oldest, this.#readThrough);
  }

  /** An idle shard is not stored at every empty page: loss is judged in hours. */
  #noteReadThrough(readThrough: number): void {
    if (readThrough - this.#storedReadThrough < READ_THROUGH_STEP_MS) return;
    this.#storedReadThrough = readThrough;
    this.#parts.onChange();
  }

  /** Moves the position over what is done. True: it has moved, and that was told. */
  #advance(): boolean {
    const entries = this.#entries;
    let moved: SequenceNumber | undefined;
    for (let entry = entries[this.#head]; entry?.isDone === true; entry = entries[this.#head]) {
      moved = entry.record.sequenceNumber;
      entries[this.#head] = undefined;
      this.#head += 1;
    }
    if (this.#head > 1024 && this.#head * 2 > entries.length) {
      // In place: an old array that nobody uses would keep its entries until the next full collection.
      entries.splice(0, this.#head);
      this.#head = 0;
    }
    // All that was read is done, so what lies behind its last record is passed over with it.
    const read = this.#lastRead;
    if (this.outstanding === 0 && isBehind(this.#position, read)) moved = read.sequenceNumber;
    if (moved !== undefined) {
      this.#position = { kind: 'after', sequenceNumber: moved };
      this.#older = this.#older.filter(({ lanes }) => isAbove(highest([lanes]), moved));
    }
    if (this.#hasEnded && this.outstanding === 0 && this.#window?.open === undefined && this.#position.kind !== 'end') {
      this.#position = { kind: 'end' };
    } else if (moved === undefined) return false;
    this.#parts.onChange();
    return true;
  }

  /** The log begins again at lower numbers: that higher ones were done must not be taken for these. */
  #loseTail(): void {
    this.#marks.fill(null);
    this.#older = [];
    this.#doneBelow = null;
    this.#lostTail = new Set(this.#entries.flatMap((entry) => (entry?.isDone === false ? [entry] : [])));
  }

  #isStoredAsDone(record: Item): boolean {
    const { sequenceNumber } = record;
    if (this.#doneBelow === null) return false;
    if (compareSequence(sequenceNumber, this.#doneBelow) > 0) {
      this.#doneBelow = null;
      return false;
    }
    const covers = (lanes: readonly (SequenceNumber | null)[]): boolean => {
      const mark = lanes[this.#parts.laneOf(record, lanes.length)] ?? null;
      return mark !== null && compareSequence(sequenceNumber, mark) <= 0;
    };
    return covers(this.#marks) || this.#older.some(({ lanes }) => covers(lanes));
  }
}

function highest(lists: readonly (readonly (SequenceNumber | null)[])[]): SequenceNumber | null {
  let found: SequenceNumber | null = null;
  for (const list of lists) {
    for (const mark of list) if (mark !== null && (found === null || compareSequence(mark, found) > 0)) found = mark;
  }
  return found;
}

type After = Extract<StreamPosition, { kind: 'after' }>;

function isBehind(position: StreamPosition, read: StreamPosition): read is After {
  return (
    read.kind === 'after' && position.kind !== 'end' && !(position.kind === 'after' && position.sequenceNumber === read.sequenceNumber)
  );
}

function isBackwards(read: StreamPosition, first: StreamRecord | undefined): boolean {
  if (first === undefined || (read.kind !== 'before' && read.kind !== 'after')) return false;
  const order = compareSequence(first.sequenceNumber, read.sequenceNumber);
  return read.kind === 'before' ? order < 0 : order <= 0;
}

function isAbove(mark: SequenceNumber | null, position: SequenceNumber): boolean {
  return mark !== null && compareSequence(mark, position) > 0;
}
