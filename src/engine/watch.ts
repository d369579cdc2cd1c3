import type { CancelTimer, Clock, EventLoopMonitor } from '../contract/index.ts';

/** Between looks of the watchdog, ms. */
const LOOK_MS = 10_000;

/** What looks are made with. */
export interface WatchParts {
  readonly clock: Clock;
  /** Begins to measure; `undefined`: nobody looks by itself. */
  readonly eventLoop: (() => EventLoopMonitor) | undefined;
  readonly look: (eventLoopDelayMs: number) => void;
}

/** Looks at an engine now and then while it runs. */
export class Watch {
  readonly #parts: WatchParts;
  #monitor: EventLoopMonitor | undefined;
  #cancel: CancelTimer = () => undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#monitor ??= this.#parts.eventLoop?.();
    if (this.#monitor !== undefined) this.#arm(this.#monitor);
  }

  /** Leaves no timer behind. */
  stop(): void {
    this.#cancel();
    this.#monitor?.stop();
    this.#monitor = undefined;
  }

  #arm(monitor: EventLoopMonitor): void {
    const { clock, look } = this.#parts;
    const dueAt = clock.monotonic() + LOOK_MS;
    this.#cancel = clock.timer(LOOK_MS, () => {
      if (this.#monitor !== monitor) return;
      // A monitor may not see a delay that ends just as it is asked: this timer was late by it.
      look(Math.max(monitor.delayMs(), clock.monotonic() - dueAt));
      this.#arm(monitor);
    });
  }
}
