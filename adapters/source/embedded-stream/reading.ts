import type { ReadRequest, StreamPosition, StreamStart, StreamStep } from '../../../src/index.ts';
import type { KinesisRecord } from '../../shared/kinesis-event.ts';
import { invalid, trimmed } from './errors.ts';
import type { ReadSide } from './read-side.ts';
import type { Shard } from './shard.ts';
import type { Shards } from './shards.ts';

type Step = StreamStep<KinesisRecord>;
type Result = IteratorResult<Step, undefined>;

/** The most records of a page, as on Kinesis. */
const PAGE_RECORDS_MAX = 10_000;
const TRIM_HORIZON: StreamStart = { kind: 'trim-horizon' };
/** After so many pages in a row without a wait, others get their turn. */
const PAGES_PER_TURN = 16;

/**
 * One read of one shard: an iterator by hand, which costs one promise a page. Between pages it knows its place (the
 * iterator of Kinesis), which expires, and its position, from which the place is found again.
 */
export class Reading implements AsyncIterableIterator<Step, undefined> {
  readonly #stream: ReadSide;
  readonly #request: ReadRequest;
  readonly #closings: number;
  #position: StreamPosition;
  #shards: Shards | undefined;
  #shard: Shard | undefined;
  #place: number | undefined;
  #placedAt = 0;
  #iteratorEpoch = 0;
  #hasEnded = false;
  #pagesInARow = 0;
  #endWait: (() => void) | undefined;

  constructor(stream: ReadSide, request: ReadRequest) {
    this.#stream = stream;
    this.#request = request;
    this.#closings = stream.closings;
    this.#position = request.position;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    try {
      await this.#untilDue();
      if (this.#hasEnded || this.#request.signal.aborted) return await this.return();
      return { done: false, value: this.#fetch() };
    } catch (error) {
      this.#hasEnded = true;
      throw error;
    }
  }

  return(): Promise<Result> {
    this.#hasEnded = true;
    this.#endWait?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Waits at the tip of an open shard for the next poll or for anything to happen; elsewhere only now and then, for a turn. */
  #untilDue(): Promise<void> | undefined {
    if (this.#hasEnded || this.#request.signal.aborted) return undefined;
    const shard = this.#shard;
    if (shard !== undefined && this.#isAtTipOf(shard)) return this.#wait(shard);
    this.#pagesInARow += 1;
    if (this.#pagesInARow < PAGES_PER_TURN) return undefined;
    this.#pagesInARow = 0;
    return this.#stream.clock.turn();
  }

  /** Nothing is left to fetch and nothing else to tell, as far as is known before the next poll. */
  #isAtTipOf(shard: Shard): boolean {
    return this.#place === shard.end && shard.closedAt === undefined && this.#stream.has(this.#shards, this.#closings);
  }

  #wait(shard: Shard): Promise<void> {
    const { signal } = this.#request;
    this.#pagesInARow = 0;
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        shard.waiting.delete(end);
        signal.removeEventListener('abort', end);
        this.#endWait = undefined;
        resolve();
      };
      const cancel = this.#stream.clock.timer(this.#stream.pollMs, end);
      shard.waiting.add(end);
      signal.addEventListener('abort', end);
      this.#endWait = end;
    });
  }

  #fetch(): Step {
    const { maxRecords, shardId } = this.#request;
    if (!Number.isInteger(maxRecords) || maxRecords < 1) throw invalid('maxRecords must be a whole number, at least 1');
    const shards = this.#stream.shards(this.#shards, this.#closings);
    const shard = this.#shard ?? shards.shard(shardId);
    shards.tidy(shard);
    this.#shards = shards;
    this.#shard = shard;
    const now = this.#stream.clock.wall();
    if (this.#position.kind === 'end') {
      if (shard.closedAt === undefined) throw invalid(`${shardId} is open: it has no end to begin at`);
      return this.#page([], now, 0, true);
    }
    const place = this.#findPlace(shard, shards);
    const records = shard.page(place, Math.min(maxRecords, PAGE_RECORDS_MAX));
    this.#place = place + records.length;
    const isAtTip = this.#place === shard.end;
    const last = records.at(-1);
    if (last !== undefined && !isAtTip) {
      this.#position = { kind: 'after', sequenceNumber: last.sequenceNumber };
      return this.#page(records, Math.min(now, last.arrivedAt), Math.max(1, now - last.arrivedAt), false);
    }
    // Nothing was left out up to now, in this shard or another, so the place has a number even if no record was read.
    if (last !== undefined || !startsLater(this.#position, now)) {
      this.#position = { kind: 'after', sequenceNumber: shards.numbering.last };
    }
    return this.#page(records, now, 0, shard.closedAt !== undefined);
  }

  #page(records: readonly KinesisRecord[], readThrough: number, millisBehindLatest: number, ended: boolean): Step {
    this.#hasEnded = ended;
    this.#placedAt = this.#stream.clock.monotonic();
    this.#iteratorEpoch = this.#stream.iteratorEpoch;
    return { kind: 'page', records, readThrough, millisBehindLatest, ended };
  }

  /** Where to go on: at the place known from the last page, or at the position when there is none or it has expired. */
  #findPlace(shard: Shard, shards: Shards): number {
    const position = this.#position;
    if (position.kind !== 'after') return shard.placeOfStart(position.kind === 'start' ? position.start : TRIM_HORIZON);
    const place = this.#place;
    if (place === undefined && !shards.numbering.covers(position.sequenceNumber)) {
      throw invalid(`the sequence number ${position.sequenceNumber} is not one of this stream's`);
    }
    const found = place === undefined || this.#hasExpired() ? shard.placeAfter(position.sequenceNumber) : place;
    if (found === undefined || found < shard.horizon) throw trimmed(shard.shardId);
    return found;
  }

  #hasExpired(): boolean {
    const { clock, iteratorEpoch, iteratorLifetimeMs } = this.#stream;
    return iteratorEpoch !== this.#iteratorEpoch || clock.monotonic() - this.#placedAt > iteratorLifetimeMs;
  }
}

/** Whether a read begins at an instant that is still to come. */
function startsLater(position: StreamPosition, now: number): boolean {
  return position.kind === 'start' && position.start.kind === 'at-timestamp' && position.start.timestamp > now;
}
