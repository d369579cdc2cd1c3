/**
 * The call and what may run at once.
 *
 * - account-ledger.ts      credits of all functions together
 * - breaker-gate.ts        who waits for the breaker of a function, and its timer
 * - circuit-breaker.ts     when a target that fails is left alone, and for how long; pure
 * - concurrency-ledger.ts  credits of one function, shared by its mappings
 * - function-definition.ts what a function is, as far as invoking it goes
 * - invoker.ts             a function: its credits, its breaker, what runs of it
 * - run.ts                 one invocation: deadline, outcome, end
 * - run-context.ts         what its target is told, and its signal
 * - target-fault.ts        what an outcome says of the target
 * - turns.ts               whose turn it is
 */
export { AccountLedger } from './account-ledger.ts';
export type { Pass } from './breaker-gate.ts';
export { BREAKER_DEFAULTS, type BreakerSettings, TRIAL_RECORDS } from './circuit-breaker.ts';
export { ConcurrencyLedger, type Credit } from './concurrency-ledger.ts';
export { Invoker, type InvokerParts } from './invoker.ts';
export type { Running } from './run.ts';
