/**
 * Reads one shard from a position. The place is the last sequence number that was seen; iterators are only a way to get
 * there (R4), and whatever goes wrong with one is first answered by another for the same place.
 */
import type { GetRecordsCommandOutput } from '@aws-sdk/client-dynamodb-streams';
import type { Clock, Random, ReadRequest, SequenceNumber, StreamStep } from '../../../src/index.ts';
import { SourceError } from '../../../src/index.ts';
import type { AwsConnection } from '../../shared/aws-connection.ts';
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
import type { StreamCalls } from './client.ts';
import { isEmptied } from './emptied.ts';
import { type DynamoDBStreamRecord, toRecord } from './record.ts';

/** What all reads of a stream have in common. */
export interface StreamReading {
  readonly arn: string;
  readonly connection: AwsConnection<StreamCalls>;
  readonly pollMs: number;
  readonly creationPrecisionMs: number;
  /** See {@link toRecord}. */
  readonly fixedBytes: number;
  readonly clock: Clock;
  readonly random: Random;
}

type Step = StreamStep<DynamoDBStreamRecord>;

/** The most records that one call may ask for. */
const RECORDS_PER_CALL = 1_000;
/** A page of half of what a call may bring (1 MB) was cut by size: there is more. */
const FULL_PAGE_BYTES = 524_288;
/** Between tries of a call that fails: from half a poll's wait up to this, ms. */
const BACKOFF_CAP_MS = 5_000;

/** The steps of {@link StreamSource.read}. */
export function readShard(reading: StreamReading, request: ReadRequest): AsyncGenerator<Step, void, undefined> {
  return shardSteps(request, () => new ShardReader(reading, request));
}

class ShardReader implements StepReader<DynamoDBStreamRecord> {
  readonly #reading: StreamReading;
  readonly #request: ReadRequest;
  /** Records that were created before this are not wanted (LATEST), epoch ms. */
  readonly #notBefore: number;
  #after: SequenceNumber | undefined;
  #iterator: string | undefined;
  /** Calls that failed one after another. */
  #failures = 0;
  /** When the next call is due, monotonic ms. */
  #dueAt = 0;

  constructor(reading: StreamReading, request: ReadRequest) {
    const { position } = request;
    this.#reading = reading;
    this.#request = request;
    this.#after = position.kind === 'after' ? position.sequenceNumber : undefined;
    this.#notBefore = notBefore(position, reading.creationPrecisionMs);
  }

  /** The next step; `undefined` once the read is to end. */
  async next(): Promise<Step | undefined> {
    const { clock } = this.#reading;
    await pause(clock, this.#dueAt - clock.monotonic(), this.#request.signal);
    if (this.#isOver()) return undefined;
    const startedAt = clock.monotonic();
    try {
      const { Records: found = [], NextShardIterator } = await this.#fetch();
      const { fixedBytes } = this.#reading;
      const records = found.map((record) => toRecord(record, fixedBytes));
      const last = records.at(-1);
      let bytes = 0;
      for (const { dynamodb } of found) bytes += dynamodb?.SizeBytes ?? 0;
      const isFull = records.length >= this.#limit || bytes >= FULL_PAGE_BYTES;
      this.#iterator = NextShardIterator;
      this.#after = last?.sequenceNumber ?? this.#after;
      this.#failures = 0;
      this.#dueAt = isFull ? startedAt : startedAt + this.#reading.pollMs;
      return {
        kind: 'page',
        records: this.#wanted(records),
        // An empty page says nothing: DynamoDB gives such ones also in front of records.
        readThrough: last?.arrivedAt,
        millisBehindLatest: undefined,
        ended: NextShardIterator === undefined,
      };
    } catch (thrown) {
      if (this.#isOver()) return undefined;
      return this.#trouble(thrown);
    }
  }

  #wanted(records: readonly DynamoDBStreamRecord[]): readonly DynamoDBStreamRecord[] {
    const from = this.#notBefore;
    return from === Number.NEGATIVE_INFINITY ? records : records.filter(({ arrivedAt }) => arrivedAt >= from);
  }

  #isOver(): boolean {
    return this.#request.signal.aborted;
  }

  get #limit(): number {
    return recordsPerCall(this.#request, RECORDS_PER_CALL);
  }

  #fetch(): Promise<GetRecordsCommandOutput> {
    return throughIterator({
      kept: this.#iterator,
      signal: this.#request.signal,
      read: (iterator) => this.#records(iterator),
      renew: () => this.#renew(),
    });
  }

