/** How fast one shard may be read (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html). */

const CALLS_PER_SECOND = 5;
const BYTES_PER_SECOND = 2_097_152;
const SECOND_MS = 1_000;
/** A call that comes later than it might by less than this came late because timers do: what it lost is made up for. */
const LATENESS_MS = 200;

/** What all readers of a shard share: no second has more than five of their calls, and bytes are paid for before the next call. */
export class ShardPace {
  readonly #calls: number[] = [];
  /** When everything that was read is paid for, monotonic ms. */
  #paidAt = Number.NEGATIVE_INFINITY;

  /** How long from now until a call may be made, ms; 0: now. */
  waitMs(now: number): number {
    const fifthLast = this.#calls.length < CALLS_PER_SECOND ? undefined : this.#calls[0];
    const callsAt = fifthLast === undefined ? now : fifthLast + SECOND_MS;
    return Math.max(0, callsAt - now, this.#paidAt - now);
  }

  /** A call is made. */
  begin(now: number): void {
    this.#calls.push(now);
    if (this.#calls.length > CALLS_PER_SECOND) this.#calls.shift();
  }

  /** The call that began at `startedAt` brought so many bytes. */
  charge(startedAt: number, bytes: number): void {
    const isLate = startedAt - this.#paidAt < LATENESS_MS;
    this.#paidAt = (isLate ? this.#paidAt : startedAt) + (bytes / BYTES_PER_SECOND) * SECOND_MS;
  }
}
