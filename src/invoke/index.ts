/**
 * The call and what may run at once.
 *
 * - account-ledger.ts      credits of all functions together
 * - concurrency-ledger.ts  credits of one function, shared by its mappings
 * - invoker.ts             deadline, signal, outcome, end
 * - turns.ts               whose turn it is
 */
export { AccountLedger } from './account-ledger.ts';
export { ConcurrencyLedger, type Credit } from './concurrency-ledger.ts';
export { Invoker, type InvokerParts, type Running } from './invoker.ts';
