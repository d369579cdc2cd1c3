import * as z from 'zod';
import { ConfigError, type FilterSourceKind, type StartingPosition, type TopicMappingOptions } from '../contract/index.ts';
import { type Checked, check } from './check.ts';
import { LOGGING_CONFIG, refuseForeign, whole } from './fields.ts';
import { resolveFilter } from './filters.ts';
import { retryProblems, STREAM_FIELDS, startProblems } from './stream-options.ts';

/** AWS's default: 500 ms, which cannot be asked for by its field of whole seconds (spec b.6, c). */
const BATCHING_WINDOW_SECONDS_DEFAULT = 0.5;
/** With an on-failure destination, retries without end are capped (spec f.2). */
const RETRY_ATTEMPTS_WITH_DESTINATION = 10;
/** The most lanes of a partition: an extension; AWS has one. */
const TOPIC_LANES_MAX = 100;
/** A function of a Kafka mapping may run so long, s (spec c). */
export const TOPIC_TIMEOUT_SECONDS_MAX = 840;

const { parallelizationFactor: _pf, tumblingWindowInSeconds: _window, checkpointIntervalMs: _interval, ...shared } = STREAM_FIELDS.shape;

/** The fields of a topic mapping, AWS's names in camelCase (spec a.3), then Millrace's extensions. */
export const TOPIC_FIELDS = z.strictObject({
  ...shared,
  maximumBatchingWindowInSeconds: whole(0, 300, 'seconds; default half a second'),
  startingPosition: z
    .enum(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'])
    .optional()
    .describe('TRIM_HORIZON (default), LATEST or AT_TIMESTAMP'),
  maximumRetryAttempts: whole(-1, 10_000, '-1 for no limit, which is 10 with an on-failure destination; default -1'),
  consumerGroupId: z
    .string()
    .regex(/^[a-zA-Z0-9\-/*:_+=.@ ]{1,200}$/)
    .optional()
    .describe('1 to 200 letters, digits, spaces and - / * : _ + = . @ (default: the name of the mapping, or its UUID)'),
  parallelizationFactor: whole(1, TOPIC_LANES_MAX, 'batches at once per partition, by record key; default 1'),
  checkpointIntervalMs: whole(0, 60_000, 'milliseconds; default 100'),
  loggingConfig: LOGGING_CONFIG,
});

/** What a user may say of a topic mapping. */
export type TopicFields = z.input<typeof TOPIC_FIELDS>;

/** AWS's fields that belong to other sources. */
const OTHER_SOURCES = ['scalingConfig', 'queues', 'documentDBEventSourceConfig', 'tumblingWindowInSeconds'];

/** AWS's fields for topics that Millrace does not have. */
const NOT_YET = ['metricsConfig', 'KMSKeyArn', 'kmsKeyArn', 'tags', 'provisionedPollerConfig'];

/** A topic as far as its options depend on it. */
export interface TopicRules {
  readonly label: string;
  readonly startingPositions: readonly StartingPosition[];
  /** `undefined`: it does not show its records to filters. */
  readonly filterKind: FilterSourceKind | undefined;
  readonly hasDestination: boolean;
  /** Wall clock, epoch ms. */
  readonly now: number;
}

/**
 * Checks the fields of a topic mapping, cross-field rules included, and fills in every default. Retry fields need no
 * ProvisionedPollerConfig (an extension). Throws a ConfigError with AWS's own text where AWS has one (spec a.6).
 */
export function resolveTopicOptions(input: object, rules: TopicRules, checked: Checked = {}): TopicMappingOptions {
  refuseForeign(input, OTHER_SOURCES, NOT_YET, checked);
  const given = check(TOPIC_FIELDS, input, checked);
  const fields = { ...given, startingPosition: given.startingPosition ?? 'TRIM_HORIZON' };
  const problems = [...startProblems(fields, rules), ...retryProblems(fields)];
  if (problems.length > 0) {
    const { at = '', spell = (name: string) => name } = checked;
    throw new ConfigError(problems.map(([field, message]) => ({ field: at === '' ? spell(field) : `${at}.${spell(field)}`, message })));
  }
  const attempts = fields.maximumRetryAttempts ?? -1;
  return {
    batchSize: fields.batchSize ?? 100,
    maximumBatchingWindowInSeconds: fields.maximumBatchingWindowInSeconds ?? BATCHING_WINDOW_SECONDS_DEFAULT,
    parallelizationFactor: fields.parallelizationFactor ?? 1,
    startingPosition: fields.startingPosition,
    startingPositionTimestamp: fields.startingPositionTimestamp,
    tumblingWindowInSeconds: 0,
    maximumRecordAgeInSeconds: fields.maximumRecordAgeInSeconds ?? -1,
    maximumRetryAttempts: attempts < 0 && rules.hasDestination ? RETRY_ATTEMPTS_WITH_DESTINATION : attempts,
    bisectBatchOnFunctionError: fields.bisectBatchOnFunctionError ?? false,
    functionResponseTypes: fields.functionResponseTypes ?? [],
    filter: resolveFilter(fields.filterCriteria, rules.filterKind, checked),
    enabled: fields.enabled ?? true,
    onDestinationFailure: fields.onDestinationFailure ?? 'hold',
    onTrimmed: fields.onTrimmed ?? 'stop',
    checkpointIntervalMs: fields.checkpointIntervalMs ?? 100,
    abandonAfterSeconds: fields.abandonAfterSeconds,
    consumerGroupId: fields.consumerGroupId,
  };
}
