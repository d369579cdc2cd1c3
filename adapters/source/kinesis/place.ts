/** Positions as GetShardIterator takes them, and what its refusals mean. */
import type { GetShardIteratorCommandInput } from '@aws-sdk/client-kinesis';
import { SourceError, type StreamPosition, type StreamShard } from '../../../src/index.ts';
import { INVALID_ARGUMENT } from './errors.ts';

/** How GetShardIterator is told where to begin. */
export type Place = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'>;

/** How far our clock can be ahead of AWS's, ms: with more, AWS refuses every signature. */
const CLOCK_SKEW_MS = 300_000;

/** The position for GetShardIterator. LATEST is the instant it was said at: the service's own LATEST would be that of the call. */
export function placeOf(position: StreamPosition): Place {
  if (position.kind === 'after') {
    return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: position.sequenceNumber };
  }
  const instant = instantOf(position);
  return instant === undefined
    ? { ShardIteratorType: 'TRIM_HORIZON' }
    : { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(instant) };
}

/** The instant before which nothing is wanted, epoch ms, while the position is still a start at one. */
export function instantOf(position: StreamPosition): number | undefined {
  if (position.kind !== 'start' || position.start.kind === 'trim-horizon') return undefined;
  return position.start.kind === 'latest' ? position.start.since : position.start.timestamp;
}

/** What can be asked when GetShardIterator refuses. All reject with a SourceError. */
export interface Witness {
  readonly describe: () => Promise<unknown>;
  readonly listShards: () => Promise<readonly StreamShard[]>;
}

/** Where a shard was to be read from. */
export interface Wanted {
  readonly shardId: string;
  readonly position: StreamPosition;
  /** Wall clock, epoch ms. */
  readonly now: number;
}

/**
 * Why GetShardIterator refused. Kinesis has one code for a stream and for a shard that is not there, and kinesis-mock the same
 * one for a record that is not: what is still there tells.
 */
export async function explainRefusal(refusal: unknown, wanted: Wanted, witness: Witness): Promise<unknown> {
  if (!(refusal instanceof SourceError)) return refusal;
  const { shardId, position, now } = wanted;
  const instant = instantOf(position);
  if (refusal.code === INVALID_ARGUMENT && instant !== undefined && instant > now - CLOCK_SKEW_MS) {
    const message = `the service's clock has not reached the start at ${new Date(instant).toISOString()} (${refusal.message})`;
    return new SourceError('unavailable', refusal.code, message, { cause: refusal });
  }
  if (refusal.kind !== 'not-found') return refusal;
  try {
    await witness.describe();
    const shards = await witness.listShards();
    const isThere = shards.some((shard) => shard.shardId === shardId);
    const reason = { cause: refusal };
    if (!isThere) return new SourceError('gone', refusal.code, `the stream has no shard ${shardId} (${refusal.message})`, reason);
    if (position.kind !== 'after') return new SourceError('unavailable', refusal.code, refusal.message, reason);
    const message = `the shard ${shardId} does not keep the position ${position.sequenceNumber} any more (${refusal.message})`;
    return new SourceError('trimmed', refusal.code, message, reason);
  } catch (error) {
    return error;
  }
}
