import { describe, expect, test } from 'vitest';
import type { MappingFields } from '../../../src/resource/index.ts';
import { applyUpdate, readUpdate, refuseInUse, stateOfCreate, stateOfUpdate } from '../../../src/resource/index.ts';
import { type AnySource, defined, UUID } from './requests.ts';

/** The fields of a mapping after an update. */
function updated(source: AnySource, before: Readonly<Record<string, unknown>>, body: Readonly<Record<string, unknown>>): MappingFields {
  return applyUpdate(defined(source, before), readUpdate(body)).fields;
}

const filter = { Filters: [{ Pattern: '{"body":["a"]}' }] };

describe('an update', () => {
  test('keeps what is left out', () => {
    const before = { BatchSize: 5, FilterCriteria: filter, ScalingConfig: { MaximumConcurrency: 3 } };
    expect(updated('sqs', before, { MaximumBatchingWindowInSeconds: 2 })).toEqual({
      ...defined('sqs', before).fields,
      MaximumBatchingWindowInSeconds: 2,
    });
  });

  test.each([
    ['sqs', { FilterCriteria: filter }, { FilterCriteria: {} }],
    ['sqs', { FilterCriteria: filter }, { FilterCriteria: { Filters: [] } }],
    ['sqs', { ScalingConfig: { MaximumConcurrency: 3 } }, { ScalingConfig: {} }],
    ['sqs', { ProvisionedPollerConfig: { MinimumPollers: 3 } }, { ProvisionedPollerConfig: {} }],
    ['sqs', { KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k' }, { KMSKeyArn: '' }],
    ['sqs', { FunctionResponseTypes: ['ReportBatchItemFailures'] }, { FunctionResponseTypes: [] }],
    [
      'kinesis',
      { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:f' } } },
      { DestinationConfig: { OnFailure: { Destination: '' } } },
    ],
  ] as const)('of %s clears %j by %j', (source, before, body) => {
    expect(defined(source, before).fields).not.toEqual(defined(source).fields);
    expect(updated(source, before, body)).toEqual(defined(source).fields);
  });

  test('clears the group of pollers alone', () => {
    const before = { ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 5, PollerGroupName: 'g' } };
    const after = { ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 5, PollerGroupName: '' } };
    expect(updated('msk', before, after).ProvisionedPollerConfig).toEqual({ MinimumPollers: 1, MaximumPollers: 5 });
    expect(updated('msk', before, { ProvisionedPollerConfig: { PollerGroupName: '' } }).ProvisionedPollerConfig).toEqual({
      MinimumPollers: 1,
      MaximumPollers: 5,
    });
    expect(updated('msk', before, { ProvisionedPollerConfig: { MaximumPollers: 9 } }).ProvisionedPollerConfig).toEqual({
      MinimumPollers: 1,
      MaximumPollers: 9,
      PollerGroupName: 'g',
    });
  });

  test.each([
    ['sqs', {}, { BatchSize: 11 }, 'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10'],
    [
      'sqs',
      { BatchSize: 100, MaximumBatchingWindowInSeconds: 1 },
      { MaximumBatchingWindowInSeconds: 0 },
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ],
    ['sqs-fifo', {}, { MaximumBatchingWindowInSeconds: 1 }, 'Batching window is not supported for FIFO queues'],
    ['sqs', {}, { ParallelizationFactor: 2 }, 'Unsupported ParallelizationFactor parameter for given event source mapping type.'],
    [
      'kinesis',
      {},
      { MaximumRecordAgeInSeconds: 59 },
      'MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)',
    ],
    ['kinesis', {}, { FilterCriteria: { Filters: [{ Pattern: 'no' }] } }, 'Invalid filter pattern definition.'],
    [
      'self-managed-kafka',
      {},
      { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'other' } },
      'ConsumerGroupId of an event source mapping cannot be changed.',
    ],
    [
      'self-managed-kafka',
      {},
      { SourceAccessConfigurations: [{ Type: 'VIRTUAL_HOST', URI: '/' }] },
      'Unsupported SourceAccessConfigurations parameter for given event source mapping type.',
    ],
  ] as const)('of %s with %j by %j is refused: %s', (source, before, body, message) => {
    expect(() => updated(source, before, body)).toThrow(message);
  });

  test('leaves nothing of a schema registry that is cleared', () => {
    const config = { SelfManagedKafkaEventSourceConfig: { SchemaRegistryConfig: {} } };
    expect(updated('self-managed-kafka', {}, config)).toEqual(defined('self-managed-kafka').fields);
  });

  test('ignores what cannot change, as AWS does, and keeps the consumer group', () => {
    const before = defined('self-managed-kafka', { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'mine' } });
    const body = { StartingPosition: 'LATEST', Topics: ['other'], SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Stream' } };
    const { fields } = applyUpdate(before, readUpdate(body));
    expect(fields).toEqual({ ...before.fields, SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'mine', ConsumptionMode: 'Stream' } });
    expect(defined('self-managed-kafka').fields.SelfManagedKafkaEventSourceConfig).toEqual({ ConsumerGroupId: UUID });
  });

  test('that says what is so already changes nothing', () => {
    expect(applyUpdate(defined('sqs'), readUpdate({ BatchSize: 10 })).isChanged).toBe(false);
    expect(applyUpdate(defined('sqs'), readUpdate({ BatchSize: 9 })).isChanged).toBe(true);
  });
});

describe('states', () => {
  test('of an answer to a creation and to a change are those of AWS', () => {
    expect([stateOfCreate(true), stateOfCreate(false)]).toEqual(['Creating', 'Disabled']);
    const enabled = defined('sqs');
    const disabled = defined('sqs', { Enabled: false });
    expect([stateOfUpdate(enabled, true), stateOfUpdate(enabled, false)]).toEqual(['Updating', 'Disabling']);
    expect([stateOfUpdate(disabled, true), stateOfUpdate(disabled, false)]).toEqual(['Enabling', 'Updating']);
  });

  test('what is being deleted is in use', () => {
    expect(() => {
      refuseInUse('update', { isDeleting: true });
    }).toThrow('Cannot update the event source mapping because it is in use.');
    expect(() => {
      refuseInUse('delete', { isDeleting: false });
    }).not.toThrow();
  });
});
