import type {
  Clock,
  EventLoopMonitor,
  FailureDestination,
  FunctionTarget,
  Logger,
  PermissionProbe,
  QueueSource,
  Random,
  StateStore,
  StreamSource,
  TopicSource,
  Tracer,
} from '../contract/index.ts';
import type { ProducerQueue, ProducerStream, RequestVerifier, ScrapedMeter } from '../manage/index.ts';

/** Least important lines that are written. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** An embedded queue as a file describes it. */
export interface EmbeddedQueuePlan {
  readonly name: string;
  /** Region in its ARN. */
  readonly region: string;
  readonly visibilityTimeoutSeconds?: number | undefined;
  readonly delaySeconds?: number | undefined;
  readonly contentBasedDeduplication?: boolean | undefined;
  readonly redrive?:
    | {
        /** Name of a queue that stands earlier in the list. */
        readonly queue: string;
        readonly maxReceiveCount: number;
        readonly onMoved: (message: { readonly messageId: string; readonly receives: number }) => void;
      }
    | undefined;
}

/** An embedded queue: a source that can also be sent to, and whose open receives can be ended without loss. */
export interface EmbeddedQueueSource extends QueueSource, ProducerQueue {
  /** Ends open receives with nothing. */
  endReceives(): void;
}

/** An embedded stream as a file describes it. */
export interface EmbeddedStreamPlan {
  readonly name: string;
  /** Region in its ARN. */
  readonly region: string;
  readonly shards?: number | undefined;
  readonly retentionMs?: number | undefined;
}

/** An embedded stream: a source that can also be written to. */
export interface EmbeddedStreamSource extends StreamSource, ProducerStream {
  readonly label: string;
}

/** An embedded topic as a file describes it. */
export interface EmbeddedTopicPlan {
  readonly name: string;
  readonly partitions?: number | undefined;
  readonly retentionMs?: number | undefined;
}

/** An embedded topic: a source that can also be written to. */
export interface EmbeddedTopicSource extends TopicSource {
  /** Throws a SourceError. */
  produce(record: {
    readonly key?: string | Uint8Array | null | undefined;
    readonly value: string | Uint8Array | null;
    readonly headers?: readonly { readonly name: string; readonly value: string | Uint8Array }[] | undefined;
    readonly partition?: number | undefined;
  }): { readonly partition: number; readonly offset: string };
}

/** Where a cluster of Kafka is, and how one shows who one is. */
export interface KafkaPlace {
  /** `host:port`. */
  readonly brokers: readonly string[];
  /** As AWS spells them; each URI names a secret. What is wrong with them is thrown under `SourceAccessConfigurations`. */
  readonly access: readonly { readonly Type: string; readonly URI?: string | undefined }[];
  /** The ARN of a cluster of MSK; `undefined`: it is a self-managed one. */
  readonly clusterArn: string | undefined;
  /** Where relative paths of secrets begin. */
  readonly folder: string;
  /** Where AWS Secrets Manager is. */
  readonly secretsManager: AwsPlace;
}

/** What an on-failure topic holds. */
export type KafkaDestinationFormat = 'json' | 'record';

/** Where a service of AWS is; what is absent comes from the SDK's own chain. */
export interface AwsPlace {
  readonly endpoint?: string;
  readonly region?: string;
}

/** A function in processes of its own, as a file describes it. */
export type ProcessPlan = ProcessSettings &
  ({ readonly handler: string; readonly command?: never } | { readonly command: readonly [string, ...string[]]; readonly handler?: never });

interface ProcessSettings {
  /** Where it runs, and where relative paths start. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables of the daemon. */
  readonly inheritEnv: readonly string[];
  readonly maxProcesses?: number | undefined;
  readonly idleSeconds?: number | undefined;
  readonly initSeconds?: number | undefined;
  readonly memorySize?: number | undefined;
  readonly watch?: boolean | undefined;
}

