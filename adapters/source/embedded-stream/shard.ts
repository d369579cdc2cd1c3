import { compareSequence, type SequenceNumber, type StreamStart } from '../../../src/index.ts';
import type { KinesisRecord } from '../../shared/kinesis-event.ts';
import type { HashKeyRange } from './hash-keys.ts';

/** What a stream holds, over all of its shards. */
export interface Holdings {
  records: number;
  bytes: number;
}

/** What is known of a shard from its beginning. */
export interface ShardBirth {
  readonly shardId: string;
  readonly parents: readonly string[];
  readonly range: HashKeyRange;
  /** Bytes of each of its records in an event beside the record's own texts. */
  readonly fixedBytes: number;
}

/** As many trimmed records may lie at the head of the array before it is cut. */
const SLACK = 1024;
/** A page holds at most so many bytes of data and partition keys, and one record in any case. */
const PAGE_BYTES_MAX = 10_485_760;

/**
 * The records of one shard. Each has a place, counted from 0 at the shard's first record; trimming does not change the places
 * of the others. Sequence numbers and arrivals only grow, so places are found by halving.
 */
export class Shard {
  readonly shardId: string;
  readonly parents: readonly string[];
  readonly range: HashKeyRange;
  readonly fixedBytes: number;
  /** Reads that wait for something to happen here. */
  readonly waiting = new Set<() => void>();
  readonly #holdings: Holdings;
  #records: KinesisRecord[] = [];
  /** Of `#records`, how many at the head are trimmed and not cut off yet. */
  #head = 0;
  /** The place of the oldest record that is kept. */
  #horizon = 0;
  #lastTrimmed: SequenceNumber | undefined;
  #closedAt: number | undefined;
  /** The most bytes that one record ever took of a page. */
  #largest = 0;

  constructor({ shardId, parents, range, fixedBytes }: ShardBirth, holdings: Holdings) {
    this.shardId = shardId;
    this.parents = parents;
    this.range = range;
    this.fixedBytes = fixedBytes;
    this.#holdings = holdings;
  }

  /** When it was closed, epoch ms; `undefined` while it takes records. */
  get closedAt(): number | undefined {
    return this.#closedAt;
  }

  /** The place of the oldest record that is kept. */
  get horizon(): number {
    return this.#horizon;
  }

  /** The place behind the last record. */
  get end(): number {
    return this.#horizon + this.#records.length - this.#head;
  }

  /** All that is kept. */
  get records(): readonly KinesisRecord[] {
    return this.#records.slice(this.#head);
  }

  append(record: KinesisRecord): void {
    this.#records.push(record);
    this.#holdings.records += 1;
    this.#holdings.bytes += bytesOf(record);
    this.#largest = Math.max(this.#largest, rawBytes(record));
    this.wake();
  }

  close(at: number): void {
    this.#closedAt = at;
    this.wake();
  }

  wake(): void {
    for (const wake of this.waiting) wake();
  }

  /** Where a read begins. */
  placeOfStart(start: StreamStart): number {
    if (start.kind === 'trim-horizon') return this.#horizon;
    const instant = start.kind === 'latest' ? start.since : start.timestamp;
    return this.#firstPlace((record) => record.arrivedAt >= instant);
  }

  /** The place behind a number; `undefined` when a record behind it was trimmed. */
  placeAfter(number: SequenceNumber): number | undefined {
    if (this.#lastTrimmed !== undefined && compareSequence(number, this.#lastTrimmed) < 0) return undefined;
    return this.#firstPlace((record) => compareSequence(record.sequenceNumber, number) > 0);
  }

  /** What is at `place` and behind it, as far as one page takes it. */
  page(place: number, maxRecords: number): readonly KinesisRecord[] {
    const from = this.#head + place - this.#horizon;
    const until = Math.min(this.#records.length, from + maxRecords);
    // Adding up costs more than all the rest of a page: only where it can matter.
    const mayBeTooLarge = (until - from) * this.#largest > PAGE_BYTES_MAX;
    return this.#records.slice(from, mayBeTooLarge ? this.#fullAt(from, until) : until);
  }

  /** Where a page that begins at `from` is full of bytes; `until` when it is not before. */
  #fullAt(from: number, until: number): number {
    let bytes = 0;
    for (let index = from; index < until; index += 1) {
      const record = this.#records[index];
      bytes += record === undefined ? 0 : rawBytes(record);
      if (bytes > PAGE_BYTES_MAX && index > from) return index;
    }
    return until;
  }

  /** Removes what arrived before an instant. */
  trimBefore(instant: number): void {
    const oldest = this.#records[this.#head];
    if (oldest !== undefined && oldest.arrivedAt < instant) this.#trimTo(this.#firstPlace((record) => record.arrivedAt >= instant));
  }

  /** Removes everything up to a number, that record too. */
  trimThrough(number: SequenceNumber): void {
    this.#trimTo(this.#firstPlace((record) => compareSequence(record.sequenceNumber, number) > 0));
  }

  /** Removes everything. */
  trimAll(): void {
    this.#trimTo(this.end);
  }

  #trimTo(place: number): void {
    while (this.#horizon < place) {
      const record = this.#records[this.#head];
      if (record === undefined) break;
      this.#lastTrimmed = record.sequenceNumber;
      this.#holdings.records -= 1;
      this.#holdings.bytes -= bytesOf(record);
      this.#head += 1;
      this.#horizon += 1;
    }
    if (this.#head === this.#records.length || (this.#head > SLACK && this.#head * 2 > this.#records.length)) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The first place of a kept record for which `isBehind` holds; it holds for all later ones. */
  #firstPlace(isBehind: (record: KinesisRecord) => boolean): number {
    let low = this.#head;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = this.#records[middle];
      if (record === undefined || isBehind(record)) high = middle;
      else low = middle + 1;
    }
    return this.#horizon + low - this.#head;
  }
}

/** What a record takes of the stream's bound. */
export function bytesOf({ data, partitionKey }: Pick<KinesisRecord, 'data' | 'partitionKey'>): number {
  return data.length + partitionKey.length;
}

/** What a record takes of a page: its bytes before base64. */
function rawBytes({ data, partitionKey }: KinesisRecord): number {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  return (data.length / 4) * 3 - padding + partitionKey.length;
}
