/**
 * Small pure pieces with nothing of the domain in them. A leaf.
 *
 * - backoff.ts   how waits grow
 * - deferred.ts  a promise with its handles
 * - heap.ts      least first
 * - latch.ts     a flag set once
 * - linked-list.ts  a list threaded through its items
 * - nearest.ts   what a mistyped word meant
 * - secret.ts    a text that does not show itself
 * - sleep.ts     waiting that can be woken
 */
export { type BackoffPolicy, backoffMs, steadyBackoffMs } from './backoff.ts';
export { type Deferred, deferred } from './deferred.ts';
export { Heap } from './heap.ts';
export { Latch, whenSet } from './latch.ts';
export { LinkedList, type Links } from './linked-list.ts';
export { nearest } from './nearest.ts';
export { Secret } from './secret.ts';
export { orSet, sleep } from './sleep.ts';
