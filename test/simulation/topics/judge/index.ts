/**
 * Watches a group of processes that share a topic from outside, and says which rule was broken. Lanes, discards and records are
 * watched as those of streams are: a partition is to them what a shard is.
 *
 * - judge.ts       the records of the topic: R1, R2, R3
 * - tenures.ts     R6: whose a partition is, and what is begun, running and committed when
 * - commits.ts     R4, R5: what the group has committed covers what is done, and repeats no more than was in flight
 * - losses.ts      R4: what retention took, and positions that are not in the log
 */
export { TopicJudge } from './judge.ts';
export type { TopicInvocation } from './tenures.ts';
