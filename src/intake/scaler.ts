/** Concurrent batches at first (spec e.1). */
export const CONCURRENCY_START = 5;
/** Added per minute while there is backlog. */
export const CONCURRENCY_GROWTH_PER_MINUTE = 300;
/** The most for one mapping. */
export const CONCURRENCY_MAX = 1250;
/** What an idle mapping goes down to. Not with MaximumConcurrency. */
export const CONCURRENCY_IDLE = 2;
/** A mapping is idle when its receives have been empty for this long, ms. AWS publishes none. */
export const IDLE_AFTER_MS = 30_000;
/** What remains of the concurrency after a failed batch, unless the mapping reports batch item failures. AWS publishes none. */
export const ERROR_BACKOFF_FACTOR = 0.5;
/** At most one such cut in this time, ms. */
export const ERROR_BACKOFF_EVERY_MS = 1000;

/** Milliseconds in which the concurrency grows by one. */
const GROWTH_STEP_MS = 60_000 / CONCURRENCY_GROWTH_PER_MINUTE;

/**
 * How many batches of a queue may be in flight at once (spec e.1): 5 at first, growing while there is backlog, 2 when
 * idle, cut when batches fail (not in partial mode). Pure: told what happened and when, it answers with a number.
 */
export class Scaler {
  readonly #max: number;
  readonly #isBounded: boolean;
  readonly #cutsOnError: boolean;
  #target: number;
  #grewAt: number | undefined;
  #idleSince: number | undefined;
  #isIdle = false;
  #cutAt = Number.NEGATIVE_INFINITY;

  /** `maximumConcurrency`: ScalingConfig.MaximumConcurrency; `partialMode`: errors do not cut. */
  constructor(maximumConcurrency: number | undefined, partialMode: boolean) {
    this.#isBounded = maximumConcurrency !== undefined;
    this.#max = maximumConcurrency ?? CONCURRENCY_MAX;
    this.#cutsOnError = !partialMode;
    this.#target = Math.min(CONCURRENCY_START, this.#max);
  }

  /** Batches that may be in flight now. */
  get target(): number {
    return this.#target;
  }

  /** A receive brought records. `backlog`: more seems to wait. */
  received(now: number, backlog: boolean): void {
    this.#idleSince = undefined;
    if (this.#isIdle) {
      this.#isIdle = false;
      this.#target = Math.max(this.#target, Math.min(CONCURRENCY_START, this.#max));
    }
    if (!backlog) {
      this.#grewAt = undefined;
      return;
    }
    this.#grewAt ??= now;
    const steps = Math.floor((now - this.#grewAt) / GROWTH_STEP_MS);
    if (steps <= 0) return;
    this.#grewAt += steps * GROWTH_STEP_MS;
    this.#target = Math.min(this.#max, this.#target + steps);
  }

  /** A receive brought nothing. */
  empty(now: number): void {
    this.#grewAt = undefined;
    this.#idleSince ??= now;
    if (now - this.#idleSince < IDLE_AFTER_MS) return;
    this.#isIdle = true;
    this.#target = this.#isBounded ? Math.min(CONCURRENCY_START, this.#max) : CONCURRENCY_IDLE;
  }

  /** A batch failed. */
  failed(now: number): void {
    if (!this.#cutsOnError || now - this.#cutAt < ERROR_BACKOFF_EVERY_MS) return;
    this.#cutAt = now;
    this.#grewAt = undefined;
    this.#target = Math.max(Math.min(CONCURRENCY_IDLE, this.#max), Math.floor(this.#target * ERROR_BACKOFF_FACTOR));
  }
}