/** Event source mappings of a daemon, over its API. Requests and answers have AWS's fields. What fails is a SourceError with the API's code. */
export interface MappingClient {
  create(request: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  get(uuid: string): Promise<Readonly<Record<string, unknown>>>;
  /** All of them. */
  list(filter: {
    readonly EventSourceArn?: string | undefined;
    readonly FunctionName?: string | undefined;
  }): Promise<readonly Readonly<Record<string, unknown>>[]>;
  update(uuid: string, request: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  delete(uuid: string): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
}

/** Functions that are elsewhere, asked for before they are invoked. */
export interface FunctionDirectory {
  /** `undefined`: there is none of that name. Throws a SourceError. */
  find(functionName: string): Promise<{ readonly arn: string; readonly timeoutSeconds: number } | undefined>;
  close(): Promise<void>;
}

/**
 * The adapters by name. Each call loads what it needs and nothing else, so that a process that reads only SQS loads
 * only SQS. What is wrong with options is thrown as a ConfigError; network and files are first touched by what was made.
 */
export interface Catalog {
  /** Of the package. */
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Begins to measure the event loop; with it the watchdog looks. */
  readonly eventLoop?: () => EventLoopMonitor;
  logger(options: { readonly level: LogLevel; readonly pretty: boolean }): Promise<Logger>;
  meter(): Promise<ScrapedMeter>;
  /** The tries of what an adapter needs on a resource of AWS, for `checkPermissions`. Calls nothing by itself. */
  permissions?(of: {
    readonly use:
      | 'sqs-source'
      | 'kinesis-source'
      | 'dynamodb-streams-source'
      | 'sqs-destination'
      | 'sns-destination'
      | 's3-destination'
      | 'lambda-target'
      | 'secrets-manager';
    /** An ARN; of a queue its URL, too; of a bucket its name, too. */
    readonly resource: string;
    readonly settings?: AwsPlace;
  }): Promise<readonly PermissionProbe[]>;
  /** Where spans go; `undefined` where nobody has registered anything that records them. */
  tracer?(): Promise<Tracer | undefined>;
  /** What checks the signatures of the Lambda API. */
  requestVerifier(): Promise<RequestVerifier>;
  readonly stores: {
    memory(): Promise<StateStore>;
    sqlite(options: { readonly path: string }): Promise<StateStore>;
  };
  readonly sources: {
    /** Makes all embedded queues of a file; a redrive policy names a queue that stands earlier. */
    embeddedQueues(plans: readonly EmbeddedQueuePlan[]): Promise<ReadonlyMap<string, EmbeddedQueueSource>>;
    embeddedStreams(plans: readonly EmbeddedStreamPlan[]): Promise<ReadonlyMap<string, EmbeddedStreamSource>>;
    embeddedTopics(plans: readonly EmbeddedTopicPlan[]): Promise<ReadonlyMap<string, EmbeddedTopicSource>>;
    /** By ARN or URL. */
    sqs(options: AwsPlace & { readonly queue: string }): Promise<QueueSource>;
    /** By ARN. */
    kinesis(options: AwsPlace & { readonly stream: string }): Promise<StreamSource>;
    /** By ARN. */
    dynamodbStreams(options: AwsPlace & { readonly stream: string }): Promise<StreamSource>;
    /** Secrets are read with the first call, and again when they are refused. */
    kafka(
      options: KafkaPlace & {
        readonly topic: string;
        readonly isolation: 'read_uncommitted' | 'read_committed' | undefined;
        readonly logger: Logger;
      },
    ): Promise<TopicSource>;
  };
  /** On-failure destinations; those on AWS by their ARN. */
  readonly destinations: {
    sqs(options: AwsPlace & { readonly queue: string }): Promise<FailureDestination>;
    sns(options: AwsPlace & { readonly topic: string }): Promise<FailureDestination>;
    s3(options: AwsPlace & { readonly bucket: string }): Promise<FailureDestination>;
    kafka(
      options: KafkaPlace & { readonly topic: string; readonly kafkaDestinationFormat: KafkaDestinationFormat | undefined },
    ): Promise<FailureDestination>;
    /** A topic of the same file. */
    embeddedTopic(topic: EmbeddedTopicSource, format: KafkaDestinationFormat | undefined): Promise<FailureDestination>;
  };
  readonly targets: {
    function(handler: (...args: unknown[]) => unknown): Promise<FunctionTarget>;
    http(options: { readonly url: string }): Promise<FunctionTarget>;
    /** What makes functions of Lambda, by name or ARN, at once; the end of their logs goes to the logger. */
    lambda(): Promise<(options: AwsPlace & { readonly functionName: string; readonly logger?: Logger }) => FunctionTarget>;
    process(options: ProcessPlan & { readonly logger: Logger }): Promise<FunctionTarget>;
  };
  readonly functions: {
    /** Those of Lambda. */
    lambda(place: AwsPlace): Promise<FunctionDirectory>;
  };
  readonly api: {
    mappings(options: { readonly endpoint: string; readonly region: string; readonly isSigned: boolean }): Promise<MappingClient>;
  };
}
