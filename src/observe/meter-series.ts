import type { Counter, Gauge, Histogram, Meter, MeterLabels } from '../contract/index.ts';

/** What identifies a mapping in metrics. */
export interface MeteredMapping {
  readonly id: string;
  readonly name: string;
  readonly functionName: string;
  /** Decides which series it has beside those that all have. */
  readonly kind: 'queue' | 'stream' | 'topic';
}

/** What only queues have. */
interface QueueSeries {
  readonly deleted: Counter;
  readonly duplicates: Counter;
  readonly returned: Counter;
  readonly settleFailures: Counter;
  readonly oversized: Counter;
}

/** What streams and topics have. */
interface StreamSeries {
  readonly dropped: Counter;
  readonly delivered: Counter;
  readonly deliveryFailures: Counter;
  readonly bisects: Counter;
  readonly iteratorAgeMs: Histogram;
}

/** What only topics have. */
interface TopicSeries {
  readonly committed: Counter;
  readonly commitErrors: Counter;
  readonly deliveryErrors: Counter;
  readonly offsetLag: Gauge;
  readonly maxOffsetLag: Gauge;
  readonly sumOffsetLag: Gauge;
}

/** How things are; set at every look. */
interface StateSeries {
  readonly inFlight: Gauge;
  readonly running: Gauge;
  readonly findings: Gauge;
  /** Streams and topics. */
  readonly lag: LagSeries | undefined;
}

/** How much is left, of a mapping or of one shard. */
export interface LagSeries {
  readonly records: Gauge;
  readonly seconds: Gauge;
  readonly secondsToLoss: Gauge;
}

/** The series of one mapping. */
export interface Series {
  readonly polled: Counter;
  readonly filtered: Counter;
  readonly invoked: Counter;
  readonly failed: Counter;
  readonly invocations: Counter;
  readonly errors: Counter;
  readonly throttles: Counter;
  readonly retries: Counter;
  readonly invokeErrors: Counter;
  readonly pollingErrors: Counter;
  readonly defects: Counter;
  readonly overruns: Counter;
  readonly durationSeconds: Histogram;
  readonly batchRecords: Histogram;
  readonly batchAgeSeconds: Histogram;
  readonly state: StateSeries;
  readonly queue: QueueSeries | undefined;
  readonly stream: StreamSeries | undefined;
  readonly topic: TopicSeries | undefined;
}

/** The concurrency of one function. */
export interface CreditSeries {
  readonly inUse: Gauge;
  readonly waiting: Gauge;
  readonly limit: Gauge;
}

/** The series of one function that has a circuit breaker. */
export interface FunctionSeries {
  readonly state: Gauge;
  readonly openings: Counter;
}

const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3, 10, 60, 300, 900];
/** 10 ms to the longest that SQS keeps a message, s. */
const BATCH_AGE_BUCKETS = [0.01, 0.1, 0.5, 1, 5, 30, 60, 300, 900, 3600, 21_600, 86_400, 345_600, 1_209_600];
const RECORDS_BUCKETS = [1, 2, 5, 10, 50, 100, 500, 1000, 10_000];
/** 100 ms to the longest retention of DynamoDB Streams (1 day) and the default one's sevenfold, ms. */
const AGE_BUCKETS = [100, 500, 1000, 5000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000];

/** So many shards of a mapping have series of their own; those beyond share one, in which their lags are summed. */
export const SHARD_SERIES_MAX = 64;
/** The label of what is beyond {@link SHARD_SERIES_MAX}. */
export const OTHER_SHARDS = 'other';

/** What the series of a mapping carry. */
export function labelsOf({ id, name, functionName }: Omit<MeteredMapping, 'kind'>): MeterLabels {
  return { EventSourceMappingUUID: id, Mapping: name, FunctionName: functionName };
}

/** Opens all series of a mapping. */
export function openSeries(meter: Meter, mapping: MeteredMapping): Series {
  const { kind } = mapping;
  const labels = labelsOf(mapping);
  const counter = (metric: string, help: string): Counter => meter.counter(metric, help, labels);
  return {
    polled: counter('PolledEventCount', 'Records read from the source'),
    filtered: counter('FilteredOutEventCount', 'Records that no filter wanted'),
    invoked: counter('InvokedEventCount', 'Records sent to the function'),
    failed: counter('FailedInvokeEventCount', 'Records the function failed on or reported as failed'),
    invocations: counter('Invocations', 'Invocations of the function'),
    errors: counter('Errors', 'Invocations that ended in a function error or a time-out'),
    throttles: counter('Throttles', 'Invocations that were throttled'),
    retries: counter('millrace_retries', 'Invocations that repeat what failed or was throttled'),
    invokeErrors: counter('InvokeErrorCount', 'Batches that the function failed on, in whole or in part, or that did not reach it'),
    pollingErrors: counter('PollingErrorCount', 'Times that the source refused, or was not reached'),
    defects: counter('millrace_defects', 'Defects of the engine'),
    overruns: counter('millrace_handler_overruns', 'Handlers that still ran after their time-out'),
    durationSeconds: meter.histogram('millrace_invoke_seconds', 'Duration of invocations', labels, DURATION_BUCKETS),
    batchRecords: meter.histogram('millrace_batch_records', 'Records per batch', labels, RECORDS_BUCKETS),
    batchAgeSeconds: meter.histogram(
      'millrace_batch_age_seconds',
      'Age of the first record of a batch when it is invoked',
      labels,
      BATCH_AGE_BUCKETS,
    ),
    state: stateSeries(meter, labels, kind),
    queue: kind === 'queue' ? queueSeries(counter) : undefined,
    stream: kind === 'queue' ? undefined : streamSeries(counter, meter, labels),
    topic: kind === 'topic' ? topicSeries(counter, meter, labels) : undefined,
  };
}

