/** A target that asks for more patience is asked again all the same: it may be well long before, ms. */
const RETRY_AFTER_MAX_MS = 60_000;

/** How long a target that refused is left alone at least, ms. */
export function leastWaitMs(retryAfterMs: number | undefined): number {
  return Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
}
