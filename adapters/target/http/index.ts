/**
 * A function behind HTTP as a target: the door.
 *
 * - target.ts   invocations over one client, and closing
 * - options.ts  what users may set, checked
 * - client.ts   the connections: sending a request, and knowing when one that was given up has closed
 * - exchange.ts one request and its answer, raced with the invocation's signal
 * - outcome.ts  status, headers and body of an answer, as an outcome
 * - emulator.ts what the Runtime Interface Emulator says in ways of its own
 * - errors.ts   errors of the network, as an outcome
 */
export type { HttpTargetOptions } from './options.ts';
export { http } from './target.ts';
