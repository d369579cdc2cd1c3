import type { Latch } from './latch.ts';

/** The part of a clock that sleeping needs. */
interface Timers {
  timer(ms: number, callback: () => void): () => void;
}

/** Sleeps `ms`, or until `wake` is set. True when the time has passed, false when woken. Leaves no timer and no listener. */
export function sleep(clock: Timers, ms: number, wake: Latch): Promise<boolean> {
  if (wake.isSet) return Promise.resolve(false);
  return new Promise((resolve) => {
    const cancel = clock.timer(ms, () => {
      forget();
      resolve(true);
    });
    const forget = wake.onSet(() => {
      cancel();
      resolve(false);
    });
  });
}

/** What `promise` gives, or `undefined` when the latch is set first. Leaves no listener. Rejects as `promise` does. */
export function orSet<Value>(promise: Promise<Value>, latch: Latch): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const forget = latch.onSet(() => {
      resolve(undefined);
    });
    promise.then(
      (value) => {
        forget();
        resolve(value);
      },
      (error: unknown) => {
        forget();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
