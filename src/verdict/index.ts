/**
 * Outcome and history in, decision out. Pure.
 *
 * - queue-verdict.ts     the failure policy of queues
 * - partial-response.ts  what a function's answer says of its batch
 */
export { decideQueue, type QueueCase, type QueueVerdict, THROTTLE_BACKOFF } from './queue-verdict.ts';
