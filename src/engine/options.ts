import * as z from 'zod';
import type {
  Clock,
  EventLoopMonitor,
  FailureDestination,
  FunctionTarget,
  Logger,
  Meter,
  QueueSource,
  Random,
  StateStore,
  StreamSource,
  TopicSource,
  Tracer,
} from '../contract/index.ts';
import type { QueueFields, StreamFields, TopicFields } from '../mapping/index.ts';
import { BREAKER_FIELD, type BreakerOption } from './breaker-options.ts';
import { DESCRIPTION, type FunctionAliasOptions, type FunctionVersionOptions, TIMEOUT } from './qualifiers.ts';

/** What an engine runs on. All of it is handed in, so that a simulation can hand in its own. */
export interface EnginePlatform {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Where mappings, positions and leases live. A durable store lets one process at a time run a mapping of a name. */
  readonly store: StateStore;
  /** What other processes read while they wait for a mapping of this one, such as `PID 4711`. */
  readonly ownerLabel: string;
  /** Where spans go; without it none are made. */
  readonly tracer?: Tracer | undefined;
  /** Begins to measure the event loop; with it a started engine looks at itself every 10 s, as a watchdog and for its metrics. */
  readonly eventLoop?: () => EventLoopMonitor;
  /** Makes targets of functions that are named and not registered, which the engine closes. Without it they do not exist. Throws a ConfigError. */
  readonly functionsElsewhere?: (functionName: string) => FunctionTarget;
}

/** In the ARNs of functions unless told otherwise. */
export const REGION_DEFAULT = 'us-east-1';
export const ACCOUNT_ID_DEFAULT = '000000000000';

/** Settings of an engine. */
export const ENGINE_FIELDS = z.strictObject({
  stopTimeoutMs: z
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .optional()
    .describe('a whole number of milliseconds from 0 to 3600000 (default 30000)'),
  idlePollMs: z.number().int().min(1).max(60_000).optional().describe('a whole number of milliseconds from 1 to 60000 (default 200)'),
  bufferRecords: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('a whole number of records from 1 to 10000000 (default 100000)'),
  bufferBytes: z.number().int().min(1_000_000).optional().describe('a whole number of bytes from 1000000 (default 268435456)'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .optional()
    .describe('a region name such as eu-west-1 (default us-east-1)'),
  accountId: z
    .string()
    .regex(/^\d{12}$/)
    .optional()
    .describe('an account id of 12 digits (default 000000000000)'),
  breaker: BREAKER_FIELD,
  accountConcurrency: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('a whole number from 1 to 1000000; leave it out for no limit'),
});

/**
 * Settings of an engine. `stopTimeoutMs`: how long a stop drains; long polls are cut to fit it, so a short one means
 * more polls. `bufferRecords` and `bufferBytes`: what all mappings together may hold that is not settled. `idlePollMs`: between the looks of `idle()`. `region` and `accountId` appear in the ARNs of functions.
 * `accountConcurrency`: how many invocations of all functions together may run at once, as an AWS account has a limit (there 1000).
 * `breaker`: the circuit breaker of functions whose target is remote, and the defaults of those that ask for one.
 */
export type EngineSettings = z.input<typeof ENGINE_FIELDS>;

/** Settings of a function. */
export const FUNCTION_FIELDS = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z0-9-_]{1,64}$/)
    .optional()
    .describe('a function name of 1 to 64 letters, digits, - and _'),
  timeout: TIMEOUT,
  breaker: BREAKER_FIELD,
  reservedConcurrentExecutions: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('a whole number from 1 to 1000000; leave it out for no limit'),
  description: DESCRIPTION,
});

/**
 * A function: what is invoked, `timeout` in seconds (0.001 to 900, default 3) and how many invocations may run at once
 * over all its mappings, versions and aliases.
 */
