import type { MappingFields, SourceKind } from './definition.ts';
import type { Wanted } from './rules.ts';
import { isKafka, isQueue } from './source-kind.ts';

const BATCH_SIZE = { queue: 10, others: 100 };

/** Pollers of provisioned mode. */
const POLLERS = { queue: { least: 2, most: 200 }, kafka: { least: 1, most: 200 } };

/**
 * The fields as an answer shows them (spec a.4): every source shows its own defaults, and no others. `uuid` is the consumer group
 * of Kafka unless another is asked for.
 */
export function withDefaults(kind: SourceKind, wanted: Wanted, uuid: string): MappingFields {
  const BatchSize = wanted.BatchSize ?? (isQueue(kind) ? BATCH_SIZE.queue : BATCH_SIZE.others);
  const pollers = withPollers(kind, wanted);
  if (isKafka(kind))
    return {
      ...wanted,
      ...pollers,
      BatchSize,
      StartingPosition: wanted.StartingPosition ?? 'TRIM_HORIZON',
      ...withGroup(kind, wanted, uuid),
    };
  const common = {
    ...wanted,
    ...pollers,
    BatchSize,
    MaximumBatchingWindowInSeconds: wanted.MaximumBatchingWindowInSeconds ?? 0,
    FunctionResponseTypes: wanted.FunctionResponseTypes ?? [],
  };
  if (isQueue(kind)) return common;
  return {
    ...common,
    BisectBatchOnFunctionError: wanted.BisectBatchOnFunctionError ?? false,
    DestinationConfig: wanted.DestinationConfig ?? { OnFailure: {} },
    MaximumRecordAgeInSeconds: wanted.MaximumRecordAgeInSeconds ?? -1,
    MaximumRetryAttempts: wanted.MaximumRetryAttempts ?? -1,
    ParallelizationFactor: wanted.ParallelizationFactor ?? 1,
    TumblingWindowInSeconds: wanted.TumblingWindowInSeconds ?? 0,
  };
}

function withPollers(kind: SourceKind, { ProvisionedPollerConfig: pollers }: Wanted): Pick<MappingFields, 'ProvisionedPollerConfig'> {
  if (pollers === undefined) return {};
  const { least, most } = isQueue(kind) ? POLLERS.queue : POLLERS.kafka;
  const { MinimumPollers = Math.min(least, pollers.MaximumPollers ?? least), MaximumPollers = Math.max(most, MinimumPollers) } = pollers;
  return { ProvisionedPollerConfig: { ...pollers, MinimumPollers, MaximumPollers } };
}

function withGroup(kind: SourceKind, wanted: Wanted, uuid: string): Partial<MappingFields> {
  const field = kind === 'msk' ? 'AmazonManagedKafkaEventSourceConfig' : 'SelfManagedKafkaEventSourceConfig';
  const config = wanted[field] ?? {};
  return { [field]: { ...config, ConsumerGroupId: config.ConsumerGroupId ?? uuid } };
}
