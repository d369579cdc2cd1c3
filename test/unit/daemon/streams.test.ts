import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../../../src/contract/index.ts';
import { type DaemonConfig, resolveConfig } from '../../../src/daemon/config.ts';

const NOW = Date.UTC(2026, 5, 1);
const KINESIS = 'arn:aws:kinesis:eu-west-1:123456789012:stream/clicks';
const DYNAMODB = 'arn:aws:dynamodb:eu-west-1:123456789012:table/items/stream/2026-05-01T00:00:00.000';
const EMBEDDED = 'arn:aws:kinesis:embedded:000000000000:stream/readings';

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

/** A file with one mapping of `arn`, and these fields in it. */
function mapping(fields: string, arn = EMBEDDED): string {
  return `
functions: { f: { Url: 'http://127.0.0.1:1/' } }
queues: { failed: {}, steps.fifo: {} }
streams: { readings: {} }
mappings: [{ EventSourceArn: '${arn}', FunctionName: f, ${fields} }]
`;
}

function toDestination(arn: string): string {
  return mapping(`StartingPosition: LATEST, DestinationConfig: { OnFailure: { Destination: '${arn}' } }`);
}

describe('a stream mapping that is right', () => {
  test.each([
    [KINESIS, { kind: 'kinesis', stream: KINESIS }, 'clicks/f'],
    [DYNAMODB, { kind: 'dynamodb-streams', stream: DYNAMODB }, 'items/f'],
    [EMBEDDED, { kind: 'embedded-stream', stream: 'readings' }, 'readings/f'],
  ])('reads %s', (arn, source, name) => {
    const { mappings } = resolved(mapping('StartingPosition: TRIM_HORIZON', arn));
    expect(mappings).toMatchObject([{ name, discipline: 'stream', source, sourceField: 'mappings[0].EventSourceArn' }]);
  });

  test('gives every field to the engine in its own spelling, and keeps the destination for itself', () => {
    const fields = `
      BatchSize: 10, MaximumBatchingWindowInSeconds: 1, ParallelizationFactor: 4, StartingPosition: AT_TIMESTAMP,
      StartingPositionTimestamp: 1764547200.5, MaximumRecordAgeInSeconds: 60, MaximumRetryAttempts: 3,
      BisectBatchOnFunctionError: true, FunctionResponseTypes: [ReportBatchItemFailures], Enabled: false,
      OnDestinationFailure: drop, OnTrimmed: resumeAtTrimHorizon, CheckpointIntervalMs: 100, AbandonAfterSeconds: 5,
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:embedded:000000000000:failed' } }`;
    expect(resolved(mapping(fields)).mappings).toMatchObject([
      {
        fields: {
          batchSize: 10,
          maximumBatchingWindowInSeconds: 1,
          parallelizationFactor: 4,
          startingPosition: 'AT_TIMESTAMP',
          startingPositionTimestamp: 1764547200.5,
          maximumRecordAgeInSeconds: 60,
          maximumRetryAttempts: 3,
          bisectBatchOnFunctionError: true,
          functionResponseTypes: ['ReportBatchItemFailures'],
          enabled: false,
          onDestinationFailure: 'drop',
          onTrimmed: 'resumeAtTrimHorizon',
          checkpointIntervalMs: 100,
          abandonAfterSeconds: 5,
        },
        destination: { kind: 'embedded-queue', queue: 'failed' },
      },
    ]);
  });

  test.each(['2026-01-31T09:30:00Z', '2026-01-31T10:30:00+01:00', '2026-01-31T09:30:00.000Z'])(
    'takes the instant %s for epoch seconds',
    (at) => {
      const { mappings } = resolved(mapping(`StartingPosition: AT_TIMESTAMP, StartingPositionTimestamp: ${at}`));
      expect(mappings[0]?.fields).toMatchObject({ startingPositionTimestamp: 1_769_851_800 });
    },
  );

  test.each([
    ['arn:aws:sqs:eu-west-1:123456789012:dlq', 'sqs'],
    ['arn:aws:sns:eu-west-1:123456789012:alarms', 'sns'],
    ['arn:aws:s3:::bucket', 's3'],
  ])('gives up to %s', (arn, kind) => {
    const field = 'mappings[0].DestinationConfig.OnFailure.Destination';
    expect(resolved(toDestination(arn)).mappings).toMatchObject([{ destination: { kind, arn, field } }]);
  });

  test('may name no destination', () => {
    expect(resolved(mapping('StartingPosition: LATEST, DestinationConfig: {}')).mappings).toMatchObject([{ destination: undefined }]);
  });
});

