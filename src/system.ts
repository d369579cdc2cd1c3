/** The real clock and the real chance: the one file of the engine that may touch them. */
import { randomUUID } from 'node:crypto';
import type { Clock, Random } from './contract/index.ts';

/** The longest that Node's timers wait, ms; it fires a longer one at once. */
const TIMER_MS_MAX = 2_147_483_647;

/** The process's clock. Timers keep the process alive while they wait. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  timer: (ms, callback) => {
    const handle = setTimeout(callback, Math.min(TIMER_MS_MAX, Math.max(0, ms)));
    return () => {
      clearTimeout(handle);
    };
  },
  turn: () =>
    new Promise((resolve) => {
      setImmediate(resolve);
    }),
};

/** The process's random source. */
export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID(),
};
