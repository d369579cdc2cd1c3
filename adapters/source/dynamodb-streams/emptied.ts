/**
 * Whether nothing of a shard is left: closed, and its last record trimmed. DynamoDB lists such a shard for a while, and
 * refuses even its trim horizon. A refusal alone proves nothing: the oldest record may have been trimmed between two calls.
 */
import { SourceError } from '../../../src/index.ts';
import type { AwsConnection } from '../../shared/aws-connection.ts';
import type { StreamCalls } from './client.ts';

/** Which shard of which stream. */
export interface ShardPlace {
  readonly arn: string;
  readonly shardId: string;
  readonly connection: AwsConnection<StreamCalls>;
  readonly signal: AbortSignal;
}

/** True only when it is certain. Throws what the calls throw. */
export async function isEmptied(place: ShardPlace): Promise<boolean> {
  const last = await lastNumber(place);
  if (last === undefined) return false;
  const { arn, shardId, connection, signal } = place;
  try {
    const { ShardIterator } = await connection.call('GetShardIterator', (calls) =>
      calls.iterator({ StreamArn: arn, ShardId: shardId, ShardIteratorType: 'AT_SEQUENCE_NUMBER', SequenceNumber: last }, signal),
    );
    await connection.call('GetRecords', (calls) => calls.records({ ShardIterator, Limit: 1 }, signal));
    return false;
  } catch (error) {
    if (error instanceof SourceError && error.kind === 'trimmed') return true;
    throw error;
  }
}

/** Where a closed shard ends; `undefined` while it is open, or when it is not listed. */
async function lastNumber({ arn, shardId, connection }: ShardPlace): Promise<string | undefined> {
  let from: string | undefined;
  do {
    const start = from === undefined ? undefined : { ExclusiveStartShardId: from };
    const { StreamDescription } = await connection.call('DescribeStream', (calls) => calls.describe({ StreamArn: arn, ...start }));
    const found = StreamDescription?.Shards?.find(({ ShardId }) => ShardId === shardId);
    if (found !== undefined) return found.SequenceNumberRange?.EndingSequenceNumber;
    from = StreamDescription?.LastEvaluatedShardId;
  } while (from !== undefined);
  return undefined;
}
