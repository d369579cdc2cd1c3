/**
 * What is decided is carried out here, and nowhere else.
 *
 * - queue-settler.ts  delete, return, give back, leave
 * - checkpointer.ts   shard rows, stored in groups
 * - write-groups.ts   rows that change often, written in groups
 * - offset-committer.ts  the state of partitions, committed to their group
 * - commit-metadata.ts  what of a partition survives beside its offset
 * - shard-ledger.ts   what of a shard is read, done and covered by the position
 * - shard-row.ts      what of a shard survives, as text
 * - discarder.ts      what is given up, and its destination
 * - in-flight.ts      the ledger of what is not settled
 * - heartbeat.ts      visibility of what is in an open or running batch
 * - entry-calls.ts    batch calls, again only for failed entries
 */

export { Checkpointer } from './checkpointer.ts';
export { type CommitState, commitOffset, decodeCommit, encodeCommit, type TopicOrigin } from './commit-metadata.ts';
export { Discarder } from './discarder.ts';
export { type Arrival, InFlight, reliableUntil } from './in-flight.ts';
export { OffsetCommitter } from './offset-committer.ts';
export { QueueSettler, type QueueSettlerParts } from './queue-settler.ts';
export { type ShardEntry, ShardLedger } from './shard-ledger.ts';
export { decodeShardRow, encodeShardRow, type RetryMark, type ShardRow } from './shard-row.ts';