export interface FunctionOptions<Event> extends z.input<typeof FUNCTION_FIELDS> {
  readonly target: FunctionTarget<Event>;
  /** By number, as AWS numbers them: `{ '1': {}, '2': { target: next } }`. Mappings name one as `NAME:2`. */
  readonly versions?: Readonly<Record<string, FunctionVersionOptions<Event>>>;
  /** By name. One may weigh two versions: `{ live: { functionVersion: '1', routingConfig: { additionalVersionWeights: { '2': 0.05 } } } }`. */
  readonly aliases?: Readonly<Record<string, FunctionAliasOptions>>;
}

/** A function that was registered with an engine, to be named in mappings. */
export interface FunctionRef<Event> {
  readonly kind: 'function';
  readonly name: string;
  readonly arn: string;
  /** Only there to carry the type of its events. */
  readonly _event?: (event: Event) => void;
}

/** What mappings have in common beside their fields. */
interface MappingIdentity {
  /** Names the mapping in logs and metrics, and its state and lease in the store. Unique in an engine; default: a new UUID. */
  readonly name?: string;
  /** The mapping's UUID, in metrics and invocation records; default: a new one. */
  readonly id?: string;
  /** When the mapping was created, epoch ms: what LATEST means until its store knows better. Default: now. */
  readonly createdAt?: number;
  /**
   * How much of the function's concurrency the mapping gets beside the others of the function when there is not enough for all:
   * 0.001 to 1000, default 1.
   */
  readonly weight?: number;
}

/** The weight of a mapping. */
export const WEIGHT_FIELD = z.object({ weight: z.number().min(0.001).max(1000).describe('a number from 0.001 to 1000 (default 1)') });

/** The function of a mapping. */
export interface FunctionOfMapping<Event> extends MappingIdentity {
  /** A registered function, or a target for this mapping alone. */
  readonly target: FunctionTarget<Event> | FunctionRef<Event>;
  /** Seconds; for a target of this mapping alone. Default 3. */
  readonly timeout?: number;
  /** For a target of this mapping alone. */
  readonly reservedConcurrentExecutions?: number;
  /** The circuit breaker, for a target of this mapping alone. On by default where the target is remote. */
  readonly breaker?: BreakerOption;
}

/** The function of a mapping, by its name. */
export interface NamedFunctionOfMapping extends MappingIdentity {
  /** A registered function, or one elsewhere, in any form that AWS takes: `NAME`, `NAME:QUALIFIER`, a partial or a full ARN. */
  readonly functionName: string;
}

/** A mapping of a queue: AWS's fields in camelCase, the source, and the function or what is to become one. */
export interface QueueMapOptions<Event> extends QueueFields, FunctionOfMapping<Event> {
  readonly source: QueueSource<Event>;
}

/** A mapping of a queue to a function that it names. */
export interface NamedQueueMapOptions<Event> extends QueueFields, NamedFunctionOfMapping {
  readonly source: QueueSource<Event>;
}

interface StreamMapParts<Event> extends StreamFields {
  readonly source: StreamSource<Event>;
  /** Where the records of what is given up go. */
  readonly destinationConfig?: { readonly onFailure?: { readonly destination?: FailureDestination } };
}

/** A mapping of a stream. Its positions are stored under its name: without one they end with the process. */
export interface StreamMapOptions<Event> extends StreamMapParts<Event>, FunctionOfMapping<Event> {}

/** A mapping of a stream to a function that it names. */
export interface NamedStreamMapOptions<Event> extends StreamMapParts<Event>, NamedFunctionOfMapping {}

interface TopicMapParts<Event> extends TopicFields {
  readonly source: TopicSource<Event>;
  /** Where the records of what is given up go. */
  readonly destinationConfig?: { readonly onFailure?: { readonly destination?: FailureDestination } };
}

/**
 * A mapping of a topic. Its consumer group is `consumerGroupId`, else its name, else its UUID: without the first two it begins
 * anew with every process.
 */
export interface TopicMapOptions<Event> extends TopicMapParts<Event>, FunctionOfMapping<Event> {}

/** A mapping of a topic to a function that it names. */
export interface NamedTopicMapOptions<Event> extends TopicMapParts<Event>, NamedFunctionOfMapping {}
