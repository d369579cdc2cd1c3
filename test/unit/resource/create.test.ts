import { describe, expect, test } from 'vitest';
import { ResourceRefusal, readCreate } from '../../../src/resource/index.ts';
import { type AnySource, defined, MINIMAL, NOW, request, UUID } from './requests.ts';

/** What a request is answered with when it is refused. */
function refusal(body: unknown): readonly [string, string] {
  try {
    readCreate(body, { now: NOW, uuid: UUID });
  } catch (error) {
    if (error instanceof ResourceRefusal) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was not refused');
}

const IPV = 'InvalidParameterValueException';
const unsupported = (field: string): string => `Unsupported ${field} parameter for given event source mapping type.`;
const PROVISIONED = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
const registry = (more: Record<string, unknown>): Record<string, unknown> => ({
  ...PROVISIONED,
  SelfManagedKafkaEventSourceConfig: {
    SchemaRegistryConfig: {
      SchemaRegistryURI: 'https://registry.example.com:8081',
      EventRecordFormat: 'JSON',
      SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
      ...more,
    },
  },
});

/** Every row of the table of messages that needs nothing but the request. */
const REFUSED: readonly (readonly [what: string, body: unknown, code: string, message: string])[] = [
  ['no source', { FunctionName: 'mill' }, IPV, 'Unrecognized event source.'],
  ['a source of no kind', request('sqs', { EventSourceArn: 'arn:aws:s3:::bucket' }), IPV, 'Unrecognized event source.'],
  ['two sources', request('self-managed-kafka', { EventSourceArn: MINIMAL.sqs.EventSourceArn }), IPV, 'Unrecognized event source.'],
  [
    'OnSuccess on SQS',
    request('sqs', { DestinationConfig: { OnSuccess: { Destination: MINIMAL.sqs.EventSourceArn } } }),
    IPV,
    unsupported('DestinationConfig'),
  ],
  [
    'OnFailure on SQS',
    request('sqs', { DestinationConfig: { OnFailure: { Destination: MINIMAL.sqs.EventSourceArn } } }),
    IPV,
    unsupported('DestinationConfig'),
  ],
  ['OnSuccess on Kinesis', request('kinesis', { DestinationConfig: { OnSuccess: {} } }), IPV, unsupported('DestinationConfig')],
  ...(['ParallelizationFactor', 'MaximumRetryAttempts', 'MaximumRecordAgeInSeconds', 'TumblingWindowInSeconds'] as const).map(
    (field) => [`${field} on SQS`, request('sqs', { [field]: 1 }), IPV, unsupported(field)] as const,
  ),
  [
    'BisectBatchOnFunctionError on FIFO',
    request('sqs-fifo', { BisectBatchOnFunctionError: true }),
    IPV,
    unsupported('BisectBatchOnFunctionError'),
  ],
  ['StartingPosition on SQS', request('sqs', { StartingPosition: 'LATEST' }), IPV, unsupported('StartingPosition')],
  ['ScalingConfig on Kinesis', request('kinesis', { ScalingConfig: { MaximumConcurrency: 2 } }), IPV, unsupported('ScalingConfig')],
  ['ProvisionedPollerConfig on DynamoDB', request('dynamodb', PROVISIONED), IPV, unsupported('ProvisionedPollerConfig')],
  ['LoggingConfig on Kinesis', request('kinesis', { LoggingConfig: { SystemLogLevel: 'INFO' } }), IPV, unsupported('LoggingConfig')],
  ['Topics on SQS', request('sqs', { Topics: ['topic'] }), IPV, unsupported('Topics')],
  ['Queues on SQS', request('sqs', { Queues: ['queue'] }), IPV, unsupported('Queues')],
  [
    'DocumentDB on SQS',
    request('sqs', { DocumentDBEventSourceConfig: { DatabaseName: 'd' } }),
    IPV,
    unsupported('DocumentDBEventSourceConfig'),
  ],
  ['windows on Kafka', request('self-managed-kafka', { TumblingWindowInSeconds: 5 }), IPV, unsupported('TumblingWindowInSeconds')],
  ['metrics of Kafka on SQS', request('sqs', { MetricsConfig: { Metrics: ['KafkaMetrics'] } }), IPV, unsupported('MetricsConfig')],
  [
    'a stream without a start',
    { ...MINIMAL.kinesis, StartingPosition: undefined },
    IPV,
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
  ],
  [
    'an unknown start',
    request('kinesis', { StartingPosition: 'invalid' }),
    'ValidationException',
    "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
  ],
  [
    'an instant on DynamoDB',
    request('dynamodb', { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1 }),
    IPV,
    `Unsupported starting position for arn type: ${MINIMAL.dynamodb.EventSourceArn}`,
  ],
  [
    'an instant that has not come',
    request('kinesis', { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: NOW / 1000 + 1 }),
    IPV,
    'StartingPositionTimestamp must not be in the future.',
  ],
  [
    'AT_TIMESTAMP without one',
    request('kinesis', { StartingPosition: 'AT_TIMESTAMP' }),
    IPV,
    'StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP.',
  ],
  [
    'one without AT_TIMESTAMP',
    request('kinesis', { StartingPositionTimestamp: 1 }),
    IPV,
    'StartingPositionTimestamp is only valid when StartingPosition is AT_TIMESTAMP.',
  ],
  [
    'a large batch without a window',
    request('sqs', { BatchSize: 11 }),
    IPV,
    'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
  ],
  ['a window on FIFO', request('sqs-fifo', { MaximumBatchingWindowInSeconds: 1 }), IPV, 'Batching window is not supported for FIFO queues'],
  [
    'a large batch on FIFO',
    request('sqs-fifo', { BatchSize: 11 }),
    IPV,
    "1 validation error detected: Value '11' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10",
  ],
  ...[0, 1, 59].map(
    (age) =>
      [
        `an age of ${String(age)} s`,
        request('kinesis', { MaximumRecordAgeInSeconds: age }),
        IPV,
        'MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)',
      ] as const,
  ),
  [
    'a pattern that is no JSON',
    request('sqs', { FilterCriteria: { Filters: [{ Pattern: 'no' }] } }),
    IPV,
    'Invalid filter pattern definition.',
  ],
  [
    'a pattern that AWS refuses',
    request('dynamodb', { FilterCriteria: { Filters: [{ Pattern: '{"a":[{"prefix":1}]}' }] } }),
    IPV,
    'Invalid filter pattern definition.',
  ],
  [
    'Kafka without credentials',
    { ...MINIMAL['self-managed-kafka'], SourceAccessConfigurations: undefined },
    IPV,
    "Required 'sourceAccessConfigurations' parameter is missing.",
  ],
  [
    'schema registry without provisioned mode',
    request('self-managed-kafka', { ...registry({}), ProvisionedPollerConfig: undefined }),
    IPV,
    'SchemaRegistryConfig is only available for Provisioned Mode. To configure Schema Registry, please enable Provisioned Mode by specifying MinimumPollers in ProvisionedPollerConfig.',
  ],
  [
    'schema registry nowhere',
    request('self-managed-kafka', registry({ SchemaRegistryURI: 'nowhere' })),
    IPV,
    'Malformed SchemaRegistryURI provided. Please provide a valid URI or ARN. For example, https://schema-registry.example.com:8081 or arn:aws:glue:us-east-1:123456789012:registry/ExampleRegistry.',
  ],
  [
    'schema registry without a format',
    request('self-managed-kafka', registry({ EventRecordFormat: undefined })),
    IPV,
    'EventRecordFormat is a required field for SchemaRegistryConfig. Please provide one of supported format types: SOURCE, JSON.',
  ],
  [
    'schema registry for KEY twice',
    request('self-managed-kafka', registry({ SchemaValidationConfigs: [{ Attribute: 'KEY' }, { Attribute: 'KEY' }] })),
    IPV,
    'Duplicate KEY/VALUE Attribute in SchemaValidationConfigs. SchemaValidationConfigs must contain at most one KEY/VALUE Attribute.',
  ],
  [
    'schema registry for nothing',
    request('self-managed-kafka', registry({ SchemaValidationConfigs: undefined })),
    IPV,
    'SchemaValidationConfigs is a required field for SchemaRegistryConfig.',
  ],
  [
    '51 tags',
    request('sqs', { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${String(index)}`, 'v'])) }),
    IPV,
    'Number of tags exceeds resource tag limit.',
  ],
];

test.each(REFUSED)('%s is refused in the words of AWS', (_what, body, code, message) => {
  expect(refusal(body)).toEqual([code, message]);
});

const NOT_YET: readonly (readonly [what: string, body: unknown, named: string])[] = [
  ['Amazon MQ', { FunctionName: 'f', EventSourceArn: 'arn:aws:mq:us-east-1:000000000000:broker:b:b-1', Queues: ['q'] }, 'Amazon MQ'],
  ['DocumentDB', { FunctionName: 'f', EventSourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:c' }, 'Amazon DocumentDB'],
  [
    'consumers of Kinesis',
    request('kinesis', { EventSourceArn: `${MINIMAL.kinesis.EventSourceArn}/consumer/c:1` }),
    'Unsupported event source: Millrace does not read consumers of Kinesis (enhanced fan-out) yet.',
  ],
  ['queue mode of Kafka', request('self-managed-kafka', { SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' } }), 'queue mode'],
  ['schema registries', request('self-managed-kafka', registry({})), 'schema registries'],
];

test.each(NOT_YET)('%s, which Millrace does not have yet, is refused by name', (_what, body, named) => {
  const [code, message] = refusal(body);
  expect(code).toBe(IPV);
  expect(message).toMatch(/^Unsupported .*Millrace .* yet/);
  expect(message).toContain(named);
});

const OUT_OF_RANGE: readonly (readonly [body: unknown, at: string, constraint: string])[] = [
  [request('sqs', { BatchSize: 0 }), "Value '0' at 'batchSize'", 'Member must have value greater than or equal to 1'],
  [request('sqs', { BatchSize: 10_001 }), "Value '10001' at 'batchSize'", 'Member must have value less than or equal to 10000'],
  [
    request('sqs', { MaximumBatchingWindowInSeconds: 301 }),
    "Value '301' at 'maximumBatchingWindowInSeconds'",
    'Member must have value less than or equal to 300',
  ],
  [
    request('kinesis', { ParallelizationFactor: 11 }),
    "Value '11' at 'parallelizationFactor'",
    'Member must have value less than or equal to 10',
  ],
  [
    request('kinesis', { TumblingWindowInSeconds: 901 }),
    "Value '901' at 'tumblingWindowInSeconds'",
    'Member must have value less than or equal to 900',
  ],
  [
    request('kinesis', { MaximumRetryAttempts: -2 }),
    "Value '-2' at 'maximumRetryAttempts'",
    'Member must have value greater than or equal to -1',
  ],
  [
    request('kinesis', { MaximumRecordAgeInSeconds: 604_801 }),
    "Value '604801' at 'maximumRecordAgeInSeconds'",
    'Member must have value less than or equal to 604800',
  ],
  [
    request('sqs', { ScalingConfig: { MaximumConcurrency: 1 } }),
    "Value '1' at 'scalingConfig.maximumConcurrency'",
    'Member must have value greater than or equal to 2',
  ],
  [
    request('sqs', { ProvisionedPollerConfig: { MinimumPollers: 1 } }),
    "Value '1' at 'provisionedPollerConfig.minimumPollers'",
    'Member must have value greater than or equal to 2',
  ],
  [
    request('sqs', { FunctionResponseTypes: ['Other'] }),
    "Value '[Other]' at 'functionResponseTypes'",
    'Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]',
  ],
  [
    request('self-managed-kafka', { Topics: ['a', 'b'] }),
    "Value '[a, b]' at 'topics'",
    "Member must have length less than or equal to 1; Value '[a, b]' at 'topics' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy regular expression pattern: [^.]([a-zA-Z0-9\\-_.]+)]",
  ],
  [{}, "Value null at 'functionName'", 'Member must not be null'],
  [request('sqs', { FunctionName: 'no name' }), "Value 'no name' at 'functionName'", 'Member must satisfy regular expression pattern: '],
];

test.each(OUT_OF_RANGE)('what the model of the API forbids is a ValidationException: %j', (body, at, constraint) => {
  const [code, message] = refusal(body);
  expect(code).toBe('ValidationException');
  expect(message).toMatch(/^\d validation errors? detected: /);
  expect(message).toContain(`${at} failed to satisfy constraint: ${constraint}`);
});

test('every constraint that is broken is told', () => {
  expect(refusal(request('sqs', { BatchSize: 0, StartingPosition: 'x', FunctionName: undefined }))[1]).toMatch(
    /^3 validation errors detected: .*; .*; /,
  );
});

test.each([
  [{ BatchSize: '10' }, 'STRING_VALUE can not be converted to an Integer'],
  [{ BatchSize: 1.5 }, 'NUMBER_VALUE can not be converted to an Integer'],
  [{ FunctionName: 7 }, 'NUMBER_VALUE can not be converted to a String'],
  [{ Enabled: 'true' }, 'STRING_VALUE can not be converted to a Boolean'],
  [{ FunctionName: {} }, 'Start of structure or map found where not expected.'],
  [{ Topics: 'topic' }, 'Expected list or null'],
  [{ FilterCriteria: [] }, 'Expected structure or null'],
])('a value of the wrong kind is a SerializationException: %j', (more, message) => {
  expect(refusal(request('sqs', more))).toEqual(['SerializationException', message]);
});

test('what is wrong in itself is told before what does not belong, and that before what does not go together', () => {
  const all = { BatchSize: 0, ParallelizationFactor: 2, MaximumBatchingWindowInSeconds: 0 };
  expect(refusal(request('sqs', all))[0]).toBe('ValidationException');
  expect(refusal(request('sqs', { ...all, BatchSize: 11 }))[1]).toBe(unsupported('ParallelizationFactor'));
});

describe('defaults', () => {
  const STREAM = {
    BatchSize: 100,
    BisectBatchOnFunctionError: false,
    DestinationConfig: { OnFailure: {} },
    FunctionResponseTypes: [],
    MaximumBatchingWindowInSeconds: 0,
    MaximumRecordAgeInSeconds: -1,
    MaximumRetryAttempts: -1,
    ParallelizationFactor: 1,
    TumblingWindowInSeconds: 0,
  };
  const QUEUE = { BatchSize: 10, FunctionResponseTypes: [], MaximumBatchingWindowInSeconds: 0 };
  const group = { ConsumerGroupId: UUID };
  const EXPECTED: Readonly<Record<AnySource, object>> = {
    sqs: QUEUE,
    'sqs-fifo': QUEUE,
    kinesis: STREAM,
    dynamodb: STREAM,
    msk: { BatchSize: 100, StartingPosition: 'TRIM_HORIZON', AmazonManagedKafkaEventSourceConfig: group },
    'self-managed-kafka': { BatchSize: 100, StartingPosition: 'TRIM_HORIZON', SelfManagedKafkaEventSourceConfig: group },
  };

  test.each(Object.keys(EXPECTED) as AnySource[])('of %s are those that AWS shows, and no others', (source) => {
    const { FunctionName: _name, ...given } = MINIMAL[source];
    expect(defined(source).fields).toEqual({ ...given, ...EXPECTED[source] });
  });

  test('an empty list of filters, an empty key and empty destinations vanish', () => {
    const more = { FilterCriteria: { Filters: [] }, KMSKeyArn: '', DestinationConfig: { OnFailure: { Destination: '' } } };
    expect(defined('kinesis', more).fields).toEqual(defined('kinesis').fields);
    expect(defined('sqs', { ...more, ScalingConfig: {} }).fields).toEqual(defined('sqs').fields);
  });

  test('provisioned mode has its defaults by source', () => {
    expect(defined('sqs', { ProvisionedPollerConfig: { MinimumPollers: 200 } }).fields.ProvisionedPollerConfig).toEqual({
      MinimumPollers: 200,
      MaximumPollers: 200,
    });
    expect(defined('msk', { ProvisionedPollerConfig: { MaximumPollers: 5 } }).fields.ProvisionedPollerConfig).toEqual({
      MinimumPollers: 1,
      MaximumPollers: 5,
    });
  });
});

test('what Millrace cannot honour and what is harmless is accepted and kept', () => {
  const more = {
    KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k',
    MetricsConfig: { Metrics: ['EventCount', 'ErrorCount', 'KafkaMetrics'] },
    LoggingConfig: { SystemLogLevel: 'DEBUG' },
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2, PollerGroupName: 'g' },
    SourceAccessConfigurations: [
      { Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' },
      { Type: 'VPC_SECURITY_GROUP', URI: 'security_group:sg-1' },
    ],
  };
  expect(defined('self-managed-kafka', more).fields).toMatchObject(more);
});

test('null counts as left out, and members that AWS does not know are ignored', () => {
  expect(defined('sqs', { BatchSize: null, FilterCriteria: null, Colour: 'blue' }).fields).toEqual(defined('sqs').fields);
});
