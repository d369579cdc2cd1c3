/** The sources that mappings may have. */
export type SourceKind = 'sqs' | 'sqs-fifo' | 'kinesis' | 'dynamodb' | 'msk' | 'self-managed-kafka';

/** AWS's fields of a mapping in AWS's spelling, every default that AWS shows filled in. */
export interface MappingFields {
  readonly EventSourceArn?: string;
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds?: number;
  readonly FilterCriteria?: { readonly Filters: readonly { readonly Pattern: string }[] };
  readonly KMSKeyArn?: string;
  readonly MetricsConfig?: { readonly Metrics?: readonly string[] };
  readonly LoggingConfig?: { readonly SystemLogLevel?: string };
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  readonly ProvisionedPollerConfig?: PollerConfig;
  readonly ParallelizationFactor?: number;
  readonly StartingPosition?: string;
  /** Epoch seconds. */
  readonly StartingPositionTimestamp?: number;
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: string } };
  readonly MaximumRecordAgeInSeconds?: number;
  readonly BisectBatchOnFunctionError?: boolean;
  readonly MaximumRetryAttempts?: number;
  readonly TumblingWindowInSeconds?: number;
  readonly FunctionResponseTypes?: readonly string[];
  readonly Topics?: readonly string[];
  readonly SourceAccessConfigurations?: readonly AccessConfiguration[];
  readonly SelfManagedEventSource?: { readonly Endpoints?: Readonly<Record<string, readonly string[]>> };
  readonly AmazonManagedKafkaEventSourceConfig?: KafkaConfig;
  readonly SelfManagedKafkaEventSourceConfig?: KafkaConfig & { readonly ConsumptionMode?: string };
}

/** ProvisionedPollerConfig: its presence switches provisioned mode on. */
export interface PollerConfig {
  readonly MinimumPollers?: number;
  readonly MaximumPollers?: number;
  readonly PollerGroupName?: string;
}

/** One entry of SourceAccessConfigurations. */
export interface AccessConfiguration {
  readonly Type?: string;
  readonly URI?: string;
}

/** What is particular to Kafka. */
export interface KafkaConfig {
  readonly ConsumerGroupId?: string;
}

/** Who says what a mapping is: the API, or a configuration file. */
export type MappingOwner = { readonly kind: 'api' } | { readonly kind: 'file'; readonly file: string };

/** A mapping as it is stored: what was asked for, not how far it has come. */
export interface MappingDefinition {
  readonly uuid: string;
  /** The key of its state in the store: the UUID, or its name in the file that owns it. */
  readonly name: string;
  readonly owner: MappingOwner;
  readonly source: SourceKind;
  /** Unqualified, or with the version or alias that was asked for. */
  readonly functionArn: string;
  readonly enabled: boolean;
  /** Epoch ms: what LATEST means. */
  readonly createdAt: number;
  /** Epoch ms. */
  readonly lastModified: number;
  readonly fields: MappingFields;
  readonly tags: Readonly<Record<string, string>>;
  /** It is being removed; what is left of it when the process ends is removed at the next start. */
  readonly isDeleting: boolean;
  /** Of a mapping of a file: its entry as the file says it, so that a change can be seen. */
  readonly entry?: Readonly<Record<string, unknown>>;
}

const VERSION = 1;

/** A definition as text for the store. */
export function encodeDefinition(definition: MappingDefinition): string {
  return JSON.stringify({ v: VERSION, ...definition });
}

/** Reads a definition. Throws when it is of another version: nothing is guessed. */
export function decodeDefinition(text: string): MappingDefinition {
  const { v, ...definition } = JSON.parse(text) as MappingDefinition & { readonly v?: unknown };
  if (v !== VERSION) throw new Error(`a stored mapping of version ${String(v)}; this version of Millrace reads ${String(VERSION)}`);
  return definition;
}
