import type { CancelTimer, Clock } from '../contract/index.ts';
import { Heap, Latch } from '../kit/index.ts';
import { systemClock } from '../system.ts';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Where a virtual clock's wall reading begins unless told otherwise: 2026-01-01T00:00:00Z. */
const EPOCH = Date.UTC(2026, 0, 1);

/**
 * A clock that stands still until a test advances it. Timers fire in the order of their instants, and after each one
 * every promise that can settle is settled, so a day of waiting takes milliseconds and always goes the same way.
 *
 * Nothing real may be awaited by the code under it (no sockets, no files): what waits for the outside does not move.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #wallOffset: number;
  #order = 0;
  #live = 0;
  readonly #sleepers = new Heap<Sleeper>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));

  /** `startsAt`: the first wall reading, epoch ms. */
  constructor(startsAt: number = EPOCH) {
    this.#wallOffset = startsAt;
  }

  monotonic(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now + this.#wallOffset;
  }

  timer(ms: number, callback: () => void): CancelTimer {
    const sleeper: Sleeper = { at: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#sleepers.push(sleeper);
    this.#live += 1;
    return () => {
      if (sleeper.callback === undefined) return;
      sleeper.callback = undefined;
      this.#live -= 1;
    };
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.timer(0, resolve);
    });
  }

  /** How many timers wait: 0 after a clean stop. */
  get pendingTimers(): number {
    return this.#live;
  }

  /** Moves the wall reading only, as an operator or NTP would. */
  stepWall(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Lets every promise settle that can without time passing. */
  async settle(): Promise<void> {
    await systemClock.turn();
  }

  /** Fires the next timer, at its instant, and settles what follows. False when none waits. */
  async step(): Promise<boolean> {
    await this.settle();
    const sleeper = this.#next();
    if (sleeper === undefined) return false;
    await this.#fire(sleeper);
    return true;
  }

  /** Moves on by `ms`, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (let sleeper = this.#next(until); sleeper !== undefined; sleeper = this.#next(until)) await this.#fire(sleeper);
    this.#now = until;
  }

  /**
   * Moves on until `promise` settles and gives what it gives. Throws when `limitMs` of virtual time has passed or when
   * nothing waits any more, because then it never would settle.
   */
  async run<Value>(promise: Promise<Value>, limitMs = 3_600_000): Promise<Value> {
    const until = this.#now + limitMs;
    const settled = new Latch();
    const mark = (): void => {
      settled.set();
    };
    promise.then(mark, mark);
    await this.settle();
    while (!settled.isSet) {
      const sleeper = this.#next(until);
      if (sleeper === undefined) throw new Error(`the promise has not settled after ${String(limitMs)} ms of virtual time`);
      await this.#fire(sleeper);
    }
    return promise;
  }

  #next(until = Number.POSITIVE_INFINITY): Sleeper | undefined {
    for (;;) {
      const sleeper = this.#sleepers.peek();
      if (sleeper === undefined) return undefined;
      if (sleeper.callback !== undefined) return sleeper.at <= until ? sleeper : undefined;
      this.#sleepers.pop();
    }
  }

  async #fire(sleeper: Sleeper): Promise<void> {
    const { callback } = sleeper;
    sleeper.callback = undefined;
    this.#live -= 1;
    this.#now = Math.max(this.#now, sleeper.at);
    callback?.();
    await this.settle();
  }
}
