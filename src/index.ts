/** The engine's door to adapters and to the wiring of the package. */
export * from './contract/index.ts';
export {
  CoreEngine,
  type EnginePlatform,
  type EngineSettings,
  type FoundFunction,
  type FunctionAliasOptions,
  type FunctionName,
  type FunctionOptions,
  type FunctionRef,
  type FunctionSummary,
  type FunctionVersionOptions,
  type InvokeAnswer,
  type NamedQueueMapOptions,
  type NamedStreamMapOptions,
  type NamedTopicMapOptions,
  parseFunctionName,
  type QueueMapOptions,
  type StreamMapOptions,
  type TopicMapOptions,
} from './engine/index.ts';
export {
  compileFilterPattern,
  type FilterExplanation,
  type FilterPattern,
  FilterPatternError,
  type FilterPatternProblem,
  type FilterRejection,
} from './filter/index.ts';
export { Heap, LinkedList, type Links, nearest } from './kit/index.ts';
export {
  type Checked,
  check,
  describeWait,
  explanationTable,
  kindOf,
  type Mapping,
  pascal,
  type QueueFields,
  refuse,
  type StreamFields,
  type TopicFields,
} from './mapping/index.ts';
export { linkOfTraceparent, linkOfXRay, linksOfHeaders, linksOfMessage, silentLogger, silentMeter } from './observe/index.ts';
export { systemClock, systemEventLoop, systemRandom } from './system.ts';
export { type RecordedInvocation, Recorder, SeededRandom, VirtualClock } from './testing/index.ts';
