/**
 * A stream in this process with the semantics of Kinesis: the door of the adapter.
 *
 * - stream.ts     the port, the producer's side, and the controls of tests
 * - options.ts    what can be set, checked
 * - put-input.ts  what can be put, checked and encoded
 * - reading.ts    one read of one shard
 * - read-side.ts  the stream as its reads see it
 * - shards.ts     one incarnation: shards, lineage, retention
 * - shard.ts      the records of one shard
 * - hash-keys.ts  which shard takes which partition key
 * - numbering.ts  sequence numbers
 * - errors.ts     what is thrown
 */
export type { KinesisRecord } from '../../shared/kinesis-event.ts';
export type { EmbeddedStreamOptions } from './options.ts';
export type { PutInput, PutResult } from './put-input.ts';
export type { PeekedShard } from './stream.ts';
export { EmbeddedStream, embeddedStream } from './stream.ts';
