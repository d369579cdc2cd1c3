/** How waits grow from try to try. */
export interface BackoffPolicy {
  /** The most that the first wait can be, ms; doubles with every try. */
  readonly baseMs: number;
  /** What it grows to, ms. */
  readonly capMs: number;
}

/**
 * The wait before try `attempt + 1` (attempt counts from 1), with full jitter: uniform between
 * zero and the ceiling, so that many who failed together do not come back together. `chance` is in [0, 1).
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, chance: number): number {
  return Math.floor(ceilingMs(policy, attempt) * chance);
}

/** As {@link backoffMs}, but never less than half the ceiling: for polls, where coming back at once costs a call. */
export function steadyBackoffMs(policy: BackoffPolicy, attempt: number, chance: number): number {
  return Math.floor((ceilingMs(policy, attempt) * (1 + chance)) / 2);
}

function ceilingMs(policy: BackoffPolicy, attempt: number): number {
  const doublings = Math.min(30, Math.max(0, attempt - 1));
  return Math.min(policy.capMs, policy.baseMs * 2 ** doublings);
}
