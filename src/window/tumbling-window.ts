import type { OpenWindow, StoredWindow } from '../contract/index.ts';

/** The most that the state of a window may take as JSON in UTF-8, bytes (1 MB, AWS Lambda: tumbling windows). */
export const WINDOW_STATE_BYTES_MAX = 1_048_576;

/**
 * A window without records is closed when its end is so long over, ms. AWS waits up to two minutes for Kinesis; nothing is
 * published for DynamoDB, so it is the same there.
 */
const IDLE_CLOSE_MS = 120_000;

/** What a window begins with. */
const NO_STATE = '{}';

/**
 * The tumbling windows of one shard, one open at a time (spec b.4, d.8).
 *
 * W1 Windows are as long as each other and aligned to the epoch; every record is in exactly one, by its arrival.
 * W2 A record that arrives late, when its own window is closed, is in the current one: the open window, or else the first that
 *    may still be opened. Nothing is left out because it came late.
 * W3 The state of a window is what its last successful invocation returned; `{}` at the first.
 */
export class TumblingWindow {
  readonly #lengthMs: number;
  #open: OpenWindow | undefined;
  #notBefore: number | undefined;
  /** The end of the window that was ended early: also one of another length goes on to there. */
  #goesOnTo: number | undefined;

  /** `stored`: what an earlier process left, of windows of any length. */
  constructor(lengthMs: number, stored: StoredWindow | undefined) {
    this.#lengthMs = lengthMs;
    this.#open = stored?.open;
    this.#notBefore = stored?.notBefore;
  }

  get open(): OpenWindow | undefined {
    return this.#open;
  }

  /** Everything that has to survive. */
  get stored(): StoredWindow {
    return { open: this.#open, notBefore: this.#notBefore };
  }

  /** Whether a record belongs into the open window, which it opens when there is none; false: that must be closed before. */
  takes(arrivedAt: number): boolean {
    if (this.#open !== undefined) return arrivedAt < this.#open.end;
    const start = Math.max(this.#startOf(arrivedAt), this.#notBefore ?? Number.NEGATIVE_INFINITY);
    const end = this.#goesOnTo !== undefined && start < this.#goesOnTo ? this.#goesOnTo : this.#startOf(start) + this.#lengthMs;
    this.#open = { start, end, state: NO_STATE };
    return true;
  }

  /**
   * Whether the open window is over although nothing came behind it. `readThrough`: the instant up to which the shard was read,
   * where that is known: what is not read yet may belong into the window.
   */
  isOver(now: number, readThrough: number | undefined): boolean {
    return this.#open !== undefined && now >= this.#open.end + IDLE_CLOSE_MS && (readThrough ?? now) >= this.#open.end;
  }

  /** When {@link isOver} can be true at the earliest, epoch ms; `undefined` when no window is open. */
  get overAt(): number | undefined {
    return this.#open === undefined ? undefined : this.#open.end + IDLE_CLOSE_MS;
  }

  /** An invocation succeeded: `state` is what the next one is given. */
  adopt(state: string): void {
    if (this.#open !== undefined) this.#open = { ...this.#open, state };
  }

  /** The final invocation succeeded. */
  close(): void {
    this.#notBefore = this.#open?.end;
    this.#open = undefined;
  }

  /** The window was ended before its time: what still comes for it begins a new one with the same bounds, and without state. */
  closeEarly(): void {
    this.#notBefore = this.#open?.start;
    this.#goesOnTo = this.#open?.end;
    this.#open = undefined;
  }

  #startOf(instant: number): number {
    return Math.floor(instant / this.#lengthMs) * this.#lengthMs;
  }
}
