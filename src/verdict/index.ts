/**
 * Outcome and history in, decision out. Pure.
 *
 * - queue-verdict.ts     the failure policy of queues
 * - stream-verdict.ts    the failure policy of streams
 * - retry-after.ts       how long a target that asks for patience is left alone
 * - partial-response.ts  what a function's answer says of its batch
 * - window-response.ts   the state that a function's answer brings in a tumbling window
 */
export { type NameOf, offsetNameOf } from './partial-response.ts';
export { decideQueue, type QueueCase, type QueueVerdict, THROTTLE_BACKOFF } from './queue-verdict.ts';
export {
  decideCrashed,
  decideStream,
  isPlainSuccess,
  longestRetryMs,
  SETTLED,
  type StreamPolicy,
  type StreamVerdict,
  type UndoneVerdict,
} from './stream-verdict.ts';
