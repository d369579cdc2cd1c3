/** How fast the forecast forgets how the lag grew before, ms. */
const MEMORY_MS = 300_000;
/** A loss that is further away than this counts as never, s: the longest that Kinesis keeps records. */
export const SECONDS_TO_LOSS_MAX = 31_536_000;

/**
 * When records of one shard will be trimmed before they are read, if it goes on as it does now. The lag (the age of the oldest
 * record that is not done) grows by a second each second while nothing is done, stays while as much is done as comes, and shrinks
 * while more is. What is left until the retention, at that pace, is the time to the loss. Pure.
 */
export class LossForecast {
  #last: { readonly lagMs: number; readonly at: number } | undefined;
  /** Milliseconds of lag that are added in each millisecond, smoothed. */
  #growth: number | undefined;

  /** One look, `at` monotonic ms. Gives seconds; `undefined`: never, or not known yet. */
  look(lagMs: number | undefined, retentionMs: number, at: number): number | undefined {
    const last = this.#last;
    if (lagMs === undefined || lagMs <= 0) {
      this.#last = lagMs === undefined ? undefined : { lagMs, at };
      this.#growth = undefined;
      return undefined;
    }
    if (last !== undefined && at > last.at) {
      // Nothing ages faster than time goes: what jumps was not known before, or came late.
      const sample = Math.min(1, (lagMs - last.lagMs) / (at - last.at));
      const weight = this.#growth === undefined ? 1 : 1 - Math.exp(-(at - last.at) / MEMORY_MS);
      this.#growth = (this.#growth ?? 0) * (1 - weight) + sample * weight;
    }
    if (last === undefined || at > last.at) this.#last = { lagMs, at };
    if (lagMs >= retentionMs) return 0;
    if (this.#growth === undefined || this.#growth <= 0) return undefined;
    const seconds = (retentionMs - lagMs) / this.#growth / 1000;
    return seconds > SECONDS_TO_LOSS_MAX ? undefined : seconds;
  }
}
