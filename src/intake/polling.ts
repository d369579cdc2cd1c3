import { QUEUE_VISIBILITY_SECONDS_MAX, QUEUE_WAIT_SECONDS_MAX } from '../contract/index.ts';
import type { BackoffPolicy } from '../kit/index.ts';

/** Waits between short polls that bring nothing (R9). */
export const EMPTY_POLL_BACKOFF: BackoffPolicy = { baseMs: 50, capMs: 1000 };

/** Added to window and timeout when visibility is asked for at receive, s (spec e.4). */
const VISIBILITY_EXTRA_SECONDS = 30;

/** Kept free between the end of a long poll and the deadline of a stop, ms (R13). */
const STOP_MARGIN_MS = 1000;

/** The longest poll that a stop with this deadline can wait for, whole seconds. */
export function longPollSeconds(stopTimeoutMs: number): number {
  return Math.max(0, Math.min(QUEUE_WAIT_SECONDS_MAX, Math.floor((stopTimeoutMs - STOP_MARGIN_MS) / 1000)));
}

/** What decides the visibility of received messages, s. */
export interface VisibilityCase {
  /** The queue's own VisibilityTimeout. */
  readonly own: number;
  readonly window: number;
  readonly functionTimeout: number;
  readonly heartbeat: boolean;
}

/**
 * The visibility to ask for at receive; `undefined`: the queue's own (R10, spec e.4). A queue with a timeout of 0, or
 * one shorter than the function's with the heartbeat off, could not hold a message through one invocation: there more
 * is asked for although AWS would refuse such a mapping.
 */
export function visibilityToAsk(visibility: VisibilityCase): number | undefined {
  const { own, window, functionTimeout, heartbeat } = visibility;
  const isTooShort = own === 0 || (!heartbeat && own < functionTimeout);
  if (window === 0 && !isTooShort) return undefined;
  return Math.min(QUEUE_VISIBILITY_SECONDS_MAX, Math.max(own, Math.ceil(window + functionTimeout) + VISIBILITY_EXTRA_SECONDS));
}