/** Opens all series of a function that has a circuit breaker. */
export function openFunctionSeries(meter: Meter, functionName: string): FunctionSeries {
  const labels: MeterLabels = { FunctionName: functionName };
  const state = meter.gauge('millrace_breaker_state', 'Circuit breaker of a function: 0 closed, 1 half-open, 2 open', labels);
  state.set(0);
  return { state, openings: meter.counter('millrace_breaker_openings', 'Times that the circuit breaker of a function opened', labels) };
}

/** Opens the series of a function's concurrency. */
export function openCreditSeries(meter: Meter, functionName: string): CreditSeries {
  const labels: MeterLabels = { FunctionName: functionName };
  return {
    inUse: meter.gauge('millrace_credits_in_use', 'Invocations of a function that run, or that a receive is open for', labels),
    waiting: meter.gauge('millrace_credits_waiting', 'Parts of mappings that wait for one more invocation of a function', labels),
    limit: meter.gauge('millrace_credits_limit', 'Invocations of a function that may run at once; 0: no limit', labels),
  };
}

/** Opens the series of one shard, or of those beyond the limit. */
export function openShardSeries(meter: Meter, mapping: Omit<MeteredMapping, 'kind'>, shard: string): LagSeries {
  const labels = { ...labelsOf(mapping), Shard: shard };
  return {
    records: meter.gauge('millrace_shard_lag_records', 'Records of a shard that are known to wait or to be in flight', labels),
    seconds: meter.gauge('millrace_shard_lag_seconds', 'Age of the oldest record of a shard that is not done', labels),
    secondsToLoss: meter.gauge('millrace_shard_seconds_to_loss', LOSS_HELP, labels),
  };
}

const LOSS_HELP = 'Until records are trimmed unread, if it goes on as it does now; 31536000: never';

function stateSeries(meter: Meter, labels: MeterLabels, kind: MeteredMapping['kind']): StateSeries {
  return {
    inFlight: meter.gauge('millrace_in_flight_records', 'Records received or read, and not settled', labels),
    running: meter.gauge('ConcurrentExecutions', 'Invocations that run', labels),
    findings: meter.gauge('millrace_watchdog_findings', 'What the watchdog finds: what should move and does not', labels),
    lag:
      kind === 'queue'
        ? undefined
        : {
            records: meter.gauge('millrace_lag_records', 'Records that are known to wait or to be in flight', labels),
            seconds: meter.gauge('millrace_lag_seconds', 'Age of the oldest record that is not done, of all shards', labels),
            secondsToLoss: meter.gauge('millrace_seconds_to_loss', LOSS_HELP, labels),
          },
  };
}

function topicSeries(counter: (metric: string, help: string) => Counter, meter: Meter, labels: MeterLabels): TopicSeries {
  return {
    committed: counter('CommittedEventCount', 'Records whose offsets were committed'),
    commitErrors: counter('CommitErrorCount', 'Commits of offsets that failed'),
    deliveryErrors: counter('OnFailureDestinationDeliveryErrorCount', 'Invocation records that the on-failure destination did not take'),
    offsetLag: meter.gauge('OffsetLag', 'Offsets between the last record of a partition and the last one that is done, the most', labels),
    maxOffsetLag: meter.gauge('MaxOffsetLag', 'The same', labels),
    sumOffsetLag: meter.gauge('SumOffsetLag', 'Offsets that are not done, of all partitions together', labels),
  };
}

function queueSeries(counter: (metric: string, help: string) => Counter): QueueSeries {
  return {
    deleted: counter('DeletedEventCount', 'Messages deleted after successful processing'),
    duplicates: counter('millrace_duplicate_messages', 'Messages that came again while they were in flight'),
    returned: counter('millrace_returned_messages', 'Messages that went back to the queue after a failure'),
    settleFailures: counter('millrace_settle_failures', 'Messages whose delete or release failed for good'),
    oversized: counter('millrace_oversized_messages', 'Messages larger than one invocation may carry'),
  };
}

function streamSeries(counter: (metric: string, help: string) => Counter, meter: Meter, labels: MeterLabels): StreamSeries {
  return {
    dropped: counter('DroppedEventCount', 'Records given up that no on-failure destination has'),
    delivered: counter('OnFailureDestinationDeliveredEventCount', 'Records given up and recorded at the on-failure destination'),
    deliveryFailures: counter('DestinationDeliveryFailures', 'Invocation records that the on-failure destination did not take, each try'),
    bisects: counter('millrace_bisects', 'Ranges that were halved after a failure'),
    iteratorAgeMs: meter.histogram('IteratorAge', 'Age of the last record of a batch when it is invoked, ms', labels, AGE_BUCKETS),
  };
}