describe('an embedded stream and the places of services', () => {
  test('have their settings, bodies as texts and keys in turn', () => {
    const { streams, aws } = resolved(`
aws: { endpoint: 'http://127.0.0.1:4566', endpoints: { dynamodbstreams: 'http://127.0.0.1:8000' } }
streams: { a: {}, b: { shards: 4, retentionSeconds: 60, produce: { everySeconds: 1, rounds: 2, bodies: [x, { n: 1 }], partitionKeys: [k] } } }
`);
    const produce = { everySeconds: 1, rounds: 2, bodies: ['x', '{"n":1}'], keys: ['k'] };
    expect(streams).toEqual([
      { name: 'a', shards: undefined, retentionSeconds: undefined, produce: undefined },
      { name: 'b', shards: 4, retentionSeconds: 60, produce },
    ]);
    expect(aws).toEqual({ endpoint: 'http://127.0.0.1:4566', endpoints: { dynamodbstreams: 'http://127.0.0.1:8000' } });
  });
});

describe('a file that is wrong names the field in its own spelling and place', () => {
  test.each<[string, string, RegExp]>([
    ['no start', mapping(''), /^mappings\[0\]\.StartingPosition: 1 validation error detected: Value null at 'startingPosition' failed/],
    [
      'a start that is none',
      mapping('StartingPosition: NOW'),
      /^mappings\[0\]\.StartingPosition: must be TRIM_HORIZON, LATEST or AT_TIMESTAMP, but is the text "NOW"$/,
    ],
    [
      'AT_TIMESTAMP of DynamoDB',
      mapping('StartingPosition: AT_TIMESTAMP, StartingPositionTimestamp: 1', DYNAMODB),
      /^mappings\[0\]\.StartingPosition: Unsupported starting position for arn type: arn:aws:dynamodb:/,
    ],
    ['no instant', mapping('StartingPosition: AT_TIMESTAMP'), /^mappings\[0\]\.StartingPositionTimestamp: is missing/],
    [
      'an instant without zone',
      mapping('StartingPosition: AT_TIMESTAMP, StartingPositionTimestamp: 2026-01-31T09:30:00'),
      /^mappings\[0\]\.StartingPositionTimestamp: must be epoch seconds, or a date and time with its zone such as .*but is the text "2026/,
    ],
    [
      'an instant to come',
      mapping('StartingPosition: AT_TIMESTAMP, StartingPositionTimestamp: 2026-06-01T00:00:01Z'),
      /^mappings\[0\]\.StartingPositionTimestamp: is in the future/,
    ],
    [
      'a factor',
      mapping('StartingPosition: LATEST, ParallelizationFactor: 11'),
      /^mappings\[0\]\.ParallelizationFactor: must be a whole number from 1 to 10 /,
    ],
    [
      'an age',
      mapping('StartingPosition: LATEST, MaximumRecordAgeInSeconds: 59'),
      /^mappings\[0\]\.MaximumRecordAgeInSeconds: MaximumRecordAgeInSeconds must be either -1/,
    ],
    [
      'what to do when trimmed',
      mapping('StartingPosition: LATEST, OnTrimmed: go'),
      /^mappings\[0\]\.OnTrimmed: must be stop \(default\) or resumeAtTrimHorizon/,
    ],
    [
      'a slip',
      mapping('StartingPosition: LATEST, ParalelizationFactor: 2'),
      /^mappings\[0\]\.ParalelizationFactor: .*did you mean ParallelizationFactor\?$/,
    ],
    [
      'a slip in the destination',
      mapping('StartingPosition: LATEST, DestinationConfg: {}'),
      /^mappings\[0\]\.DestinationConfg: .*did you mean DestinationConfig\?$/,
    ],
    [
      'camelCase',
      mapping('StartingPosition: LATEST, startingPosition: LATEST'),
      /^mappings\[0\]\.startingPosition: .*did you mean StartingPosition\?$/,
    ],
    [
      'a field of queues',
      mapping('StartingPosition: LATEST, ScalingConfig: {}'),
      /^mappings\[0\]\.ScalingConfig: Unsupported ScalingConfig parameter/,
    ],
    ['a field to come', mapping('StartingPosition: LATEST, MetricsConfig: {}'), /^mappings\[0\]\.MetricsConfig: is a field of AWS/],
    [
      'a destination of a queue mapping',
      mapping("DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::b' } }", 'arn:aws:sqs:embedded:000000000000:failed'),
      /^mappings\[0\]\.DestinationConfig: Unsupported DestinationConfig parameter for given event source mapping type\.$/,
    ],
    [
      'success',
      mapping("StartingPosition: LATEST, DestinationConfig: { OnSuccess: { Destination: 'arn:aws:s3:::b' } }"),
      /^mappings\[0\]\.DestinationConfig\.OnSuccess: is not a field that is known here/,
    ],
    [
      'no ARN',
      toDestination('failed'),
      /^mappings\[0\]\.DestinationConfig\.OnFailure\.Destination: must be an ARN: of a standard SQS queue/,
    ],
    [
      'a topic of Kafka',
      toDestination('kafka://failed'),
      /^mappings\[0\]\.DestinationConfig\.OnFailure\.Destination: names a topic, which takes records of its own cluster only/,
    ],
    [
      'another service',
      toDestination('arn:aws:lambda:eu-west-1:123456789012:function:f'),
      /^mappings\[0\]\.DestinationConfig\.OnFailure\.Destination: names a destination of lambda; possible are .*sqs.*sns.*s3.*embedded/,
    ],
    [
      'an embedded FIFO queue',
      toDestination('arn:aws:sqs:embedded:000000000000:steps.fifo'),
      /^mappings\[0\]\.DestinationConfig\.OnFailure\.Destination: is the FIFO queue steps\.fifo; only a standard queue can be/,
    ],
    [
      'an embedded queue that is not there',
      toDestination('arn:aws:sqs:embedded:000000000000:faild'),
      /^mappings\[0\]\.DestinationConfig\.OnFailure\.Destination: there is no embedded queue faild in this file; did you mean failed\?$/,
    ],
    [
      'a stream that is not there',
      mapping('StartingPosition: LATEST', 'arn:aws:kinesis:embedded:000000000000:stream/reading'),
      /^mappings\[0\]\.EventSourceArn: there is no embedded stream reading in this file; did you mean readings\?$/,
    ],
    [
      'a stream without its prefix',
      mapping('StartingPosition: LATEST', 'arn:aws:kinesis:embedded:000000000000:readings'),
      /^mappings\[0\]\.EventSourceArn: is no ARN of an embedded stream; write arn:aws:kinesis:embedded:000000000000:stream\/readings$/,
    ],
    [
      'another account',
      mapping('StartingPosition: LATEST', 'arn:aws:kinesis:embedded:123456789012:stream/readings'),
      /^mappings\[0\]\.EventSourceArn: the account of embedded streams is 000000000000; write arn:aws:kinesis:embedded:0/,
    ],
    ['a name of a stream', "streams: { 'a b': {} }", /^streams\.a b: must be named by 1 to 128 letters/],
    ['too many shards', 'streams: { a: { shards: 1001 } }', /^streams\.a\.shards: must be a whole number from 1 to 1000 /],
    [
      'no partition key',
      'streams: { a: { produce: { everySeconds: 1, bodies: [x] } } }',
      /^streams\.a\.produce\.partitionKeys: must be a list of at least one partition key, taken in turn, but is missing$/,
    ],
    ['a service', 'aws: { endpoints: { dynamodb: x } }', /^aws\.endpoints\.dynamodb: is not a field that is known here/],
  ])('%s', (_title, yaml, expected) => {
    const found = problemsOf(yaml);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  test('a stream with a fault is still a stream that may be named', () => {
    const found = problemsOf(mapping('StartingPosition: LATEST').replace('readings: {}', 'readings: { shards: 0 }'));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^streams\.readings\.shards: /);
  });
});
