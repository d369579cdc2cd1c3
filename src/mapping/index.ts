/**
 * The hub: one mapping, its options and the way of a record through the rooms.
 *
 * - mapping.ts          what a mapping is to its owner
 * - source-mapping.ts   enable, disable, tenure after tenure
 * - queue-mapping.ts    a mapping of a queue
 * - stream-mapping.ts   a mapping of a stream
 * - stream-tenure.ts    one uninterrupted time of work: shards, parents first
 * - shard-task.ts       one shard, read and spread over its lanes
 * - shard-room.ts       whether a shard may be read on
 * - read-ahead.ts       how much read ahead is enough
 * - stream-lane.ts      one lane: collect, invoke, verdict, settle
 * - lane-queue.ts       records of a lane, cut into batches
 * - lane-range.ts       what is invoked together, and its history
 * - lane-invoker.ts     credit, event, invocation, verdict of a range
 * - lane-window.ts      the tumbling windows of a shard
 * - topic-mapping.ts     a mapping of a topic
 * - topic-tenure.ts      one membership of a consumer group: partitions come and go
 * - partition-work.ts    one partition while it is ours
 * - topic-options.ts     fields of a topic mapping, checked and resolved
 * - run-gate.ts         ranges together, or one alone
 * - shard-positions.ts  shards that nobody reads now
 * - shard-loss.ts       whether records were lost before they were read
 * - stream-start.ts     how a mapping began
 * - processing-result.ts  LastProcessingResult
 * - filters.ts          FilterCriteria, compiled
 * - stream-works.ts     the rooms as shards and lanes share them
 * - check-destination.ts  a destination that is missing is told when the mapping begins
 * - credit.ts           waiting for a credit
 * - overrun.ts          waiting for the end of an invocation
 * - stream-options.ts   fields of a stream mapping, checked and resolved
 * - fields.ts           what the fields of mappings share
 * - queue-tenure.ts     one uninterrupted time of work: the rooms joined, the slots staffed
 * - queue-slot.ts       credit, collect, invoke, verdict, settle: the way of a batch
 * - queue-collector.ts  receives into a batch
 * - works.ts            the rooms as slots share them
 * - tenure-lease.ts     the exclusive right to run a mapping
 * - lifecycle.ts        states
 * - queue-options.ts    fields of a queue mapping, checked and resolved
 * - check.ts            a schema's complaints in the user's own words
 * - describe-wait.ts    why something does not move, as a sentence
 * - stated.ts           why a part waits, and since when
 * - explain.ts          what a mapping does and why it waits
 * - explanation-table.ts  the same for people
 */
export { longestRetryMs } from '../verdict/index.ts';
export { type Checked, check, kindOf, pascal, refuse } from './check.ts';
export { describeWait } from './describe-wait.ts';
export { explanationTable } from './explanation-table.ts';
export { logLevelOf } from './fields.ts';
export { resolveFilter } from './filters.ts';
export type { Mapping } from './mapping.ts';
export { type QueueMappingParts, queueMapping } from './queue-mapping.ts';
export { QUEUE_FIELDS, type QueueFields, resolveQueueOptions } from './queue-options.ts';
export { SourceMapping } from './source-mapping.ts';
export { streamMapping } from './stream-mapping.ts';
export { resolveStreamOptions, STREAM_FIELDS, type StreamFields } from './stream-options.ts';
export { topicMapping } from './topic-mapping.ts';
export { resolveTopicOptions, TOPIC_FIELDS, TOPIC_TIMEOUT_SECONDS_MAX, type TopicFields } from './topic-options.ts';
