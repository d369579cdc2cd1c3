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

  /** A call, a reply or a timer passes between engine and world. False: the process is gone, nothing passes. */
  touch(): boolean {
    if (this.#isDead) return false;
    if (this.#fuse <= 0) {
      this.end();
      return false;
    }
    this.#fuse -= 1;
    return true;
  }

  end(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#onDeath();
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
