/**
 * Mappings and functions of one process.
 *
 * - engine.ts     map, start, stop, idle
 * - function-name.ts  the forms in which a function may be named
 * - functions.ts  functions by name
 * - given.ts     what callers without types may hand over
 * - idle.ts       when there is nothing left to do
 * - options.ts    what a user may say
 */
export { CoreEngine } from './engine.ts';
export { type FunctionName, parseFunctionName } from './function-name.ts';
export {
  ENGINE_FIELDS,
  type EnginePlatform,
  type EngineSettings,
  FUNCTION_FIELDS,
  type FunctionOptions,
  type FunctionRef,
  type QueueMapOptions,
  type StreamMapOptions,
} from './options.ts';
