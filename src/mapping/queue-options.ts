import * as z from 'zod';
import { ConfigError, type FilterSourceKind, QUEUE_VISIBILITY_SECONDS_MAX, type QueueMappingOptions } from '../contract/index.ts';
import { type Checked, check } from './check.ts';
import { FUNCTION_RESPONSE_TYPES, LOG_LEVEL, refuseForeign, whole } from './fields.ts';
import { FILTER_CRITERIA, resolveFilter } from './filters.ts';

/** The fields of a queue mapping, AWS's names in camelCase (spec a.3), then Millrace's extensions. */
export const QUEUE_FIELDS = z.strictObject({
  batchSize: whole(1, 10_000, 'records; default 10; FIFO queues at most 10'),
  maximumBatchingWindowInSeconds: whole(0, 300, 'seconds; default 0'),
  functionResponseTypes: FUNCTION_RESPONSE_TYPES,
  filterCriteria: FILTER_CRITERIA,
  scalingConfig: z
    .strictObject({ maximumConcurrency: whole(2, 1000, 'batches in flight; leave it out for no limit') })
    .optional()
    .describe('an object with MaximumConcurrency, such as { MaximumConcurrency: 10 }'),
  enabled: z.boolean().optional().describe('true or false (default true)'),
  heartbeat: z.boolean().optional().describe('true or false (default true)'),
  groupQuarantine: z.boolean().optional().describe('true or false (default false)'),
  retryBackoff: z
    .strictObject({
      baseSeconds: z.number().int().min(0).max(QUEUE_VISIBILITY_SECONDS_MAX).describe('a whole number of seconds from 0 to 43200'),
      maxSeconds: z.number().int().min(0).max(QUEUE_VISIBILITY_SECONDS_MAX).describe('a whole number of seconds from 0 to 43200'),
    })
    .optional()
    .describe('an object with baseSeconds and maxSeconds'),
  abandonAfterSeconds: whole(0, 43_200, 'seconds after the time-out; leave it out for never'),
  logLevel: LOG_LEVEL,
});

/** What a user may say of a queue mapping. */
export type QueueFields = z.input<typeof QUEUE_FIELDS>;

/** AWS's fields that belong to other sources. */
const OTHER_SOURCES = [
  'startingPosition',
  'startingPositionTimestamp',
  'parallelizationFactor',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'maximumRetryAttempts',
  'tumblingWindowInSeconds',
  'destinationConfig',
  'topics',
  'queues',
  'sourceAccessConfigurations',
  'selfManagedEventSource',
  'amazonManagedKafkaEventSourceConfig',
  'selfManagedKafkaEventSourceConfig',
  'documentDBEventSourceConfig',
  'loggingConfig',
];

/** AWS's fields for queues that Millrace does not have. */
const NOT_YET = ['provisionedPollerConfig', 'metricsConfig', 'KMSKeyArn', 'kmsKeyArn', 'loggingConfig', 'tags'];

/** A queue as far as its options depend on it. */
export interface QueueRules {
  readonly fifo: boolean;
  /** `undefined`: it does not show its messages to filters. */
  readonly filterKind: FilterSourceKind | undefined;
}

/** A library's default BatchSize for queues (spec a.3). */
const BATCH_SIZE_DEFAULT = 10;
/** The most a FIFO queue's batch takes, and the most without a window (spec a.3). */
const BATCH_SIZE_WITHOUT_WINDOW_MAX = 10;

/**
 * Checks the fields of a queue mapping, cross-field rules included, and fills in every default. Throws a ConfigError
 * with AWS's own text where AWS has one (spec a.6).
 */
export function resolveQueueOptions(input: object, { fifo, filterKind }: QueueRules, checked: Checked = {}): QueueMappingOptions {
  refuseForeign(input, OTHER_SOURCES, NOT_YET, checked);
  const fields = check(QUEUE_FIELDS, input, checked);
  const options: QueueMappingOptions = {
    batchSize: fields.batchSize ?? BATCH_SIZE_DEFAULT,
    maximumBatchingWindowInSeconds: fields.maximumBatchingWindowInSeconds ?? 0,
    functionResponseTypes: fields.functionResponseTypes ?? [],
    filter: resolveFilter(fields.filterCriteria, filterKind, checked),
    maximumConcurrency: fields.scalingConfig?.maximumConcurrency,
    enabled: fields.enabled ?? true,
    heartbeat: fields.heartbeat ?? true,
    groupQuarantine: fields.groupQuarantine ?? false,
    retryBackoff: fields.retryBackoff,
    abandonAfterSeconds: fields.abandonAfterSeconds,
  };
  const problems = crossFieldProblems(options, fifo);
  if (problems.length === 0) return options;
  const { at = '', spell = (name: string) => name } = checked;
  throw new ConfigError(problems.map(([field, message]) => ({ field: at === '' ? spell(field) : `${at}.${spell(field)}`, message })));
}

function crossFieldProblems(options: QueueMappingOptions, fifo: boolean): [string, string][] {
  const { batchSize, maximumBatchingWindowInSeconds: window, retryBackoff } = options;
  const problems: [string, string][] = [];
  if (fifo && window > 0) problems.push(['maximumBatchingWindowInSeconds', 'Batching window is not supported for FIFO queues']);
  if (fifo && batchSize > BATCH_SIZE_WITHOUT_WINDOW_MAX) {
    problems.push(['batchSize', `is ${String(batchSize)}, but a batch of a FIFO queue takes at most 10 records; set 1 to 10`]);
  }
  if (!fifo && batchSize > BATCH_SIZE_WITHOUT_WINDOW_MAX && window === 0) {
    problems.push(['batchSize', 'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10']);
  }
  if (!fifo && options.groupQuarantine) problems.push(['groupQuarantine', 'is for FIFO queues only; leave it out']);
  if (retryBackoff !== undefined && retryBackoff.maxSeconds < retryBackoff.baseSeconds) {
    problems.push(['retryBackoff', 'has a maxSeconds below its baseSeconds; set maxSeconds to at least baseSeconds']);
  }
  return problems;
}
