import { type Clock, ConfigError } from '../contract/index.ts';
import type { Invoker } from '../invoke/index.ts';
import {
  type Checked,
  check,
  type QueueMappingParts,
  queueMapping,
  resolveQueueOptions,
  resolveStreamOptions,
  resolveTopicOptions,
  type SourceMapping,
  streamMapping,
  TOPIC_TIMEOUT_SECONDS_MAX,
  topicMapping,
} from '../mapping/index.ts';
import type { MeterListener } from '../observe/index.ts';
import type { FunctionRegistry } from './functions.ts';
import {
  type FunctionOfMapping,
  type NamedFunctionOfMapping,
  type NamedQueueMapOptions,
  type NamedStreamMapOptions,
  type NamedTopicMapOptions,
  type QueueMapOptions,
  type StreamMapOptions,
  type TopicMapOptions,
  WEIGHT_FIELD,
} from './options.ts';

type CommonField = 'id' | 'name' | 'buffer' | 'clock' | 'random' | 'store' | 'owner' | 'listener' | 'stopTimeoutMs' | 'observations';

/** How much a mapping counts beside the others of its function unless it says so. */
const WEIGHT_DEFAULT = 1;

/** How a mapping is told apart. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** A mapping, and whether it is to begin by itself. */
interface Mapped {
  readonly mapping: SourceMapping;
  readonly enabled: boolean;
  /** Of its function. */
  readonly hasBreaker: boolean;
}

type OfQueue<Event> = QueueMapOptions<Event> | NamedQueueMapOptions<Event>;
type OfStream<Event> = StreamMapOptions<Event> | NamedStreamMapOptions<Event>;
type OfTopic<Event> = TopicMapOptions<Event> | NamedTopicMapOptions<Event>;
/** What a user may say of a mapping, whatever its source. */
export type AnyMapOptions<Event> = OfQueue<Event> | OfStream<Event> | OfTopic<Event>;

function isOfStream<Event>(options: AnyMapOptions<Event>): options is OfStream<Event> {
  return options.source.kind === 'stream';
}

function isOfTopic<Event>(options: AnyMapOptions<Event>): options is OfTopic<Event> {
  return options.source.kind === 'topic';
}

/** What mappings are made with. */
export interface MappingMakerParts {
  readonly clock: Clock;
  readonly functions: FunctionRegistry;
  readonly meters: MeterListener;
  /** What all mappings of an engine share. */
  readonly common: (named: Named) => Pick<QueueMappingParts, CommonField>;
}

/** From what a user says of a mapping to a mapping that can be started. */
export class MappingMaker {
  readonly #parts: MappingMakerParts;

  constructor(parts: MappingMakerParts) {
    this.#parts = parts;
  }

  /** Makes a mapping with its seat at its function. Throws a ConfigError; what it named is not kept then. */
  make<Event>(options: AnyMapOptions<Event>, named: Named, checked: Checked): Mapped {
    try {
      const made = this.#made(options, named, checked);
      // Only now: series of a mapping that was refused would stay.
      if (made.hasBreaker) this.#parts.meters.openFunction(made.mapping.functionName);
      return made;
    } catch (error) {
      this.#parts.functions.elsewhere.leave(named.name);
      throw error;
    }
  }

