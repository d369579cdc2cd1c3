import { pattern, type Shape, type StructureShape } from './model.ts';

const whole = (min: number, max: number): Shape => ({ kind: 'whole', min, max });
const text = (min: number, max: number, form?: string, accepts?: string): Shape => ({
  kind: 'text',
  min,
  max,
  ...(form === undefined ? {} : { pattern: pattern(form, accepts) }),
});
const oneOf = (...values: readonly string[]): Shape => ({ kind: 'text', values });
const list = (of: Shape, min: number, max: number): Shape => ({ kind: 'list', of, min, max });
const structure = (members: Readonly<Record<string, Shape>>): StructureShape => ({ kind: 'structure', members });
const flag: Shape = { kind: 'flag' };

const AWS_ARN = String.raw`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)`;
/** Emulators and embedded sources have regions that AWS does not have. */
const ANY_REGION = String.raw`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9-]+):([a-z0-9-]*):(\d{12})?:(.*)`;
const ARN = text(0, 10_000, AWS_ARN, ANY_REGION);
const DESTINATION = text(
  0,
  350,
  `$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|${AWS_ARN}`,
  `|kafka://[^.][a-zA-Z0-9_.-]{0,248}|${ANY_REGION}`,
);
const URI = text(1, 200, String.raw`[ a-zA-Z0-9-\/*:_+=.@-]*`);

/** FunctionName in the forms of AWS. */
export const FUNCTION_NAME: Shape = text(
  1,
  256,
  String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
  String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z0-9-]+:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
);

/** How a member of SourceAccessConfigurations may be. */
const ACCESS_TYPES = [
  'BASIC_AUTH',
  'VPC_SUBNET',
  'VPC_SECURITY_GROUP',
  'SASL_SCRAM_512_AUTH',
  'SASL_SCRAM_256_AUTH',
  'VIRTUAL_HOST',
  'CLIENT_CERTIFICATE_TLS_AUTH',
  'SERVER_ROOT_CA_CERTIFICATE',
  'OAUTHBEARER_AUTH',
  'OAUTHBEARER_SCOPE',
  'OAUTHBEARER_AUDIENCE',
  'OAUTHBEARER_LOGICAL_CLUSTER',
  'OAUTHBEARER_IDENTITY_POOL',
  'IAM_AUTH',
  'IAM_OAUTHBEARER_AUTH',
] as const;

const SCHEMA_REGISTRY = structure({
  SchemaRegistryURI: text(1, 10_000),
  EventRecordFormat: oneOf('JSON', 'SOURCE'),
  AccessConfigs: {
    kind: 'list',
    of: structure({
      Type: oneOf('BASIC_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH', 'SERVER_ROOT_CA_CERTIFICATE', 'OAUTHBEARER_AUTH'),
      URI: ARN,
    }),
  },
  SchemaValidationConfigs: { kind: 'list', of: structure({ Attribute: oneOf('KEY', 'VALUE') }) },
});

/** Fields of a mapping that an update may change. */
const CHANGEABLE: Readonly<Record<string, Shape>> = {
  FunctionName: FUNCTION_NAME,
  Enabled: flag,
  BatchSize: whole(1, 10_000),
  FilterCriteria: structure({ Filters: { kind: 'list', of: structure({ Pattern: text(0, 4096) }) } }),
  MaximumBatchingWindowInSeconds: whole(0, 300),
  ParallelizationFactor: whole(1, 10),
  DestinationConfig: structure({
    OnSuccess: structure({ Destination: DESTINATION }),
    OnFailure: structure({ Destination: DESTINATION }),
  }),
  MaximumRecordAgeInSeconds: whole(-1, 604_800),
  BisectBatchOnFunctionError: flag,
  MaximumRetryAttempts: whole(-1, 10_000),
  TumblingWindowInSeconds: whole(0, 900),
  SourceAccessConfigurations: list(structure({ Type: oneOf(...ACCESS_TYPES), URI }), 0, 23),
  FunctionResponseTypes: list(oneOf('ReportBatchItemFailures'), 0, 1),
  ScalingConfig: structure({ MaximumConcurrency: whole(2, 1000) }),
  AmazonManagedKafkaEventSourceConfig: structure({ ConsumerGroupId: URI, SchemaRegistryConfig: SCHEMA_REGISTRY }),
  SelfManagedKafkaEventSourceConfig: structure({
    ConsumerGroupId: URI,
    SchemaRegistryConfig: SCHEMA_REGISTRY,
    ConsumptionMode: oneOf('Stream', 'Queue'),
  }),
  DocumentDBEventSourceConfig: structure({
    DatabaseName: text(1, 63),
    CollectionName: text(1, 57),
    FullDocument: oneOf('UpdateLookup', 'Default'),
  }),
  KMSKeyArn: text(0, 10_000, '(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()'),
  MetricsConfig: structure({ Metrics: list(oneOf('EventCount', 'ErrorCount', 'KafkaMetrics'), 0, 3) }),
  LoggingConfig: structure({ SystemLogLevel: oneOf('DEBUG', 'INFO', 'WARN') }),
  ProvisionedPollerConfig: structure({
    MinimumPollers: whole(1, 200),
    MaximumPollers: whole(1, 10_000),
    PollerGroupName: text(0, 128, '[a-zA-Z0-9-_]*'),
  }),
};

const HOST_AND_PORT = String.raw`(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9]):[0-9]{1,5}`;

const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The tags of a mapping; how many there may be is a quota, not a constraint. */
export const TAGS: Shape = { kind: 'map', key: tagText(1, 128), of: tagText(0, 256) };

function tagText(min: number, max: number): Shape {
  return { kind: 'text', min, max, pattern: { matches: TAG_TEXT, shown: String.raw`([\p{L}\p{Z}\p{N}_.:/=+\-@]*)` } };
}

/** CreateEventSourceMapping. */
export const CREATE: StructureShape = {
  kind: 'structure',
  required: ['FunctionName'],
  members: {
    EventSourceArn: ARN,
    ...CHANGEABLE,
    // In AWS's order.
    StartingPosition: oneOf('LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'),
    StartingPositionTimestamp: { kind: 'instant' },
    Tags: TAGS,
    Topics: list(text(1, 249, String.raw`[^.]([a-zA-Z0-9\-_.]+)`), 1, 1),
    Queues: list(text(1, 1000, String.raw`[\s\S]*`), 1, 1),
    SelfManagedEventSource: structure({
      Endpoints: {
        kind: 'map',
        key: oneOf('KAFKA_BOOTSTRAP_SERVERS'),
        // The same without the repetition inside a repetition, which takes for ever on some texts.
        of: list(text(1, 300, HOST_AND_PORT, String.raw`(?:(?!-)[a-zA-Z0-9-]+(?<!-)\.)*(?!-)[a-zA-Z0-9-]+(?<!-):[0-9]{1,5}`), 1, 10),
        min: 1,
        max: 2,
      },
    }),
  },
};

/** UpdateEventSourceMapping; the UUID comes in the path. */
export const UPDATE: StructureShape = structure(CHANGEABLE);
