import type { Clock } from '../../contract/index.ts';

/** How fast one caller may ask. */
export interface RateLimitOptions {
  readonly requestsPerSecond: number;
  /** How many requests may come at once after a rest. */
  readonly burst: number;
}

/** How many callers are remembered. Who was not heard of for longest is forgotten first, and begins with a full burst. */
const CALLERS_MAX = 10_000;

interface Bucket {
  readonly tokens: number;
  readonly filledAt: number;
}

/** A token bucket for each caller. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  /** In the order in which they were last heard of. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, { requestsPerSecond, burst }: RateLimitOptions) {
    this.#clock = clock;
    this.#perMs = requestsPerSecond / 1000;
    this.#burst = burst;
  }

  /** Takes one request of this caller: 0 when it may go on, else how long it has to wait until it might, ms. */
  take(caller: string): number {
    const now = this.#clock.monotonic();
    const { tokens: held, filledAt } = this.#buckets.get(caller) ?? { tokens: this.#burst, filledAt: now };
    const tokens = Math.min(this.#burst, held + (now - filledAt) * this.#perMs);
    const isLetIn = tokens >= 1;
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { tokens: isLetIn ? tokens - 1 : tokens, filledAt: now });
    this.#forget();
    return isLetIn ? 0 : (1 - tokens) / this.#perMs;
  }

  #forget(): void {
    if (this.#buckets.size <= CALLERS_MAX) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
