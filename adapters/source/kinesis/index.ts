/**
 * Kinesis Data Streams as a source.
 *
 * - options.ts           what a user may say, and the checks
 * - stream-reference.ts  ARN or name, taken apart
 * - client.ts            the calls to Kinesis, and the SDK behind them
 * - reader.ts            a shard from a position: pages, iterators, waits
 * - place.ts             positions for GetShardIterator, and what its refusals mean
 * - pace.ts              the limits of a shard
 * - record.ts            from the SDK's record to the engine's
 * - description.ts       what the stream says of itself and of its shards
 * - errors.ts            Kinesis's codes, by what the engine does about them
 *
 * A push source (SubscribeToShard) would stand beside reader.ts, behind the same `read()`.
 */
import type { KinesisStreamEvent } from 'aws-lambda';
import {
  type BatchInfo,
  type FilterView,
  type ReadRequest,
  type StreamDescription,
  type StreamShard,
  type StreamSource,
  type StreamStep,
  systemClock,
  systemRandom,
} from '../../../src/index.ts';
import { AwsConnection } from '../../shared/aws-connection.ts';
import {
  eventBytes,
  type KinesisEventSource,
  type KinesisRecord,
  kinesisBatchInfo,
  kinesisFilterView,
  toKinesisEvent,
} from '../../shared/kinesis-event.ts';
import { connect, type KinesisCalls } from './client.ts';
import { eventSourceOf, toDescription, toShards } from './description.ts';
import { kinesisError } from './errors.ts';
import { type KinesisOptions, type ResolvedKinesisOptions, resolveKinesisOptions } from './options.ts';
import { ShardPace } from './pace.ts';
import { readShard } from './reader.ts';
import { nameInCalls, type StreamName } from './stream-reference.ts';

export type { KinesisRecord } from '../../shared/kinesis-event.ts';
export type { KinesisOptions } from './options.ts';

/** A stream of Kinesis. Nothing is loaded or called before the first call. Throws a ConfigError. */
export function kinesis(options: KinesisOptions): StreamSource<KinesisStreamEvent, KinesisRecord> {
  return new KinesisStream(resolveKinesisOptions(options));
}

class KinesisStream implements StreamSource<KinesisStreamEvent, KinesisRecord> {
  readonly kind = 'stream';
  readonly label: string;
  readonly startingPositions = ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const;
  readonly filtering = {
    kind: 'kinesis' as const,
    view: (shardId: string, record: KinesisRecord): FilterView => kinesisFilterView(shardId, record, this.#known()),
  };
  readonly #options: ResolvedKinesisOptions;
  readonly #name: StreamName;
  readonly #connection: AwsConnection<KinesisCalls>;
  /** By shard: whoever reads it shares its limits. */
  readonly #paces = new Map<string, ShardPace>();
  #eventSource: KinesisEventSource | undefined;

  constructor(options: ResolvedKinesisOptions) {
    this.label = options.label;
    this.#options = options;
    this.#name = nameInCalls(options.stream);
    this.#connection = new AwsConnection(() => connect(options), kinesisError);
    this.#eventSource = options.stream.kind === 'arn' ? eventSourceOf(options.stream.arn, options.roleArn) : undefined;
  }

  async describe(): Promise<StreamDescription> {
    const { stream, roleArn } = this.#options;
    const answer = await this.#connection.call('DescribeStreamSummary', (calls) => calls.describe(this.#name));
    const description = toDescription(answer.StreamDescriptionSummary, stream.kind === 'arn' ? stream.arn : undefined);
    this.#eventSource = eventSourceOf(description.arn, roleArn);
    return description;
  }

  async listShards(): Promise<readonly StreamShard[]> {
    const shards: StreamShard[] = [];
    let token: string | undefined;
    do {
      // A token stands for the stream too; both together are refused.
      const input = token === undefined ? this.#name : { NextToken: token };
      const { Shards, NextToken } = await this.#connection.call('ListShards', (calls) => calls.listShards(input));
      shards.push(...toShards(Shards ?? []));
      token = NextToken;
    } while (token !== undefined);
    this.#forgetPacesBeside(shards);
    return shards;
  }

  read(request: ReadRequest): AsyncIterable<StreamStep<KinesisRecord>> {
    const { pollMs, isLimited } = this.#options;
    const reading = {
      stream: this.#name,
      connection: this.#connection,
      pollMs,
      clock: systemClock,
      random: systemRandom,
      paceOf: (shardId: string) => (isLimited ? this.#paceOf(shardId) : undefined),
      eventSource: () => this.#describedSource(),
      witness: this,
    };
    return readShard(reading, request);
  }

  toEvent(shardId: string, records: readonly KinesisRecord[]): KinesisStreamEvent {
    return toKinesisEvent(shardId, records, this.#known());
  }

  eventBytes(shardId: string, record: KinesisRecord): number {
    return eventBytes(shardId, record, this.#known());
  }

  batchInfo(shardId: string, records: readonly KinesisRecord[]): BatchInfo {
    return kinesisBatchInfo(shardId, records, this.#known().arn);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #known(): KinesisEventSource {
    if (this.#eventSource === undefined) throw new Error(`describe() of ${this.label} has not succeeded yet`);
    return this.#eventSource;
  }

  async #describedSource(): Promise<KinesisEventSource> {
    if (this.#eventSource === undefined) await this.describe();
    return this.#known();
  }

  #paceOf(shardId: string): ShardPace {
    const pace = this.#paces.get(shardId) ?? new ShardPace();
    this.#paces.set(shardId, pace);
    return pace;
  }

  #forgetPacesBeside(shards: readonly StreamShard[]): void {
    const listed = new Set(shards.map(({ shardId }) => shardId));
    for (const shardId of this.#paces.keys()) if (!listed.has(shardId)) this.#paces.delete(shardId);
  }
}
