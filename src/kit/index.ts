/** Small pure pieces with nothing of the domain in them. A leaf. */
export { type Deferred, deferred } from './deferred.ts';
export { Heap } from './heap.ts';
