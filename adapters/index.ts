/**
 * The package's door: the engine with the process's clock, chance and log, and functions of this process as targets.
 * Sources and other adapters have doors of their own: `millrace/sqs`, `millrace/embedded-queue`, `millrace/http`, ...
 */
import {
  type Checked,
  CoreEngine,
  type EngineSettings,
  type FunctionOptions,
  type FunctionRef,
  type FunctionTarget,
  type FunctionVersionOptions,
  type Logger,
  type Mapping,
  type Meter,
  type NamedQueueMapOptions,
  type NamedStreamMapOptions,
  type NamedTopicMapOptions,
  type QueueMapOptions,
  type StateStore,
  type StreamMapOptions,
  silentMeter,
  systemClock,
  systemEventLoop,
  systemRandom,
  type TopicMapOptions,
  type Tracer,
} from '../src/index.ts';
import { pinoLogger } from './logger/pino/index.ts';
import { memoryStore } from './store/memory/index.ts';
import { type FunctionHandler, handler } from './target/function/index.ts';
import { type LambdaTargetOptions, lambda as lambdaTarget } from './target/lambda/index.ts';

export * from '../src/index.ts';
export type { FunctionContext, FunctionHandler } from './target/function/index.ts';

/** Settings of an {@link Engine}, and what it may be given instead of its defaults. */
export interface EngineOptions extends EngineSettings {
  /** Any pino instance; default: pino on standard output, level `warn`. */
  readonly logger?: Logger;
  /** Default: nothing is measured; `millrace/prometheus` has one. */
  readonly meter?: Meter;
  /** Default: memory. `millrace/sqlite` survives the process, and lets one process at a time run a mapping of a name. */
  readonly store?: StateStore;
  /** Default: no spans are made; `millrace/opentelemetry` has one. */
  readonly tracer?: Tracer;
  /**
   * Whether a started engine looks at itself every 10 s: for what should move and does not (event `watchdog.finding`), and for the metrics
   * that show how things are. Default true.
   */
  readonly watchdog?: boolean;
  /**
   * Where functions are that mappings name and that are not registered: AWS Lambda, or what speaks its Invoke API. `{}`: as the
   * environment and the profile say. Default: such functions do not exist.
   */
  readonly lambda?: LambdaPlace;
}

/** How Lambda is reached, whichever function is invoked. `region` is by default the engine's. */
export type LambdaPlace = Omit<LambdaTargetOptions, 'functionName' | 'qualifier'>;

/** A function for mappings to share: a handler of this process, or any target. */
export interface SharedFunctionOptions<Event> extends Omit<FunctionOptions<Event>, 'target' | 'versions'> {
  readonly target: FunctionTarget<Event> | FunctionHandler<Event>;
  /** By number, as AWS numbers them: `{ '1': {}, '2': { target: next } }`. Mappings name one as `NAME:2`. */
  readonly versions?: Readonly<Record<string, SharedVersionOptions<Event>>>;
}

/** A version of a function, and what runs where that is not the function's own target. */
export interface SharedVersionOptions<Event> extends Omit<FunctionVersionOptions<Event>, 'target'> {
  readonly target?: FunctionTarget<Event> | FunctionHandler<Event>;
}

/** A mapping whose target may be a plain handler `async (event, context) => ...`. */
export interface MapOptions<Event> extends Omit<QueueMapOptions<Event>, 'target'>, WithHandler<Event> {}

/** The same for a stream. */
export interface MapStreamOptions<Event> extends Omit<StreamMapOptions<Event>, 'target'>, WithHandler<Event> {}

/** The same for a topic. */
export interface MapTopicOptions<Event> extends Omit<TopicMapOptions<Event>, 'target'>, WithHandler<Event> {}

/** What a mapping invokes. */
export interface WithHandler<Event> {
  readonly target: FunctionTarget<Event> | FunctionRef<Event> | FunctionHandler<Event>;
}

/** A mapping of any source. */
export type AnyMapOptions<Event> =
  | MapOptions<Event>
  | MapStreamOptions<Event>
  | MapTopicOptions<Event>
  | NamedQueueMapOptions<Event>
  | NamedStreamMapOptions<Event>
  | NamedTopicMapOptions<Event>;

/**
 * The event-source mapping engine.
 *
 * @example
 * const engine = new Engine();
 * engine.map({ source: sqs({ queue: queueUrl }), target: async (event) => { ... }, batchSize: 10 });
 * await engine.start();
 */
export class Engine extends CoreEngine {
  /** Throws a ConfigError when an option is wrong. */
  constructor(options: EngineOptions = {}) {
    const { logger, meter, store, lambda, tracer, watchdog = true, ...settings } = options;
    super(
      {
        clock: systemClock,
        random: systemRandom,
        logger: logger ?? pinoLogger({ level: 'warn' }),
        meter: meter ?? silentMeter,
        store: store ?? memoryStore(),
        ownerLabel: `PID ${String(process.pid)}`,
        ...(watchdog ? { eventLoop: systemEventLoop } : {}),
        tracer,
        ...(lambda === undefined ? {} : { functionsElsewhere: inLambda(lambda, settings.region) }),
      },
      settings,
    );
  }

  override function<Event>(options: SharedFunctionOptions<Event>, checked?: Checked): FunctionRef<Event> {
    const { versions, ...rest } = options;
    return super.function({ ...rest, target: targetOf(options.target), ...(versions && { versions: versionsOf(versions) }) }, checked);
  }

  override map<Event>(options: MapOptions<Event> | NamedQueueMapOptions<Event>, checked?: Checked): Mapping;
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- a union would let a queue take the fields of a stream
  override map<Event>(options: MapStreamOptions<Event> | NamedStreamMapOptions<Event>, checked?: Checked): Mapping;
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the same for the fields of a topic
  override map<Event>(options: MapTopicOptions<Event> | NamedTopicMapOptions<Event>, checked?: Checked): Mapping;
  override map<Event>(options: AnyMapOptions<Event>, checked?: Checked): Mapping {
    if (!('target' in options)) return this.add(options, checked);
    const { target } = options;
    return this.add({ ...options, target: typeof target === 'function' ? handler(target) : target }, checked);
  }
}

function inLambda(place: LambdaPlace, regionOfEngine: string | undefined): (functionName: string) => FunctionTarget {
  const region = place.region ?? regionOfEngine;
  const settings = region === undefined || place.client !== undefined ? place : { ...place, region };
  // What is wrong with it is told when the engine is made.
  lambdaTarget(settings);
  return (functionName) => lambdaTarget({ ...settings, functionName });
}

function targetOf<Event>(target: FunctionTarget<Event> | FunctionHandler<Event>): FunctionTarget<Event> {
  return typeof target === 'function' ? handler(target) : target;
}

function versionsOf<Event>(versions: Readonly<Record<string, SharedVersionOptions<Event>>>): Record<string, FunctionVersionOptions<Event>> {
  return Object.fromEntries(
    Object.entries(versions).map(([version, { target, ...rest }]) => [version, { ...rest, ...(target && { target: targetOf(target) }) }]),
  );
}
