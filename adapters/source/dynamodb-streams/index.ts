/**
 * DynamoDB Streams as a source.
 *
 * - options.ts          what a user may say, and the checks
 * - client.ts           the calls to DynamoDB Streams, and the SDK behind them
 * - reader.ts           a shard from a position: pages, iterators, waits
 * - emptied.ts          whether nothing of a shard is left
 * - record.ts           from the SDK's record to the engine's and to the event
 * - attribute-value.ts  typed values in events, and how large they get
 * - errors.ts           the service's codes, by what the engine does about them
 */
import type { DynamoDBStreamEvent } from 'aws-lambda';
import {
  type BatchInfo,
  type FilterView,
  type ReadRequest,
  SourceError,
  type StreamDescription,
  type StreamShard,
  type StreamSource,
  type StreamStep,
  systemClock,
  systemRandom,
} from '../../../src/index.ts';
import { AwsConnection } from '../../shared/aws-connection.ts';
import { connect, type StreamCalls } from './client.ts';
import { streamError } from './errors.ts';
import { type DynamoDBStreamsOptions, type ResolvedStreamOptions, resolveStreamOptions } from './options.ts';
import { readShard, type StreamReading } from './reader.ts';
import { batchInfo, type DynamoDBStreamRecord, eventBytes, filterView, fixedBytes, toEvent } from './record.ts';

export type { DynamoDBStreamsOptions } from './options.ts';
export type { DynamoDBStreamRecord } from './record.ts';

/** The stream of a DynamoDB table. Nothing is loaded or called before the first call. Throws a ConfigError. */
export function dynamodbStreams(options: DynamoDBStreamsOptions): StreamSource<DynamoDBStreamEvent, DynamoDBStreamRecord> {
  return new DynamoDBStream(resolveStreamOptions(options));
}

/** How long DynamoDB keeps the records of a stream, ms: always 24 hours. */
const RETENTION_MS = 86_400_000;

class DynamoDBStream implements StreamSource<DynamoDBStreamEvent, DynamoDBStreamRecord> {
  readonly kind = 'stream';
  readonly label: string;
  readonly startingPositions = ['TRIM_HORIZON', 'LATEST'] as const;
  readonly filtering = {
    kind: 'dynamodb' as const,
    view: (_shardId: string, record: DynamoDBStreamRecord): FilterView => filterView(this.#arn, record),
  };
  readonly #arn: string;
  readonly #streamLabel: string;
  readonly #connection: AwsConnection<StreamCalls>;
  readonly #reading: StreamReading;

  constructor(options: ResolvedStreamOptions) {
    const { arn, streamLabel, pollMs, creationPrecisionMs } = options;
    this.label = arn;
    this.#arn = arn;
    this.#streamLabel = streamLabel;
    this.#connection = new AwsConnection(() => connect(options), streamError);
    this.#reading = {
      arn,
      connection: this.#connection,
      pollMs,
      creationPrecisionMs,
      fixedBytes: fixedBytes(arn),
      clock: systemClock,
      random: systemRandom,
    };
  }

  async describe(): Promise<StreamDescription> {
    const { StreamDescription } = await this.#connection.call('DescribeStream', (calls) =>
      calls.describe({ StreamArn: this.#arn, Limit: 1 }),
    );
    return { arn: this.#arn, incarnation: StreamDescription?.StreamLabel ?? this.#streamLabel, retentionMs: RETENTION_MS };
  }

  async listShards(): Promise<readonly StreamShard[]> {
    const shards: StreamShard[] = [];
    let last: string | undefined;
    do {
      const from = last === undefined ? undefined : { ExclusiveStartShardId: last };
      const { StreamDescription } = await this.#connection.call('DescribeStream', (calls) =>
        calls.describe({ StreamArn: this.#arn, ...from }),
      );
      if (StreamDescription === undefined) {
        throw new SourceError('unavailable', 'UnreadableAnswer', 'DescribeStream: the answer holds no description');
      }
      for (const { ShardId, ParentShardId, SequenceNumberRange } of StreamDescription.Shards ?? []) {
        if (ShardId === undefined) continue;
        const parents = ParentShardId === undefined ? [] : [ParentShardId];
        shards.push({ shardId: ShardId, parents, isClosed: SequenceNumberRange?.EndingSequenceNumber !== undefined });
      }
      last = StreamDescription.LastEvaluatedShardId;
    } while (last !== undefined);
    return shards;
  }

  read(request: ReadRequest): AsyncIterable<StreamStep<DynamoDBStreamRecord>> {
    return readShard(this.#reading, request);
  }

  toEvent(_shardId: string, records: readonly DynamoDBStreamRecord[]): DynamoDBStreamEvent {
    return toEvent(this.#arn, records);
  }

  eventBytes(_shardId: string, record: DynamoDBStreamRecord): number {
    return eventBytes(this.#arn, record);
  }

  batchInfo(shardId: string, records: readonly DynamoDBStreamRecord[]): BatchInfo {
    return batchInfo(this.#arn, shardId, records);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
