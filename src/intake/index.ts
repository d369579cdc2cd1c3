/**
 * How a source is asked.
 *
 * - buffer.ts        room for what is in flight in the process
 * - queue-poller.ts  one receive after another, attempt ids
 * - lineage.ts       which shards may be read, and from where
 * - polling.ts       how long to wait, which visibility to ask for
 * - topic-start.ts   where a partition of a topic is begun
 * - scaler.ts        how many batches may be in flight
 * - source-gate.ts   waiting for a source in trouble
 */
export { Buffer } from './buffer.ts';
export { awaitedParents, initialPosition, type MappingStart, readable } from './lineage.ts';
export { EMPTY_POLL_BACKOFF, longPollSeconds, visibilityToAsk } from './polling.ts';
export { type Polled, QueuePoller } from './queue-poller.ts';
export { Scaler } from './scaler.ts';
export { SOURCE_BACKOFF, SourceGate, type SourceProblem } from './source-gate.ts';
export { beforeOffset, type PartitionPlace, partitionPlace } from './topic-start.ts';
