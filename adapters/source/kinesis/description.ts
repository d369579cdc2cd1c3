/** What Kinesis says of a stream and of its shards, as the engine knows it. */
import type { Shard, StreamDescriptionSummary } from '@aws-sdk/client-kinesis';
import { SourceError, type StreamDescription, type StreamShard } from '../../../src/index.ts';
import { parseArn } from '../../shared/aws-arn.ts';
import { defaultRoleArn, type KinesisEventSource } from '../../shared/kinesis-event.ts';

const HOUR_MS = 3_600_000;
/** A stream in any other state has no shards to read yet, or not for long. */
const READABLE: ReadonlySet<string | undefined> = new Set(['ACTIVE', 'UPDATING']);

/** `arn`: how the user named the stream, if by its ARN; it is then what functions see. */
export function toDescription(summary: StreamDescriptionSummary | undefined, arn: string | undefined): StreamDescription {
  const { StreamStatus, StreamCreationTimestamp, RetentionPeriodHours } = summary ?? {};
  const described = arn ?? summary?.StreamARN;
  if (described === undefined || parseArn(described) === undefined || StreamCreationTimestamp === undefined) {
    throw new SourceError('unavailable', 'UnreadableAnswer', "DescribeStreamSummary: the answer lacks the stream's ARN or creation time");
  }
  if (!READABLE.has(StreamStatus)) {
    throw new SourceError(
      'not-found',
      `Stream${StreamStatus ?? 'Unknown'}`,
      `DescribeStreamSummary: the stream is ${StreamStatus ?? 'in no known state'}`,
    );
  }
  return {
    arn: described,
    incarnation: String(StreamCreationTimestamp.getTime()),
    retentionMs: (RetentionPeriodHours ?? 24) * HOUR_MS,
  };
}

/** How events name the stream. */
export function eventSourceOf(arn: string, roleArn: string | undefined): KinesisEventSource {
  const { region = '', account = '' } = parseArn(arn) ?? {};
  return { arn, region, roleArn: roleArn ?? defaultRoleArn(account) };
}

/** Shards without an id are no shards. */
export function toShards(shards: readonly Shard[]): StreamShard[] {
  return shards.flatMap(({ ShardId, ParentShardId, AdjacentParentShardId, SequenceNumberRange }) => {
    if (ShardId === undefined) return [];
    const parents = [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined);
    return [{ shardId: ShardId, parents, isClosed: SequenceNumberRange?.EndingSequenceNumber !== undefined }];
  });
}
