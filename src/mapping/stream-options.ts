import * as z from 'zod';
import { ConfigError, type FilterSourceKind, type StartingPosition, type StreamMappingOptions } from '../contract/index.ts';
import { type Checked, check } from './check.ts';
import { FUNCTION_RESPONSE_TYPES, LOG_LEVEL, refuseForeign, whole } from './fields.ts';
import { FILTER_CRITERIA, resolveFilter } from './filters.ts';

/** MaximumRecordAgeInSeconds is -1 or in this range (spec a.6). */
const RECORD_AGE_SECONDS_MIN = 60;

/** The fields of a stream mapping, AWS's names in camelCase (spec a.3), then Millrace's extensions. */
export const STREAM_FIELDS = z.strictObject({
  batchSize: whole(1, 10_000, 'records; default 100'),
  maximumBatchingWindowInSeconds: whole(0, 300, 'seconds; default 0'),
  parallelizationFactor: whole(1, 10, 'batches at once per shard; default 1'),
  startingPosition: z.enum(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP']).optional().describe('TRIM_HORIZON, LATEST or AT_TIMESTAMP'),
  startingPositionTimestamp: z.number().min(0).optional().describe('an instant in epoch seconds, with StartingPosition AT_TIMESTAMP'),
  tumblingWindowInSeconds: whole(0, 900, 'seconds; default 0, no windows'),
  maximumRecordAgeInSeconds: whole(-1, 604_800, '-1 for no limit, or 60 to 604800 seconds; default -1'),
  maximumRetryAttempts: whole(-1, 10_000, '-1 for no limit; default -1'),
  bisectBatchOnFunctionError: z.boolean().optional().describe('true or false (default false)'),
  functionResponseTypes: FUNCTION_RESPONSE_TYPES,
  filterCriteria: FILTER_CRITERIA,
  enabled: z.boolean().optional().describe('true or false (default true)'),
  onDestinationFailure: z.enum(['hold', 'drop']).optional().describe('hold (default) or drop'),
  onTrimmed: z.enum(['stop', 'resumeAtTrimHorizon']).optional().describe('stop (default) or resumeAtTrimHorizon'),
  checkpointIntervalMs: whole(0, 60_000, 'milliseconds; default 20'),
  abandonAfterSeconds: whole(0, 43_200, 'seconds after the time-out; leave it out for never'),
  logLevel: LOG_LEVEL,
});

/** What a user may say of a stream mapping. */
export type StreamFields = z.input<typeof STREAM_FIELDS>;

/** AWS's fields that belong to other sources. */
const OTHER_SOURCES = [
  'scalingConfig',
  'topics',
  'queues',
  'sourceAccessConfigurations',
  'selfManagedEventSource',
  'amazonManagedKafkaEventSourceConfig',
  'selfManagedKafkaEventSourceConfig',
  'documentDBEventSourceConfig',
  'loggingConfig',
  'provisionedPollerConfig',
];

/** AWS's fields for streams that Millrace does not have. */
const NOT_YET = ['metricsConfig', 'KMSKeyArn', 'kmsKeyArn', 'loggingConfig', 'tags'];

/** AWS publishes no text for this; it refuses the pair (spec d.3). */
const WINDOW_NEEDS_ONE_LANE =
  'Tumbling windows need ParallelizationFactor 1: the state of a window is handed from one invocation of a shard to the next.';

/** A stream as far as its options depend on it. */
export interface StreamRules {
  readonly label: string;
  readonly startingPositions: readonly StartingPosition[];
  /** `undefined`: it does not show its records to filters. */
  readonly filterKind: FilterSourceKind | undefined;
  /** Wall clock, epoch ms. */
  readonly now: number;
}

/**
 * Checks the fields of a stream mapping, cross-field rules included, and fills in every default. Throws a ConfigError
 * with AWS's own text where AWS has one (spec a.6).
 */
export function resolveStreamOptions(input: object, rules: StreamRules, checked: Checked = {}): StreamMappingOptions {
  refuseForeign(input, OTHER_SOURCES, NOT_YET, checked);
  const fields = check(STREAM_FIELDS, input, checked);
  const problems = crossFieldProblems(fields, rules);
  if (problems.length > 0 || fields.startingPosition === undefined) {
    const { at = '', spell = (name: string) => name } = checked;
    throw new ConfigError(problems.map(([field, message]) => ({ field: at === '' ? spell(field) : `${at}.${spell(field)}`, message })));
  }
  return {
    batchSize: fields.batchSize ?? 100,
    maximumBatchingWindowInSeconds: fields.maximumBatchingWindowInSeconds ?? 0,
    parallelizationFactor: fields.parallelizationFactor ?? 1,
    startingPosition: fields.startingPosition,
    startingPositionTimestamp: fields.startingPositionTimestamp,
    tumblingWindowInSeconds: fields.tumblingWindowInSeconds ?? 0,
    maximumRecordAgeInSeconds: fields.maximumRecordAgeInSeconds ?? -1,
    maximumRetryAttempts: fields.maximumRetryAttempts ?? -1,
    bisectBatchOnFunctionError: fields.bisectBatchOnFunctionError ?? false,
    functionResponseTypes: fields.functionResponseTypes ?? [],
    filter: resolveFilter(fields.filterCriteria, rules.filterKind, checked),
    enabled: fields.enabled ?? true,
    onDestinationFailure: fields.onDestinationFailure ?? 'hold',
    onTrimmed: fields.onTrimmed ?? 'stop',
    checkpointIntervalMs: fields.checkpointIntervalMs ?? 20,
    abandonAfterSeconds: fields.abandonAfterSeconds,
  };
}

function crossFieldProblems(fields: StreamFields, rules: StreamRules): [string, string][] {
  const problems = [...startProblems(fields, rules), ...retryProblems(fields)];
  if ((fields.tumblingWindowInSeconds ?? 0) > 0 && (fields.parallelizationFactor ?? 1) > 1) {
    problems.push(['tumblingWindowInSeconds', WINDOW_NEEDS_ONE_LANE]);
  }
  return problems;
}

/** What is wrong with where a mapping begins: field and message. */
export function startProblems(
  { startingPosition, startingPositionTimestamp: timestamp }: Pick<StreamFields, 'startingPosition' | 'startingPositionTimestamp'>,
  rules: Pick<StreamRules, 'label' | 'startingPositions' | 'now'>,
): [string, string][] {
  const problems: [string, string][] = [];
  if (startingPosition === undefined) {
    problems.push([
      'startingPosition',
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    ]);
  } else if (!rules.startingPositions.includes(startingPosition)) {
    problems.push(['startingPosition', `Unsupported starting position for arn type: ${rules.label}`]);
  }
  if (startingPosition === 'AT_TIMESTAMP' && timestamp === undefined) {
    problems.push(['startingPositionTimestamp', 'is missing; with AT_TIMESTAMP set the instant in epoch seconds']);
  }
  if (startingPosition !== 'AT_TIMESTAMP' && timestamp !== undefined) {
    problems.push(['startingPositionTimestamp', 'is for AT_TIMESTAMP only; leave it out or set StartingPosition to AT_TIMESTAMP']);
  }
  if (timestamp !== undefined && timestamp * 1000 > rules.now) {
    problems.push(['startingPositionTimestamp', 'is in the future; set an instant that has passed']);
  }
  return problems;
}

/** What is wrong with the limits of a mapping's retries: field and message. */
export function retryProblems({
  maximumRecordAgeInSeconds: age = -1,
}: Pick<StreamFields, 'maximumRecordAgeInSeconds'>): [string, string][] {
  if (age === -1 || age >= RECORD_AGE_SECONDS_MIN) return [];
  return [['maximumRecordAgeInSeconds', 'MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)']];
}
