/**
 * The hub: one mapping, its options and the way of a record through the rooms.
 *
 * - mapping.ts          what a mapping is to its owner
 * - queue-mapping.ts    enable, disable, tenure after tenure
 * - queue-tenure.ts     one uninterrupted time of work: the rooms joined, the slots staffed
 * - queue-slot.ts       credit, collect, invoke, verdict, settle: the way of a batch
 * - queue-collector.ts  receives into a batch
 * - works.ts            the rooms as slots share them
 * - tenure-lease.ts     the exclusive right to run a mapping
 * - lifecycle.ts        states
 * - queue-options.ts    fields of a queue mapping, checked and resolved
 * - check.ts            a schema's complaints in the user's own words
 * - describe-wait.ts    why something does not move, as a sentence
 */
export { type Checked, check, kindOf, pascal, refuse } from './check.ts';
export { describeWait } from './describe-wait.ts';
export type { Mapping } from './mapping.ts';
export { QueueMapping } from './queue-mapping.ts';
export { QUEUE_FIELDS, type QueueFields, resolveQueueOptions } from './queue-options.ts';
