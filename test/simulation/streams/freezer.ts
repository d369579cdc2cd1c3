import type { CancelTimer, Clock } from '../../../src/index.ts';

/** A process that is held and goes on later, as if nothing had happened: its timers and replies come when it thaws. */
export class Freezer {
  readonly clock: Clock;
  #isFrozen = false;
  #held: (() => void)[] = [];

  constructor(clock: Clock) {
    this.clock = {
      monotonic: () => clock.monotonic(),
      wall: () => clock.wall(),
      timer: (ms, callback) => this.#timer(clock, ms, callback),
      turn: () =>
        new Promise((resolve) => {
          this.#timer(clock, 0, resolve);
        }),
    };
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    const held = this.#held;
    this.#held = [];
    for (const callback of held) callback();
  }

  /** Resolves at once, or when the process thaws. */
  through(): Promise<void> {
    if (!this.#isFrozen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#held.push(resolve);
    });
  }

  #timer(clock: Clock, ms: number, callback: () => void): CancelTimer {
    let isLive = true;
    const run = (): void => {
      if (isLive) callback();
    };
    const cancel = clock.timer(ms, () => {
      if (this.#isFrozen) this.#held.push(run);
      else run();
    });
    return () => {
      isLive = false;
      cancel();
    };
  }
}
