/** A partition from a position, page by page. The position is ours: every fetch names its offset, so nothing can jump. */
import {
  type Clock,
  compareSequence,
  type PartitionReadRequest,
  type Random,
  type SequenceNumber,
  SourceError,
  type StreamPosition,
  type StreamStep,
  sequenceNumber,
} from '../../../src/index.ts';
import type { KafkaRecord } from '../../shared/kafka-event.ts';
import { pause } from '../../shared/pause.ts';
import { steadyBackoffMs } from './backoff.ts';
import type { Changes } from './changes.ts';
import { partitionError } from './errors.ts';
import { type Fetcher, FetchTrouble } from './fetcher.ts';
import { readBounds, readOffsetAt, type TopicLog } from './offsets.ts';
import type { Ownership } from './ownership.ts';
import { toRecords } from './records.ts';
import type { WirePartition } from './wire.ts';

/** What all reads of a membership share. */
export interface ReadingParts {
  readonly log: TopicLog;
  readonly fetcher: Fetcher;
  readonly ownership: Ownership;
  readonly changes: Changes;
  /** Hears that the topic seems to be gone. */
  readonly onGone: () => void;
  readonly clock: Clock;
  readonly random: Random;
}

type Step = StreamStep<KafkaRecord>;

/** What is fetched of a partition at once by who asks again at once; more only when one batch is larger. */
const PARTITION_BYTES = 1_048_576;
/** By who takes its time less and less: while a page is decoded nothing else runs in this process. */
const PARTITION_BYTES_MIN = 131_072;
/** Who asks sooner than that after a page has come is not slow, ms. */
const SLOW_MS = 20;
const PARTITION_BYTES_MAX = 256 * PARTITION_BYTES;
/** How often a read at the log's end says so. */
const TIP_MS = 500;
const BACKOFF = { baseMs: 100, capMs: 10_000 } as const;

/** The steps of a read, until it is to end. */
export async function* readPartition(parts: ReadingParts, request: PartitionReadRequest): AsyncGenerator<Step, void, undefined> {
  const reader = new PartitionReader(parts, request);
  for (;;) {
    const step = await reader.next();
    if (step === undefined) return;
    yield step;
  }
}

/** What was fetched and is not handed over yet. */
interface Fetched {
  readonly records: readonly KafkaRecord[];
  /** How many of them are handed over. */
  readonly given: number;
  /** The last offset that they cover. */
  readonly readTo: SequenceNumber;
  /** Where the log ended then. */
  readonly end: SequenceNumber;
  readonly fetchedAt: number;
}