  #records(iterator: string): Promise<GetRecordsCommandOutput> {
    const input = { ShardIterator: iterator, Limit: this.#limit };
    return this.#reading.connection.call('GetRecords', (calls) => calls.records(input, this.#request.signal));
  }

  async #renew(): Promise<string> {
    this.#iterator = undefined;
    const { arn, connection } = this.#reading;
    const { shardId, signal } = this.#request;
    const place =
      this.#after === undefined
        ? ({ ShardIteratorType: 'TRIM_HORIZON' } as const)
        : ({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: this.#after } as const);
    const answer = await connection.call('GetShardIterator', (calls) =>
      calls.iterator({ StreamArn: arn, ShardId: shardId, ...place }, signal),
    );
    this.#iterator = iteratorOf(answer);
    return this.#iterator;
  }

  /** A step for what passes; throws what does not. */
  async #trouble(thrown: unknown): Promise<Step> {
    const error = await this.#explain(thrown);
    if (!(error instanceof SourceError) || !isPassing(error)) throw error;
    // A throttle says nothing against the iterator; whatever else happened may.
    if (error.kind !== 'throttled') this.#iterator = undefined;
    const { clock, random, pollMs } = this.#reading;
    const ceiling = ceilingMs({ baseMs: pollMs, capMs: Math.max(BACKOFF_CAP_MS, pollMs) }, this.#failures);
    this.#failures += 1;
    this.#dueAt = clock.monotonic() + (ceiling * (1 + random.next())) / 2;
    return { kind: 'trouble', error, retryAt: this.#dueAt };
  }

  /**
   * The service has one code for a stream and for a shard that is not there; the description tells which it is. It also
   * lists shards of which nothing is left.
   */
  async #explain(thrown: unknown): Promise<unknown> {
    if (!(thrown instanceof SourceError)) return thrown;
    if (thrown.kind === 'trimmed') return this.#explainTrimmed(thrown);
    if (thrown.kind !== 'not-found') return thrown;
    const { arn, connection } = this.#reading;
    try {
      await connection.call('DescribeStream', (calls) => calls.describe({ StreamArn: arn, Limit: 1 }));
    } catch (error) {
      return error;
    }
    const message = `the shard ${this.#request.shardId} is not there any more (${thrown.message})`;
    return new SourceError('gone', thrown.code, message, { cause: thrown });
  }

  /** Where even the trim horizon is trimmed there may be nothing left to read. */
  async #explainTrimmed(thrown: SourceError): Promise<unknown> {
    const { position, shardId, signal } = this.#request;
    if (this.#after !== undefined || position.kind !== 'start' || position.start.kind !== 'trim-horizon') return thrown;
    const { arn, connection } = this.#reading;
    try {
      if (!(await isEmptied({ arn, shardId, connection, signal }))) return thrown;
    } catch (error) {
      return error;
    }
    return new SourceError('gone', thrown.code, `nothing is left of the shard ${shardId} (${thrown.message})`, { cause: thrown });
  }
}

function notBefore(position: ReadRequest['position'], precisionMs: number): number {
  if (position.kind !== 'start') return Number.NEGATIVE_INFINITY;
  const { start } = position;
  if (start.kind === 'trim-horizon') return Number.NEGATIVE_INFINITY;
  if (start.kind === 'at-timestamp') {
    throw new SourceError('invalid', 'UnsupportedStart', 'a DynamoDB stream starts at TRIM_HORIZON or LATEST, not at a timestamp');
  }
  return start.since - (start.since % precisionMs);
}
