import {
  type CancelTimer,
  type Clock,
  type Delivery,
  type Hold,
  QUEUE_ENTRIES_PER_CALL,
  QUEUE_VISIBILITY_SECONDS_MAX,
} from '../contract/index.ts';
import type { InFlight } from './in-flight.ts';

/** What one beat came to. */
export interface Beaten {
  /** Every entry was renewed, or is beyond renewal; false: try again soon. */
  readonly renewed: boolean;
  /** Their visibility has run out already. */
  readonly lapsed: readonly Delivery[];
}

/** Renews the visibility of at most ten messages. Never rejects. */
export type Renew = (deliveries: readonly Delivery[], seconds: number) => Promise<Beaten>;

/** A failed beat is tried again after this share of the time that is left, and never sooner than {@link RETRY_MS_MIN}. */
const RETRY_SHARE = 0.5;
const RETRY_MS_MIN = 500;

/**
 * Renews the visibility of what is in an open or running batch (R10): when half of it is gone, in calls of ten, 12 h
 * after the receive at most. One timer, for the hold that is due first.
 *
 * H1 After `release()` has resolved no beat of those deliveries is under way: a late beat never undoes a delete or a
 *    back-off.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #inFlight: InFlight;
  readonly #renew: Renew;
  /** When each hold's next beat is due. */
  readonly #due = new Map<Hold, number>();
  readonly #beating = new Map<Hold, Promise<void>>();
  #cancel: CancelTimer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(clock: Clock, inFlight: InFlight, renew: Renew) {
    this.#clock = clock;
    this.#inFlight = inFlight;
    this.#renew = renew;
  }

  /** Begins to renew a hold. */
  watch(hold: Hold): void {
    this.#schedule(hold, hold.receivedAt + (hold.visibilitySeconds * 1000) / 2);
  }

  /** Stops renewing deliveries; resolves when no beat that names them is under way. */
  async release(deliveries: readonly Delivery[]): Promise<void> {
    this.#inFlight.retire(deliveries);
    if (this.#beating.size === 0) return;
    const beats = new Set<Promise<void>>();
    for (const { hold } of deliveries) {
      const beat = this.#beating.get(hold);
      if (beat !== undefined) beats.add(beat);
    }
    await Promise.all(beats);
  }

  /** Ends the timer; no beat begins any more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#due.clear();
  }

  #schedule(hold: Hold, at: number): void {
    if (this.#isStopped) return;
    this.#due.set(hold, at);
    if (at < this.#timerAt) this.#arm(at);
  }

  #arm(at: number): void {
    this.#cancel?.();
    this.#timerAt = at;
    this.#cancel = this.#clock.timer(at - this.#clock.monotonic(), () => {
      this.#fire();
    });
  }

  /** Holds are few (one per receive), so the walk is short; the timer fires once per half visibility. */
  #fire(): void {
    this.#cancel = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const [hold, at] of [...this.#due]) {
      if (this.#inFlight.members(hold) === undefined) this.#due.delete(hold);
      else if (at > now) next = Math.min(next, at);
      else {
        this.#due.delete(hold);
        this.#beating.set(hold, this.#beat(hold, now));
      }
    }
    if (next < this.#timerAt) this.#arm(next);
  }

  async #beat(hold: Hold, now: number): Promise<void> {
    const elapsedSeconds = Math.ceil((now - hold.receivedAt) / 1000) + 1;
    const seconds = Math.min(hold.visibilitySeconds, QUEUE_VISIBILITY_SECONDS_MAX - elapsedSeconds);
    const members = [...(this.#inFlight.members(hold) ?? [])];
    if (seconds > 0 && members.length > 0) {
      const ok = await this.#renewAll(members, seconds, now);
      if (ok) {
        this.#inFlight.renewed(hold, now, seconds);
        this.#schedule(hold, now + (seconds * 1000) / 2);
      } else {
        const after = this.#clock.monotonic();
        if (hold.deadline > after) this.#schedule(hold, after + Math.max(RETRY_MS_MIN, (hold.deadline - after) * RETRY_SHARE));
      }
    }
    this.#beating.delete(hold);
  }

  async #renewAll(members: readonly Delivery[], seconds: number, now: number): Promise<boolean> {
    let ok = true;
    for (let start = 0; start < members.length; start += QUEUE_ENTRIES_PER_CALL) {
      const { renewed, lapsed } = await this.#renew(members.slice(start, start + QUEUE_ENTRIES_PER_CALL), seconds);
      ok = renewed && ok;
      this.#inFlight.lapse(lapsed, now);
    }
    return ok;
  }
}