class PartitionReader {
  readonly #parts: ReadingParts;
  readonly #request: PartitionReadRequest;
  readonly #name: string;
  /** The next offset to fetch, once it is known. */
  #next: SequenceNumber | undefined;
  #fetched: Fetched | undefined;
  #pageBytes = PARTITION_BYTES;
  /** Pages were too small for one batch, which would come in vain again. */
  #leastBytes = PARTITION_BYTES_MIN;
  #maxBytes = PARTITION_BYTES;
  /** When the last records were handed over, monotonic ms. */
  #gaveAt: number | undefined;
  #failures = 0;
  #dueAt = Number.NEGATIVE_INFINITY;
  /** When the end was said last, monotonic ms. */
  #tipAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ReadingParts, request: PartitionReadRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#name = `${parts.log.topic}-${String(request.partition)}`;
  }

  /** The next step; `undefined` once the read is to end. Throws a SourceError. */
  async next(): Promise<Step | undefined> {
    const { clock, changes, ownership } = this.#parts;
    const { signal } = this.#request;
    for (;;) {
      await pause(clock, this.#dueAt - clock.monotonic(), signal);
      if (this.#isOver()) return undefined;
      if (!ownership.isSettled) await changes.next(signal);
      else if (this.#fetched === undefined) {
        const step = await this.#fetch();
        if (this.#isOver()) return undefined;
        if (step !== undefined) return step;
      } else return this.#page(this.#fetched);
    }
  }

  #isOver(): boolean {
    const { partition, epoch, signal } = this.#request;
    return signal.aborted || !this.#parts.ownership.has(partition, epoch);
  }

  /** Fetches once; a step where there is one to be told at once. */
  async #fetch(): Promise<Step | undefined> {
    const { partition, signal } = this.#request;
    try {
      this.#next ??= await this.#resolve(this.#request.position);
    } catch (thrown) {
      return this.#trouble(thrown);
    }
    this.#adapt();
    const place = { partition, fetchOffset: this.#next, maxBytes: this.#maxBytes };
    const answer = await this.#parts.fetcher.fetch(place, signal);
    if (answer === undefined || this.#isOver()) return undefined;
    if (answer instanceof FetchTrouble) return this.#trouble(answer.error, answer.retryAt);
    const error = partitionError(answer.errorCode, `Fetch of ${this.#name}`);
    if (error !== undefined) return this.#refused(error, this.#next);
    this.#failures = 0;
    return this.#take(answer, this.#next);
  }

  /** Large pages for who is fast, small ones for who is slow. */
  #adapt(): void {
    if (this.#gaveAt === undefined) return;
    const isSlow = this.#parts.clock.monotonic() - this.#gaveAt >= SLOW_MS;
    this.#gaveAt = undefined;
    const isWhole = this.#maxBytes === this.#pageBytes;
    const wanted = isSlow ? this.#pageBytes / 2 : Math.min(PARTITION_BYTES, this.#pageBytes * 2);
    this.#pageBytes = Math.max(this.#leastBytes, wanted);
    if (isWhole) this.#maxBytes = this.#pageBytes;
  }

  #take(answer: WirePartition, from: SequenceNumber): Step | undefined {
    const { log, clock } = this.#parts;
    const records = toRecords(log.topic, answer, from);
    const end = sequenceNumber((log.isolationLevel === 1 ? answer.lastStableOffset : undefined) ?? answer.highWatermark);
    const last = records.at(-1)?.sequenceNumber;
    const readTo = answer.covered === undefined ? last : later(last, sequenceNumber(answer.covered));
    if (readTo !== undefined && compareSequence(readTo, from) >= 0) {
      this.#pageBytes = Math.max(this.#pageBytes, this.#leastBytes);
      this.#maxBytes = this.#pageBytes;
      this.#fetched = { records, given: 0, readTo, end, fetchedAt: clock.wall() };
      return undefined;
    }
    if (compareSequence(from, end) < 0) {
      // Not one whole batch: it is larger than what was asked for, or the answer was full.
      this.#maxBytes = Math.min(PARTITION_BYTES_MAX, this.#maxBytes * 2);
      this.#leastBytes = Math.min(PARTITION_BYTES, this.#maxBytes);
      return undefined;
    }
    return clock.monotonic() - this.#tipAt >= TIP_MS ? this.#tip() : undefined;
  }

  #tip(): Step {
    const { clock } = this.#parts;
    this.#tipAt = clock.monotonic();
    return { kind: 'page', records: [], readThrough: clock.wall(), millisBehindLatest: 0, recordsBehind: 0, ended: false };
  }

  #page({ records, given, readTo, end, fetchedAt }: Fetched): Step {
    this.#gaveAt = this.#parts.clock.monotonic();
    const until = given + Math.max(1, this.#request.maxRecords);
    const page = given === 0 && until >= records.length ? records : records.slice(given, until);
    const last = page.at(-1);
    if (until < records.length && last !== undefined) {
      this.#fetched = { records, given: until, readTo, end, fetchedAt };
      this.#next = following(last.sequenceNumber);
      return toPage(page, undefined, fetchedAt, between(this.#next, end));
    }
    this.#fetched = undefined;
    this.#next = following(readTo);
    const isAtTip = compareSequence(this.#next, end) >= 0;
    this.#tipAt = isAtTip ? this.#parts.clock.monotonic() : Number.NEGATIVE_INFINITY;
    return toPage(page, last?.sequenceNumber === readTo ? undefined : readTo, fetchedAt, isAtTip ? 0 : between(this.#next, end));
  }

  async #resolve(position: StreamPosition): Promise<SequenceNumber> {
    const { log } = this.#parts;
    const { partition } = this.#request;
    switch (position.kind) {
      case 'before':
        return position.sequenceNumber;
      case 'after':
        return following(position.sequenceNumber);
      case 'end':
        throw new SourceError('invalid', 'NoEnd', `${this.#name}: a partition has no end that could be a position`);
      case 'start': {
        const { start } = position;
        if (start.kind === 'trim-horizon') return (await readBounds(log, partition)).start;
        return readOffsetAt(log, partition, start.kind === 'latest' ? start.since : start.timestamp);
      }
    }
  }

  /** What the broker says of this partition alone. Throws what does not pass. */
  async #refused(error: SourceError, from: SequenceNumber): Promise<Step> {
    const { log, fetcher } = this.#parts;
    fetcher.refresh();
    if (error.kind === 'trimmed') {
      try {
        const { start, end } = await readBounds(log, this.#request.partition);
        const isThere = compareSequence(start, from) <= 0 && compareSequence(from, end) <= 0;
        if (!isThere) throw outOfRange(this.#name, from, start, end);
      } catch (thrown) {
        return this.#trouble(thrown);
      }
      // The leader has just changed and did not know all of its log.
      return this.#trouble(new SourceError('unavailable', error.code, error.message));
    }
    if (error.kind === 'not-found') {
      // A broker that has just started, or lost the partition to another, says the same.
      const gone = await log.brokers.refresh().then(
        (partitions) => !partitions.some(({ partitionId }) => partitionId === this.#request.partition),
        (thrown: unknown) => (thrown instanceof SourceError ? thrown : true),
      );
      if (gone === false) return this.#trouble(new SourceError('unavailable', error.code, error.message));
      this.#parts.onGone();
      return this.#trouble(gone === true ? error : gone);
    }
    return this.#trouble(error);
  }

  /** A step for what passes; throws what does not. */
  #trouble(thrown: unknown, retryAt?: number): Step {
    if (!(thrown instanceof SourceError) || (thrown.kind !== 'unavailable' && thrown.kind !== 'throttled')) throw thrown;
    const { clock, random } = this.#parts;
    this.#failures += 1;
    this.#dueAt = retryAt ?? clock.monotonic() + steadyBackoffMs(BACKOFF, this.#failures, random.next());
    return { kind: 'trouble', error: thrown, retryAt: this.#dueAt };
  }
}

function toPage(records: readonly KafkaRecord[], readTo: SequenceNumber | undefined, fetchedAt: number, recordsBehind: number): Step {
  const isAtTip = recordsBehind === 0;
  const arrivedAt = records.at(-1)?.arrivedAt;
  return {
    kind: 'page',
    records,
    readTo,
    readThrough: isAtTip ? fetchedAt : arrivedAt,
    // The next record's age is at most that of the last one here, and not nothing.
    millisBehindLatest: isAtTip ? 0 : arrivedAt === undefined ? undefined : Math.max(1, fetchedAt - arrivedAt),
    recordsBehind,
    ended: false,
  };
}

/** How many offsets lie from one to before another, the latter the greater. */
function between(from: SequenceNumber, to: SequenceNumber): number {
  return Number(BigInt(to) - BigInt(from));
}

function outOfRange(name: string, from: SequenceNumber, start: SequenceNumber, end: SequenceNumber): SourceError {
  const text =
    compareSequence(from, start) < 0
      ? `offset ${from} is no longer in the log, which begins at ${start}`
      : `offset ${from} is not in the log, which ends at ${end}; was the topic created anew, or another cluster restored?`;
  return new SourceError('trimmed', 'OFFSET_OUT_OF_RANGE', `Fetch of ${name}: ${text}`);
}

function following(offset: SequenceNumber): SequenceNumber {
  return sequenceNumber(String(BigInt(offset) + 1n));
}

function later(a: SequenceNumber | undefined, b: SequenceNumber): SequenceNumber {
  return a !== undefined && compareSequence(a, b) > 0 ? a : b;
}
