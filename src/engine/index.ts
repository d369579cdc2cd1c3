/**
 * Mappings and functions of one process.
 *
 * - engine.ts     map, start, stop, idle
 * - functions.ts  functions by name
 * - given.ts     what callers without types may hand over
 * - idle.ts       when there is nothing left to do
 * - options.ts    what a user may say
 */
export { CoreEngine } from './engine.ts';
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
