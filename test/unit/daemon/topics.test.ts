import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../../../src/contract/index.ts';
import { type DaemonConfig, resolveConfig } from '../../../src/daemon/config.ts';

const NOW = Date.UTC(2026, 5, 1);
const MSK = 'arn:aws:kafka:eu-west-1:123456789012:cluster/main/0c5f4d1e-2';

function resolved(yaml: string): DaemonConfig {
  return resolveConfig({ folder: '/', content: parse(yaml) as unknown }, NOW);
}

function problemsOf(yaml: string): string[] {
  try {
    resolved(yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
  return [];
}

const at = (brokers: string): string => `SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [${brokers}] } }`;
const ONE = at("'b-1:9092', 'b-2:9092'");
const EMBEDDED = at("'embedded:9092'");

/** A file with these mappings in it. */
function mappings(...entries: readonly string[]): string {
  return `
functions: { f: { Url: 'http://127.0.0.1:1/' }, g: { Url: 'http://127.0.0.1:1/' } }
queues: { failed: {} }
topics: { orders: {}, broken: {} }
mappings: [${entries.map((entry) => `{ ${entry} }`).join(', ')}]
`;
}

/** A file with one mapping of a self-managed cluster, and these fields in it. */
const mapping = (fields: string, cluster = ONE): string => mappings(`FunctionName: f, ${cluster}, ${fields}`);

describe('a topic mapping that is right', () => {
  test('of a self-managed cluster names brokers, topic, group and secrets', () => {
    const fields = `
      Topics: [orders], SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'orders of f' }, IsolationLevel: read_committed,
      SourceAccessConfigurations: [{ Type: SASL_SCRAM_512_AUTH, URI: 'env:KAFKA' }]`;
    expect(resolved(mapping(fields)).mappings).toMatchObject([
      {
        name: 'orders/f',
        discipline: 'topic',
        source: {
          kind: 'kafka',
          topic: 'orders',
          brokers: ['b-1:9092', 'b-2:9092'],
          clusterArn: undefined,
          access: [{ Type: 'SASL_SCRAM_512_AUTH', URI: 'env:KAFKA' }],
          isolation: 'read_committed',
        },
        fields: { consumerGroupId: 'orders of f' },
        destination: undefined,
      },
    ]);
  });

  test('of a cluster of MSK says where its brokers are, too', () => {
    const entry = `Topics: [orders], EventSourceArn: '${MSK}', AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: g }`;
    expect(resolved(mapping(entry)).mappings).toMatchObject([
      { source: { kind: 'kafka', clusterArn: MSK }, fields: { consumerGroupId: 'g' } },
    ]);
  });

  test('of this file names the embedded broker', () => {
    expect(resolved(mapping('Topics: [orders]', EMBEDDED)).mappings).toMatchObject([
      { source: { kind: 'embedded-topic', topic: 'orders' } },
    ]);
  });

  test('gives every field to the engine in its own spelling, and keeps the destination for itself', () => {
    const fields = `
      Topics: [orders], BatchSize: 10, MaximumBatchingWindowInSeconds: 1, ParallelizationFactor: 100, StartingPosition: AT_TIMESTAMP,
      StartingPositionTimestamp: 2026-01-31T09:30:00Z, MaximumRecordAgeInSeconds: 60, MaximumRetryAttempts: 3,
      BisectBatchOnFunctionError: true, FunctionResponseTypes: [ReportBatchItemFailures], Enabled: false,
      OnDestinationFailure: drop, OnTrimmed: resumeAtTrimHorizon, CheckpointIntervalMs: 100,
      FilterCriteria: { Filters: [{ Pattern: '{"value":{"kind":["a"]}}' }] },
      DestinationConfig: { OnFailure: { Destination: 'kafka://broken' } }, KafkaDestinationFormat: record`;
    expect(resolved(mapping(fields)).mappings).toMatchObject([
      {
        fields: {
          batchSize: 10,
          maximumBatchingWindowInSeconds: 1,
          parallelizationFactor: 100,
          startingPosition: 'AT_TIMESTAMP',
          startingPositionTimestamp: Date.UTC(2026, 0, 31, 9, 30) / 1000,
          maximumRecordAgeInSeconds: 60,
          maximumRetryAttempts: 3,
          bisectBatchOnFunctionError: true,
          functionResponseTypes: ['ReportBatchItemFailures'],
          enabled: false,
          onDestinationFailure: 'drop',
          onTrimmed: 'resumeAtTrimHorizon',
          checkpointIntervalMs: 100,
        },
        destination: { kind: 'topic', topic: 'broken', format: 'record', source: { kind: 'kafka' } },
      },
    ]);
  });

  test.each([
    ['arn:aws:sqs:embedded:000000000000:failed', { kind: 'embedded-queue', queue: 'failed' }],
    ['arn:aws:s3:::failed', { kind: 's3', arn: 'arn:aws:s3:::failed' }],
  ])('puts what it gives up to %s', (destination, plan) => {
    const fields = `Topics: [orders], DestinationConfig: { OnFailure: { Destination: '${destination}' } }`;
    expect(resolved(mapping(fields)).mappings).toMatchObject([{ destination: plan }]);
  });

  test('may read a topic of the same name in another cluster, with another function, or at another version', () => {
    const entry = (name: string, cluster: string): string => `FunctionName: ${name}, Topics: [orders], ${cluster}`;
    const other = at("'c-1:9092'");
    expect(
      problemsOf(
        mappings(entry('f', ONE), `Name: other, ${entry('f', other)}`, entry('g', ONE), `Name: latest, ${entry("'f:$LATEST'", ONE)}`),
      ),
    ).toEqual([]);
  });
});

const TOPICS = "1 validation error detected: Value '[o]' at 'topics' failed to satisfy constraint: ";

describe('a topic mapping that is refused', () => {
  test.each([
    [
      'a topic named by one character, in AWS’s words',
      mapping('Topics: [o]'),
      String.raw`mappings[0].Topics: ${TOPICS}Member must satisfy constraint: [Member must satisfy regular expression pattern: [^.]([a-zA-Z0-9\-_.]+)]`,
    ],
    [
      'two topics, in AWS’s words',
      mapping('Topics: [orders, others]'),
      "mappings[0].Topics: 1 validation error detected: Value '[orders, others]' at 'topics' failed to satisfy constraint: Member must have length less than or equal to 1",
    ],
    ['no topic', mapping('BatchSize: 1'), 'mappings[0].Topics: must be a list of one topic, such as [orders], but is missing'],
    [
      'a group id with other characters, in AWS’s words',
      mapping("Topics: [orders], SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'a,b' }"),
      String.raw`mappings[0].SelfManagedKafkaEventSourceConfig: 1 validation error detected: Value 'a,b' at 'selfManagedKafkaEventSourceConfig.consumerGroupId' failed to satisfy constraint: Member must satisfy regular expression pattern: [ a-zA-Z0-9-\/*:_+=.@-]*`,
    ],
    [
      'tumbling windows, in AWS’s words',
      mapping('Topics: [orders], TumblingWindowInSeconds: 10'),
      'mappings[0].TumblingWindowInSeconds: Unsupported TumblingWindowInSeconds parameter for given event source mapping type.',
    ],
    [
      'the section of the other kind of cluster',
      mapping('Topics: [orders], AmazonManagedKafkaEventSourceConfig: {}'),
      'mappings[0].AmazonManagedKafkaEventSourceConfig: Unsupported AmazonManagedKafkaEventSourceConfig parameter for given event source mapping type.',
    ],
    [
      'a topic that this file does not have',
      mapping('Topics: [order]', EMBEDDED),
      'mappings[0].Topics[0]: there is no embedded topic order in this file; did you mean orders?',
    ],
    [
      'embedded topics beside other brokers',
      mapping('Topics: [orders]', at("'embedded:9092', 'b-1:9092'")),
      'mappings[0].SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS: names embedded:9092, which stands for the topics of this file, beside other brokers; take one or the other out',
    ],
    [
      'secrets for a topic of this file',
      mapping("Topics: [orders], SourceAccessConfigurations: [{ Type: BASIC_AUTH, URI: 'env:X' }]", EMBEDDED),
      'mappings[0].SourceAccessConfigurations: has no meaning for a topic of this file; take it out',
    ],
    [
      'a cluster of MSK without its brokers',
      mappings(`FunctionName: f, EventSourceArn: '${MSK}', Topics: [orders]`),
      'mappings[0].EventSourceArn: names a cluster of MSK, which is not asked where its brokers are; add SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [...] } } with the brokers that MSK tells',
    ],
    [
      'the topic that is read as its own destination',
      mapping('Topics: [orders], DestinationConfig: { OnFailure: { Destination: kafka://orders } }'),
      'mappings[0].DestinationConfig.OnFailure.Destination: is the topic that is read: what fails would come again for ever; name another',
    ],
    [
      'an embedded destination that this file does not have',
      mapping('Topics: [orders], DestinationConfig: { OnFailure: { Destination: kafka://brokn } }', EMBEDDED),
      'mappings[0].DestinationConfig.OnFailure.Destination: there is no embedded topic brokn in this file; did you mean broken?',
    ],
    [
      'a second mapping of the topic to the function, in AWS’s words',
      mappings(`FunctionName: f, Topics: [orders], ${ONE}`, `FunctionName: f, Name: again, Topics: [orders], ${at("'b-9:1', 'b-2:9092'")}`),
      'mappings[1]: An event source mapping with event source ("b-9:1,b-2:9092"), function ("arn:aws:lambda:us-east-1:000000000000:function:f"), topics ("orders") already exists. Please update or delete the existing mapping mappings[0]',
    ],
    [
      'a field that is nearly right',
      mapping('Topic: [orders]'),
      'mappings[0].Topics: must be a list of one topic, such as [orders], but is missing',
    ],
    [
      'topics of a queue, in AWS’s words',
      mappings("FunctionName: f, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:failed', Topics: [orders]"),
      'mappings[0].Topics: Unsupported Topics parameter for given event source mapping type.',
    ],
  ])('has %s', (_title, yaml, problem) => {
    expect(problemsOf(yaml)).toContain(problem);
  });

  test('has a topic as the destination of a stream', () => {
    const entry =
      "FunctionName: f, StartingPosition: LATEST, EventSourceArn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/clicks', DestinationConfig: { OnFailure: { Destination: kafka://broken } }";
    expect(problemsOf(mappings(entry))).toEqual([
      expect.stringMatching(
        /^mappings\[0\]\.DestinationConfig\.OnFailure\.Destination: names a topic, which takes records of its own cluster only/,
      ),
    ]);
  });
});

describe('an embedded topic', () => {
  test('has what the file says', () => {
    const { topics } = resolved(`
topics: { aa: {}, bb: { partitions: 4, retentionSeconds: 60, produce: { everySeconds: 1, rounds: 2, bodies: [x, { n: 1 }], keys: [k] } } }
`);
    expect(topics).toEqual([
      { name: 'aa', partitions: undefined, retentionSeconds: undefined, produce: undefined },
      {
        name: 'bb',
        partitions: 4,
        retentionSeconds: 60,
        produce: { everySeconds: 1, rounds: 2, bodies: ['x', '{"n":1}'], keys: ['k'] },
      },
    ]);
  });

  test.each([
    ['a name', "topics: { 'a b': {} }", /^topics\.a b: must be named by 2 to 249 letters/],
    ['a name of one letter', 'topics: { a: {} }', /^topics\.a: must be named by 2 to 249 letters/],
    ['too many partitions', 'topics: { aa: { partitions: 1001 } }', /^topics\.aa\.partitions: must be a whole number from 1 to 1000 /],
    [
      'no keys in a list of keys',
      'topics: { aa: { produce: { everySeconds: 1, bodies: [x], keys: [] } } }',
      /^topics\.aa\.produce\.keys: must be a list of keys/,
    ],
  ])('is refused: %s', (_title, yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([expect.stringMatching(problem)]);
  });
});
