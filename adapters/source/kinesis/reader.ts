/**
 * Reads one shard from a position by asking again and again. The place is the last sequence number that was seen, or the
 * instant at which reading begins; iterators are only a way to get there (R4), and whatever goes wrong with one is first
 * answered by another for the same place.
 */
import type { GetRecordsCommandOutput } from '@aws-sdk/client-kinesis';
import { type Clock, type Random, type ReadRequest, SourceError, type StreamPosition, type StreamStep } from '../../../src/index.ts';
import type { AwsConnection } from '../../shared/aws-connection.ts';
import { fixedBytes, type KinesisEventSource, type KinesisRecord } from '../../shared/kinesis-event.ts';
import { pause } from '../../shared/pause.ts';
import {
  ceilingMs,
  isPassing,
  iteratorOf,
  recordsPerCall,
  type StepReader,
  shardSteps,
  throughIterator,
} from '../../shared/shard-reading.ts';
import type { KinesisCalls } from './client.ts';
import type { ShardPace } from './pace.ts';
import { explainRefusal, instantOf, placeOf, type Witness } from './place.ts';
import { payloadBytes, toRecord } from './record.ts';
import type { StreamName } from './stream-reference.ts';

/** What the reads of a stream have in common. */
export interface StreamReading {
  readonly stream: StreamName;
  readonly connection: Pick<AwsConnection<KinesisCalls>, 'call'>;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** The limits of a shard; `undefined`: none. */
  readonly paceOf: (shardId: string) => ShardPace | undefined;
  /** How events name the stream; describes it when that is not known yet. */
  readonly eventSource: () => Promise<KinesisEventSource>;
  readonly witness: Witness;
}

type Step = StreamStep<KinesisRecord>;

/** The most records that one call may ask for. */
const RECORDS_PER_CALL = 10_000;
/** Iterators expire at 300 s; one that waited as long as this while nobody asked for records is not tried. */
const ITERATOR_AGE_MS = 240_000;
/** Full jitter between zero and a ceiling that doubles with every failed try, ms. */
const BACKOFF = { baseMs: 500, capMs: 10_000 } as const;

/** The steps of {@link StreamSource.read}. */
export function readShard(reading: StreamReading, request: ReadRequest): AsyncGenerator<Step, void, undefined> {
  return shardSteps(request, () => new ShardReader(reading, request));
}

class ShardReader implements StepReader<KinesisRecord> {
  readonly #reading: StreamReading;
  readonly #request: ReadRequest;
  readonly #pace: ShardPace | undefined;
  #position: StreamPosition;
  #iterator: string | undefined;
  #iteratorAt = 0;
  /** {@link fixedBytes} of the shard. */
  #fixed: number | undefined;
  /** Calls that failed one after another. */
  #failures = 0;
  /** When the next call is due, monotonic ms. */
  #dueAt = Number.NEGATIVE_INFINITY;

  constructor(reading: StreamReading, request: ReadRequest) {
    this.#reading = reading;
    this.#request = request;
    this.#pace = reading.paceOf(request.shardId);
    this.#position = request.position;
  }

  /** The next step; `undefined` once the read is to end. */
  async next(): Promise<Step | undefined> {
    const { clock } = this.#reading;
    await pause(clock, this.#dueAt - clock.monotonic(), this.#request.signal);
    if (this.#isOver()) return undefined;
    try {
      this.#fixed ??= fixedBytes(this.#request.shardId, await this.#reading.eventSource());
      const answer = await this.#fetch();
      return answer === undefined ? undefined : this.#toPage(answer, this.#fixed);
    } catch (thrown) {
      return this.#isOver() ? undefined : this.#trouble(thrown);
    }
  }

  #isOver(): boolean {
    return this.#request.signal.aborted;
  }

  get #limit(): number {
    return recordsPerCall(this.#request, RECORDS_PER_CALL);
  }

  #fetch(): Promise<GetRecordsCommandOutput | undefined> {
    return throughIterator({
      kept: this.#reading.clock.monotonic() - this.#iteratorAt < ITERATOR_AGE_MS ? this.#iterator : undefined,
      signal: this.#request.signal,
      read: (iterator) => this.#records(iterator),
      renew: () => this.#renew(),
    });
  }

