import { setTimeout as sleep } from 'node:timers/promises';

/** What a function of a benchmark does: it waits for so many ms. */
export type Work = (ms: number) => Promise<void>;

/**
 * By a timer of Node: it ends up to a millisecond late, as the process sleeps for whole milliseconds, and the more so the more the
 * process does between its sleeps.
 */
export const byTimer: Work = (ms) => sleep(ms);

const waiting: { readonly until: number; readonly end: () => void }[] = [];
let head = 0;

/**
 * To the microsecond: the process does not sleep meanwhile, so its CPU time says nothing. All waits of a process are equally long.
 */
export const exactly: Work = (ms) =>
  new Promise((end) => {
    if (head === waiting.length) setImmediate(look);
    waiting.push({ until: performance.now() + ms, end });
  });

function look(): void {
  const now = performance.now();
  for (let next = waiting[head]; next !== undefined && next.until <= now; next = waiting[head]) {
    next.end();
    head += 1;
  }
  if (head < waiting.length) setImmediate(look);
  if (head > 1000 || head === waiting.length) {
    waiting.splice(0, head);
    head = 0;
  }
}
