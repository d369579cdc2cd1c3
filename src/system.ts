/** The real clock and the real chance: the one file of the engine that may touch them. */
import { randomFillSync } from 'node:crypto';
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
  uuid: nextUuid,
};

const UUID_BYTES = 16;
/** Random bytes for so many ids are fetched at once. */
const pool = Buffer.alloc(1024 * UUID_BYTES);
let used = pool.length;
/** The text of an id, hyphens in place. */
const text = Buffer.from('00000000-0000-0000-0000-000000000000');
const DIGITS = Buffer.from('0123456789abcdef');
/** Where the two digits of each byte stand. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/**
 * A random UUID (RFC 9562, version 4). Every invocation has one: that of node:crypto is joined of 20 pieces, which cost seven times
 * as much, most of it in the garbage collection.
 */
function nextUuid(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  for (let index = 0; index < UUID_BYTES; index += 1) {
    const byte = versioned(pool[used + index] ?? 0, index);
    const place = PLACES[index] ?? 0;
    text[place] = DIGITS[byte >> 4] ?? 0;
    text[place + 1] = DIGITS[byte & 15] ?? 0;
  }
  used += UUID_BYTES;
  return text.toString('latin1');
}

/** The bits that say which version and variant it is. */
function versioned(byte: number, index: number): number {
  if (index === 6) return (byte & 0x0f) | 0x40;
  return index === 8 ? (byte & 0x3f) | 0x80 : byte;
}
