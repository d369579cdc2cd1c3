/**
 * The call and what may run at once.
 *
 * - concurrency-ledger.ts  credits of one function, shared by its mappings
 * - invoker.ts             deadline, signal, outcome, end
 */
export { ConcurrencyLedger, type Credit } from './concurrency-ledger.ts';
export { Invoker, type Running } from './invoker.ts';
