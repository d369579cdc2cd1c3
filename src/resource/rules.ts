import { ConfigError } from '../contract/index.ts';
import { resolveFilter } from '../mapping/index.ts';
import type { MappingFields, SourceKind } from './definition.ts';
import { checkKafka } from './kafka-rules.ts';
import { ResourceRefusal, refuseValue } from './refusal.ts';
import { isKafka, isQueue, isStream } from './source-kind.ts';

/** The most records of a batch without a window, and of a FIFO queue. */
const SMALL_BATCH_MAX = 10;
const RECORD_AGE_SECONDS_MIN = 60;
/** AWS's quota; it grants 10 on request. */
const FILTERS_MAX = 5;

/** A mapping as it would be after the request, before its defaults are filled in. */
export type Wanted = Partial<MappingFields>;

/** Refuses what does not go together, in AWS's words where they are known (spec a.6). `now`: wall clock, epoch ms. */
export function checkTogether(kind: SourceKind, wanted: Wanted, now: number): void {
  if (isKafka(kind)) checkKafka(kind, wanted);
  checkStart(kind, wanted, now);
  checkBatch(kind, wanted);
  checkWindows(wanted);
  checkPollers(kind, wanted);
  checkMetrics(kind, wanted);
  checkFilters(kind, wanted);
}

/** Where reading begins: at creation only. */
function checkStart(
  kind: SourceKind,
  { StartingPosition: start, StartingPositionTimestamp: timestamp, EventSourceArn: arn = '' }: Wanted,
  now: number,
): void {
  if (isQueue(kind)) return;
  if (isStream(kind) && start === undefined) {
    refuseValue("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.");
  }
  if (kind === 'dynamodb' && start === 'AT_TIMESTAMP') refuseValue(`Unsupported starting position for arn type: ${arn}`);
  if (start === 'AT_TIMESTAMP' && timestamp === undefined)
    refuseValue('StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP.');
  if (start !== 'AT_TIMESTAMP' && timestamp !== undefined)
    refuseValue('StartingPositionTimestamp is only valid when StartingPosition is AT_TIMESTAMP.');
  if (timestamp !== undefined && (timestamp < 0 || timestamp * 1000 > now))
    refuseValue('StartingPositionTimestamp must not be in the future.');
}

function checkBatch(kind: SourceKind, { BatchSize: size = 1, MaximumBatchingWindowInSeconds: window = 0 }: Wanted): void {
  if (kind === 'sqs-fifo') {
    if (window > 0) refuseValue('Batching window is not supported for FIFO queues');
    if (size > SMALL_BATCH_MAX) {
      const constraint = `Member must have value less than or equal to ${String(SMALL_BATCH_MAX)}`;
      refuseValue(`1 validation error detected: Value '${String(size)}' at 'batchSize' failed to satisfy constraint: ${constraint}`);
    }
  }
  if (kind === 'sqs' && size > SMALL_BATCH_MAX && window === 0) {
    refuseValue('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10');
  }
}

function checkWindows({
  TumblingWindowInSeconds: tumbling = 0,
  ParallelizationFactor: factor = 1,
  MaximumRecordAgeInSeconds: age = -1,
}: Wanted): void {
  if (age !== -1 && age < RECORD_AGE_SECONDS_MIN) {
    refuseValue('MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)');
  }
  if (tumbling > 0 && factor > 1) {
    refuseValue(
      'Tumbling windows need ParallelizationFactor 1: the state of a window is handed from one invocation of a shard to the next.',
    );
  }
}

/** Ranges of the pollers by source; the model's are wider. */
const POLLERS = { queue: { min: [2, 200], max: [2, 10_000] }, kafka: { min: [1, 200], max: [1, 2000] } } as const;

function checkPollers(kind: SourceKind, { ProvisionedPollerConfig: pollers, ScalingConfig: scaling }: Wanted): void {
  if (pollers === undefined || Object.keys(pollers).length === 0) return;
  const { MinimumPollers: least, MaximumPollers: most, PollerGroupName: group = '' } = pollers;
  const ranges = isQueue(kind) ? POLLERS.queue : POLLERS.kafka;
  checkRange(least, ranges.min, 'provisionedPollerConfig.minimumPollers');
  checkRange(most, ranges.max, 'provisionedPollerConfig.maximumPollers');
  if (least !== undefined && most !== undefined && least > most)
    refuseValue('MinimumPollers must be less than or equal to MaximumPollers.');
  if (isQueue(kind) && group !== '') refuseValue('Unsupported PollerGroupName parameter for given event source mapping type.');
  if (scaling?.MaximumConcurrency !== undefined)
    refuseValue('ScalingConfig.MaximumConcurrency and ProvisionedPollerConfig cannot be used together.');
}

function checkRange(value: number | undefined, [least, most]: readonly [number, number], at: string): void {
  if (value === undefined || (value >= least && value <= most)) return;
  const constraint = value < least ? `greater than or equal to ${String(least)}` : `less than or equal to ${String(most)}`;
  const message = `1 validation error detected: Value '${String(value)}' at '${at}' failed to satisfy constraint: Member must have value ${constraint}`;
  throw new ResourceRefusal('ValidationException', message);
}

function checkMetrics(kind: SourceKind, { MetricsConfig: metrics }: Wanted): void {
  const foreign = isKafka(kind) ? [] : (metrics?.Metrics ?? []).filter((name) => name !== 'EventCount');
  if (foreign.length > 0)
    refuseValue('Unsupported MetricsConfig parameter for given event source mapping type.', `${foreign.join(', ')} is for Kafka only`);
}

const FILTER_KINDS = {
  sqs: 'sqs',
  'sqs-fifo': 'sqs',
  kinesis: 'kinesis',
  dynamodb: 'dynamodb',
  msk: 'kafka',
  'self-managed-kafka': 'kafka',
} as const;

function checkFilters(kind: SourceKind, { FilterCriteria: criteria }: Wanted): void {
  const filters = criteria?.Filters ?? [];
  if (filters.length > FILTERS_MAX) {
    refuseValue(`Too many filters: FilterCriteria.Filters has ${String(filters.length)}, and at most ${String(FILTERS_MAX)} are allowed.`);
  }
  try {
    resolveFilter({ filters: filters.map(({ Pattern: pattern }) => ({ pattern })) }, FILTER_KINDS[kind], {});
  } catch (error) {
    if (error instanceof ConfigError) refuseValue('Invalid filter pattern definition.', error.message);
    throw error;
  }
}
