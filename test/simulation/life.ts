import type { CancelTimer, Clock } from '../../src/index.ts';

/** A promise of a process that is gone. */
export function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}

/**
 * One run of one engine. Everything the engine touches goes through its life; when the life ends, timers never fire and
 * promises never settle again, as if the process had been killed at that very await.
 */
export class Life {
  readonly number: number;
  readonly clock: Clock;
  readonly #onDeath: () => void;
  #isDead = false;
  #fuse = Number.POSITIVE_INFINITY;
  #timers = 0;
  #pending: { touches: number; readonly callback: () => void }[] = [];
  /** Handlers that run. */
  handlers = 0;

  constructor(number: number, world: Clock, onDeath: () => void) {
    this.number = number;
    this.#onDeath = onDeath;
    this.clock = {
      monotonic: () => world.monotonic(),
      wall: () => world.wall(),
      timer: (ms, callback) => this.#timer(world, ms, callback),
      turn: () =>
        new Promise((resolve) => {
          this.#timer(world, 0, resolve);
        }),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Timers of the engine that wait. */
  get timers(): number {
    return this.#timers;
  }

  /** The process will die at the await after so many further calls, replies and timers. */
  lightFuse(touches: number): void {
    this.#fuse = Math.min(this.#fuse, touches);
  }

  /** Calls back at the await after so many further calls, replies and timers, if the process lives that long. */
  after(touches: number, callback: () => void): void {
    this.#pending.push({ touches, callback });
  }

  /** A call, a reply or a timer passes between engine and world. False: the process is gone, nothing passes. */
  touch(): boolean {
    if (this.#isDead) return false;
    if (this.#fuse <= 0) {
      this.end();
      return false;
    }
    this.#fuse -= 1;
    if (this.#pending.length > 0) this.#count();
    return true;
  }

  end(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#onDeath();
  }

  #count(): void {
    const pending = this.#pending;
    this.#pending = pending.filter(({ touches }) => touches > 0);
    for (const one of pending) {
      if (one.touches <= 0) one.callback();
      one.touches -= 1;
    }
  }

  #timer(world: Clock, ms: number, callback: () => void): CancelTimer {
    if (this.#isDead) return () => undefined;
    let isLive = true;
    this.#timers += 1;
    const cancel = world.timer(ms, () => {
      isLive = false;
      this.#timers -= 1;
      if (this.touch()) callback();
    });
    return () => {
      if (!isLive) return;
      isLive = false;
      this.#timers -= 1;
      cancel();
    };
  }
}
