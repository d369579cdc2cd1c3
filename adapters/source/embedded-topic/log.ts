import { type SequenceNumber, sequenceNumber } from '../../../src/index.ts';
import type { KafkaRecord } from '../../shared/kafka-event.ts';
import { bytesOf } from './produce-input.ts';
import type { TransactionState } from './transaction.ts';

/** What a topic holds, over all of its partitions. */
export interface Holdings {
  records: number;
  bytes: number;
}

/** One record where it lies. */
interface Entry {
  readonly offset: bigint;
  readonly record: KafkaRecord;
  readonly bytes: number;
  readonly transaction: TransactionState | undefined;
}

/** What a read gets. */
export interface Fetched {
  readonly records: readonly KafkaRecord[];
  /** Where the next fetch begins. */
  readonly next: bigint;
  /** Nothing more can be read now. */
  readonly isAtEnd: boolean;
}

/** As many removed entries may lie at the head of the array before it is cut. */
const SLACK = 1024;
/** A page holds at most so many bytes of keys, values and headers, and one record in any case; as `fetch.max.bytes` of Kafka. */
const PAGE_BYTES_MAX = 52_428_800;

/** The records of one partition. Offsets only grow; those that no record has, or no longer has, are passed over. */
export class PartitionLog {
  readonly partition: number;
  /** Reads that wait for something to happen here. */
  readonly waiting = new Set<() => void>();
  readonly #holdings: Holdings;
  #entries: Entry[] = [];
  /** Of `#entries`, how many at the head are removed and not cut off yet. */
  #head = 0;
  #start: bigint;
  #end: bigint;

  constructor(partition: number, firstOffset: bigint, holdings: Holdings) {
    this.partition = partition;
    this.#start = firstOffset;
    this.#end = firstOffset;
    this.#holdings = holdings;
  }

  /** The lowest offset that can be read. */
  get start(): bigint {
    return this.#start;
  }

  /** The offset that the next record gets. */
  get end(): bigint {
    return this.#end;
  }

  get nextNumber(): SequenceNumber {
    return sequenceNumber(String(this.#end));
  }

  /** All that is kept, those of open and aborted transactions too. */
  get records(): readonly KafkaRecord[] {
    return this.#entries.slice(this.#head).map(({ record }) => record);
  }

  append(record: KafkaRecord, transaction: TransactionState | undefined): void {
    const bytes = bytesOf(record);
    this.#entries.push({ offset: this.#end, record, bytes, transaction });
    this.#end += 1n;
    this.#holdings.records += 1;
    this.#holdings.bytes += bytes;
    this.wake();
  }

  /** So many offsets are used up without a record, as control records do. */
  skip(count: number): void {
    this.#end += BigInt(count);
    this.wake();
  }

  wake(): void {
    for (const wake of this.waiting) wake();
  }

  /** Until where can be read: the log's end, or the first record of an open transaction. */
  readableEnd(isCommittedOnly: boolean): bigint {
    if (!isCommittedOnly) return this.#end;
    for (let index = this.#head; index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry?.transaction?.outcome === 'open') return entry.offset;
    }
    return this.#end;
  }

  /** What is at `from` and behind it, as far as one page takes it. */
  fetch(from: bigint, maxRecords: number, isCommittedOnly: boolean): Fetched {
    const limit = this.readableEnd(isCommittedOnly);
    const records: KafkaRecord[] = [];
    let bytes = 0;
    for (let index = this.#indexOf(from); index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry === undefined || entry.offset >= limit) break;
      if (isCommittedOnly && entry.transaction?.outcome === 'aborted') continue;
      bytes += entry.bytes;
      if (records.length === maxRecords || (bytes > PAGE_BYTES_MAX && records.length > 0)) {
        return { records, next: entry.offset, isAtEnd: false };
      }
      records.push(entry.record);
    }
    return { records, next: limit > from ? limit : from, isAtEnd: true };
  }

  /** The offset of the first record with this timestamp or a later one; the log's end when there is none. */
  offsetAt(timestamp: number): bigint {
    for (let index = this.#head; index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry !== undefined && entry.record.arrivedAt >= timestamp) return entry.offset;
    }
    return this.#end;
  }

  /** Removes what is at the head and has a timestamp before an instant. */
  retain(instant: number): void {
    let until = this.#head;
    while ((this.#entries[until]?.record.arrivedAt ?? Number.POSITIVE_INFINITY) < instant) until += 1;
    if (until === this.#head) return;
    this.deleteBefore(this.#entries[until]?.offset ?? this.#end);
  }

  /** Removes all records below an offset, which becomes the log's start. */
  deleteBefore(offset: bigint): void {
    const until = this.#indexOf(offset);
    for (; this.#head < until; this.#head += 1) this.#forget(this.#entries[this.#head]);
    if (offset > this.#start) this.#start = offset;
    if (this.#head === this.#entries.length || (this.#head > SLACK && this.#head * 2 > this.#entries.length)) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    this.wake();
  }

  /** Keeps of every key the last record only; records without a key stay. Offsets stay as they are. */
  compact(): void {
    const last = new Map<string, Entry>();
    const kept = this.#entries.slice(this.#head);
    for (const entry of kept) if (entry.record.orderKey !== undefined) last.set(entry.record.orderKey, entry);
    this.#entries = kept.filter((entry) => {
      const stays = entry.record.orderKey === undefined || last.get(entry.record.orderKey) === entry;
      if (!stays) this.#forget(entry);
      return stays;
    });
    this.#head = 0;
  }

  #forget(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#holdings.records -= 1;
    this.#holdings.bytes -= entry.bytes;
  }

  /** The first kept entry at an offset or behind it. */
  #indexOf(offset: bigint): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry === undefined || entry.offset >= offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
