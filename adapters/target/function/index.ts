/**
 * A function of this process as a target: the door.
 *
 * - target.ts   starts the handler, races it with the deadline, waits for its end
 * - context.ts  what the handler receives beside the event: Lambda's context and an AbortSignal
 * - failure.ts  whatever was thrown, as a function error
 */
export type { FunctionContext } from './context.ts';
export { type FunctionHandler, handler } from './target.ts';