  #made<Event>(options: AnyMapOptions<Event>, named: Named, checked: Checked): Mapped {
    if (isOfTopic(options)) return this.#mapTopic(options, named, checked);
    return isOfStream(options) ? this.#mapStream(options, named, checked) : this.#mapQueue(options, named, checked);
  }

  #mapQueue<Event>(options: OfQueue<Event>, named: Named, checked: Checked): Mapped {
    const { source, weight, ...fields } = withoutInvoked(options);
    const resolved = resolveQueueOptions(fields, { fifo: source.fifo, filterKind: source.filtering?.kind }, checked);
    const invoker = this.#invokerOf(options, checked);
    this.#seat(invoker, named.name, weight, checked);
    const mapping = queueMapping({ ...this.#parts.common(named), options: resolved, source, invoker });
    return { mapping, enabled: resolved.enabled, hasBreaker: invoker.breaker.isOn };
  }

  #mapStream<Event>(options: OfStream<Event>, named: Named, checked: Checked): Mapped {
    const { source, destinationConfig, weight, ...fields } = withoutInvoked(options);
    const { label, startingPositions, filtering } = source;
    const rules = { label, startingPositions, filterKind: filtering?.kind, now: this.#parts.clock.wall() };
    const resolved = resolveStreamOptions(fields, rules, checked);
    const invoker = this.#invokerOf(options, checked);
    this.#seat(invoker, named.name, weight, checked);
    const destination = destinationConfig?.onFailure?.destination;
    const mapping = streamMapping({
      ...this.#parts.common(named),
      options: resolved,
      source,
      destination,
      invoker,
      createdAt: options.createdAt,
    });
    return { mapping, enabled: resolved.enabled, hasBreaker: invoker.breaker.isOn };
  }

  #mapTopic<Event>(options: OfTopic<Event>, named: Named, checked: Checked): Mapped {
    const { source, destinationConfig, weight, ...fields } = withoutInvoked(options);
    const { label, startingPositions, filtering } = source;
    const destination = destinationConfig?.onFailure?.destination;
    const hasDestination = destination !== undefined;
    const rules = { label, startingPositions, filterKind: filtering?.kind, hasDestination, now: this.#parts.clock.wall() };
    const resolved = resolveTopicOptions(fields, rules, checked);
    const invoker = this.#invokerOf(options, checked, TOPIC_TIMEOUT_SECONDS_MAX * 1000);
    if (invoker.definition.timeoutMs > TOPIC_TIMEOUT_SECONDS_MAX * 1000) throw tooSlowForTopics(invoker.definition, checked);
    this.#seat(invoker, named.name, weight, checked);
    const mapping = topicMapping({
      ...this.#parts.common(named),
      options: resolved,
      source,
      destination,
      invoker,
      createdAt: options.createdAt,
      groupId: named.name,
    });
    return { mapping, enabled: resolved.enabled, hasBreaker: invoker.breaker.isOn };
  }

  /** A mapping begins to share a function: it says how much it counts beside the others. */
  #seat(invoker: Invoker, mapping: string, weight: unknown, checked: Checked): void {
    // Also without one: another mapping of this name may have had its own.
    invoker.ledger.weigh(mapping, weight === undefined ? WEIGHT_DEFAULT : check(WEIGHT_FIELD, { weight }, checked).weight);
    this.#parts.functions.elsewhere.use(invoker, mapping);
  }

  #invokerOf<Event>(options: AnyMapOptions<Event>, checked: Checked, timeoutMaxMs?: number): Invoker {
    if (isByName(options)) return this.#invokerByName(options, checked, timeoutMaxMs);
    const { target, name, timeout, reservedConcurrentExecutions, breaker } = options;
    const own = {
      ...(timeout === undefined ? {} : { timeout }),
      ...(reservedConcurrentExecutions === undefined ? {} : { reservedConcurrentExecutions }),
      ...(breaker === undefined ? {} : { breaker }),
    };
    const ref = 'kind' in target ? target : this.#parts.functions.add({ ...own, ...this.#parts.functions.nameFor(name), target }, checked);
    if (ref === target && Object.keys(own).length > 0) throw hasItsOwn(ref.name, checked.at ?? 'target');
    const invoker = this.#parts.functions.get(ref.name);
    if (invoker !== undefined) return invoker;
    throw new ConfigError([
      { field: checked.at ?? 'target', message: `Function does not exist: ${ref.name} is not registered with this engine` },
    ]);
  }

  #invokerByName(options: NamedFunctionOfMapping, { at, spell = (name) => name }: Checked, timeoutMaxMs?: number): Invoker {
    const field = at === undefined ? spell('functionName') : `${at}.${spell('functionName')}`;
    // Callers without types may say them all the same.
    if ('timeout' in options || 'reservedConcurrentExecutions' in options || 'breaker' in options)
      throw hasItsOwn(options.functionName, field);
    return this.#parts.functions.resolve(options.functionName, field, timeoutMaxMs);
  }
}

/** Callers without types may leave a name undefined beside a target. */
function isByName(options: FunctionOfMapping<never> | NamedFunctionOfMapping): options is NamedFunctionOfMapping {
  return 'functionName' in options && (options.functionName as string | undefined) !== undefined;
}

function hasItsOwn(name: string, field: string): ConfigError {
  return new ConfigError([
    { field, message: `function ${name} has its own timeout, concurrency and breaker; set them where it is registered` },
  ]);
}

function tooSlowForTopics(
  { name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
  { at = 'target' }: Checked,
): ConfigError {
  const [is, most] = [String(timeoutMs / 1000), String(TOPIC_TIMEOUT_SECONDS_MAX)];
  return new ConfigError([
    { field: at, message: `function ${name} has a timeout of ${is} s; functions of Kafka mappings have at most ${most}` },
  ]);
}

/** What of a mapping says what it is called and what it invokes. */
const INVOKED = ['id', 'createdAt', 'name', 'target', 'functionName', 'timeout', 'reservedConcurrentExecutions', 'breaker'] as const;
type Invoked = (typeof INVOKED)[number];

/** The other fields of a mapping, its source among them. */
function withoutInvoked<Options extends object>(options: Options): Omit<Options, Invoked> {
  const isInvoked = (field: string): boolean => INVOKED.some((name) => name === field);
  return Object.fromEntries(Object.entries(options).filter(([field]) => !isInvoked(field))) as Omit<Options, Invoked>;
}
