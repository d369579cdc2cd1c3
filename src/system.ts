/** The real clock and the real chance: the one file of the engine that may touch them. */
import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, EventLoopMonitor, Random } from './contract/index.ts';

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

/** How often the event loop is looked at, ms: a delay is seen from here on. */
const EVENT_LOOP_RESOLUTION_MS = 100;

/** Begins to measure the event loop of the process. It keeps nothing alive. */
export function systemEventLoop(): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  histogram.enable();
  return {
    delayMs: () => {
      // What is recorded is the time between two looks; before the first there is nothing.
      const longest = histogram.count === 0 ? 0 : histogram.max / 1e6 - EVENT_LOOP_RESOLUTION_MS;
      histogram.reset();
      return Math.max(0, longest);
    },
    stop: () => {
      histogram.disable();
    },
  };
}

/** The process's random source. */
export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID(),
};
