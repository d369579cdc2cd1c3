/**
 * Mappings and functions of one process.
 *
 * - breaker-options.ts  what a user may say of circuit breakers
 * - engine.ts     map, start, stop, idle
 * - function-name.ts  the forms in which a function may be named
 * - function-summary.ts  what is told of a registered function
 * - functions.ts  functions by name
 * - functions-elsewhere.ts  functions that are not registered, as long as mappings use them
 * - given.ts      what callers without types may hand over
 * - idle.ts       when there is nothing left to do
 * - mapping-maker.ts  from what a user says of a mapping to the mapping
 * - options.ts    what a user may say
 * - qualified-invoker.ts  a version or an alias, as something that can be invoked
 * - qualifiers.ts what a user may say of versions and aliases
 */
export type { BreakerOption } from './breaker-options.ts';
export { CoreEngine } from './engine.ts';
export { type FunctionName, parseFunctionName } from './function-name.ts';
export type { FoundFunction, FunctionSummary, InvokeAnswer } from './function-summary.ts';
export {
  ACCOUNT_ID_DEFAULT,
  ENGINE_FIELDS,
  type EnginePlatform,
  type EngineSettings,
  FUNCTION_FIELDS,
  type FunctionOptions,
  type FunctionRef,
  type NamedQueueMapOptions,
  type NamedStreamMapOptions,
  type NamedTopicMapOptions,
  type QueueMapOptions,
  REGION_DEFAULT,
  type StreamMapOptions,
  type TopicMapOptions,
  WEIGHT_FIELD,
} from './options.ts';
export {
  ALIAS_FIELDS,
  type FunctionAliasOptions,
  type FunctionVersionOptions,
  LATEST,
  resolveQualifiers,
  VERSION_FIELDS,
} from './qualifiers.ts';
