import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applyUpdate,
  configurationOf,
  decodeDefinition,
  encodeDefinition,
  type MappingDefinition,
  ResourceRefusal,
  readCreate,
  readList,
  readTagResource,
  readUntagResource,
  readUpdate,
  refuseConflict,
} from '../../src/resource/index.ts';
import { type AnySource, defined, MINIMAL, NOW, UUID } from '../unit/resource/requests.ts';

const FIELDS = [
  'FunctionName',
  'EventSourceArn',
  'Enabled',
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'FilterCriteria',
  'KMSKeyArn',
  'MetricsConfig',
  'LoggingConfig',
  'ScalingConfig',
  'ProvisionedPollerConfig',
  'ParallelizationFactor',
  'StartingPosition',
  'StartingPositionTimestamp',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'TumblingWindowInSeconds',
  'FunctionResponseTypes',
  'Topics',
  'Queues',
  'SourceAccessConfigurations',
  'SelfManagedEventSource',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
  'Tags',
] as const;

const values = fc.oneof(
  fc.jsonValue(),
  fc.integer({ min: -2, max: 10_001 }),
  fc.boolean(),
  fc.constantFrom(
    'LATEST',
    'TRIM_HORIZON',
    'AT_TIMESTAMP',
    { Filters: [{ Pattern: '{"body":["a"]}' }] },
    { Filters: [{}] },
    { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:f' } },
    { MaximumConcurrency: 2 },
    { MinimumPollers: 2, MaximumPollers: 5 },
    { ConsumerGroupId: 'g', SchemaRegistryConfig: {} },
    { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['a:1'] } },
    [{ Type: 'BASIC_AUTH', URI: 'arn:x' }],
    ['ReportBatchItemFailures'],
    ['topic'],
    { __proto__: 1, constructor: 2 },
    ...Object.values(MINIMAL).flatMap((one) => ('EventSourceArn' in one ? [one.EventSourceArn] : [])),
  ),
);
const edits = fc.dictionary(fc.constantFrom(...FIELDS, '__proto__', 'constructor'), values, { maxKeys: 6, noNullPrototype: true });
const sources = fc.constantFrom(...(Object.keys(MINIMAL) as AnySource[]));
const bodies = fc.oneof(
  fc.jsonValue(),
  fc.tuple(sources, edits).map(([source, edit]): unknown => ({ ...MINIMAL[source], ...edit })),
);

/** What `action` gives; `undefined` when it is refused. Anything else that it throws fails the test. */
function unlessRefused<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch (error) {
    expect(error).toBeInstanceOf(ResourceRefusal);
    expect((error as ResourceRefusal).message).not.toBe('');
    expect(() => JSON.stringify((error as ResourceRefusal).body)).not.toThrow();
    return undefined;
  }
}

test('no body of a creation makes it throw anything but a refusal, and what it takes comes back from the store and can be shown', () => {
  let taken = 0;
  fc.assert(
    fc.property(bodies, (body) => {
      const created = unlessRefused(() => readCreate(body, { now: NOW, uuid: UUID }));
      if (created === undefined) return;
      taken += 1;
      const definition: MappingDefinition = { ...defined('sqs'), ...created };
      expect(decodeDefinition(encodeDefinition(definition))).toEqual(definition);
      const shown = configurationOf(definition, { state: 'Enabled', lastModified: NOW, lastProcessingResult: undefined });
      for (const hidden of ['Enabled', 'FunctionName', 'Tags', 'OnSuccess']) expect(shown).not.toHaveProperty(hidden);
      // What was taken is taken again as it stands: nothing that is stored can be refused later.
      const { fields } = applyUpdate(definition, readUpdate({}));
      expect(fields).toEqual(created.fields);
      unlessRefused(() => {
        refuseConflict(definition, [definition, defined('self-managed-kafka')]);
      });
    }),
    { numRuns: 3000 },
  );
  expect(taken).toBeGreaterThan(50);
});

test('no body of an update makes it throw anything but a refusal, and an update twice is an update once', () => {
  fc.assert(
    fc.property(sources, fc.oneof(fc.jsonValue(), edits), (source, body) => {
      const request = unlessRefused(() => readUpdate(body));
      if (request === undefined) return;
      const before = defined(source);
      const once = unlessRefused(() => applyUpdate(before, request));
      if (once === undefined) return;
      expect(applyUpdate({ ...before, fields: once.fields }, request)).toEqual({ fields: once.fields, isChanged: false });
    }),
    { numRuns: 3000 },
  );
});

test('no query of a list and no request of the tag API makes it throw anything but a refusal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), fc.jsonValue(), (first, second, third, body) => {
      unlessRefused(() => readList({ EventSourceArn: first, FunctionName: second, Marker: third, MaxItems: second }));
      unlessRefused(() => readTagResource(first, body));
      unlessRefused(() => readUntagResource(`arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${UUID}`, [first, second]));
    }),
  );
});
