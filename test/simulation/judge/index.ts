/**
 * Watches a run from outside and says which rule it broke.
 *
 * - judge.ts      hands facts to the watchers, keeps the first verdict
 * - bench.ts      what the watchers share
 * - messages.ts   every message of the world and where it is
 * - nothing-lost.ts  R1, R6: what may be deleted, what must not come again, what is left at the end
 * - breaker.ts    R9, R11: what is received and invoked while the breaker of a function is not closed; breakers.ts for all kinds
 * - order.ts      R2: message groups
 * - limits.ts     R3, R9: concurrency, batch sizes, credits
 * - windows.ts    R3: batching windows
 * - visibility.ts R10: deadlines, beats
 * - progress.ts   R11, R12: waits and delays
 * - stops.ts      R13: what a stop leaves behind
 */
export { Breakers } from './breakers.ts';
export { Judge, type Verdict } from './judge.ts';