  /** One page, as soon as the shard's limits allow; `undefined` when the read is over first. */
  async #records(iterator: string): Promise<GetRecordsCommandOutput | undefined> {
    const { clock, connection, stream, pollMs } = this.#reading;
    const { signal } = this.#request;
    for (;;) {
      // Another reader of the shard may have been faster.
      const waitMs = this.#pace?.waitMs(clock.monotonic()) ?? 0;
      if (waitMs === 0) break;
      await pause(clock, waitMs, signal);
      if (this.#isOver()) return undefined;
    }
    const startedAt = clock.monotonic();
    this.#pace?.begin(startedAt);
    const named = 'StreamARN' in stream ? stream : undefined;
    const answer = await connection.call('GetRecords', (calls) =>
      calls.records({ ...named, ShardIterator: iterator, Limit: this.#limit }, signal),
    );
    this.#pace?.charge(startedAt, payloadBytes(answer.Records ?? []));
    this.#dueAt = startedAt + pollMs;
    return answer;
  }

  async #renew(): Promise<string> {
    this.#iterator = undefined;
    const { connection, stream, clock, witness } = this.#reading;
    const { shardId, signal } = this.#request;
    const position = this.#position;
    const input = { ...stream, ShardId: shardId, ...placeOf(position) };
    const answer = await connection
      .call('GetShardIterator', (calls) => calls.iterator(input, signal))
      .catch(async (refusal: unknown) => {
        throw this.#isOver() ? refusal : await explainRefusal(refusal, { shardId, position, now: clock.wall() }, witness);
      });
    const iterator = iteratorOf(answer);
    this.#iterator = iterator;
    this.#iteratorAt = clock.monotonic();
    return iterator;
  }

  #toPage({ Records: found = [], NextShardIterator, MillisBehindLatest }: GetRecordsCommandOutput, fixed: number): Step {
    const { clock } = this.#reading;
    const readAt = clock.wall();
    const all = found.map((record) => toRecord(record, fixed, readAt));
    const records = this.#wanted(all);
    const last = records.at(-1);
    if (last !== undefined) this.#position = { kind: 'after', sequenceNumber: last.sequenceNumber };
    this.#iterator = NextShardIterator;
    this.#iteratorAt = clock.monotonic();
    this.#failures = 0;
    const isBehind = all.length >= this.#limit || (MillisBehindLatest ?? 0) > 0;
    if (isBehind) this.#dueAt = Number.NEGATIVE_INFINITY;
    return {
      kind: 'page',
      records,
      readThrough: MillisBehindLatest === undefined ? undefined : readAt - MillisBehindLatest,
      millisBehindLatest: MillisBehindLatest,
      ended: NextShardIterator === undefined,
    };
  }

  /** Emulators give a shard from its beginning when nothing has arrived since the instant that was asked for. */
  #wanted(records: readonly KinesisRecord[]): readonly KinesisRecord[] {
    const from = instantOf(this.#position);
    if (from === undefined) return records;
    const first = records.findIndex(({ arrivedAt }) => arrivedAt >= from);
    return first === -1 ? [] : records.slice(first);
  }

  /** A step for what passes; throws what does not. */
  #trouble(error: unknown): Step {
    if (!(error instanceof SourceError) || !isPassing(error)) throw error;
    // A throttle says nothing against the iterator; whatever else happened may.
    if (error.kind !== 'throttled') this.#iterator = undefined;
    const { clock, random } = this.#reading;
    this.#dueAt = clock.monotonic() + ceilingMs(BACKOFF, this.#failures) * random.next();
    this.#failures += 1;
    return { kind: 'trouble', error, retryAt: this.#dueAt };
  }
}
