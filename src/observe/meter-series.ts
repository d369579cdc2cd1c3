import type { Counter, Gauge, Histogram, Meter, MeterLabels } from '../contract/index.ts';

/** What identifies a mapping in metrics. */
export interface MeteredMapping {
  readonly id: string;
  readonly name: string;
  readonly functionName: string;
  /** Decides which series it has beside those that all have. */
  readonly kind: 'queue' | 'stream';
}

/** What only queues have. */
interface QueueSeries {
  readonly deleted: Counter;
  readonly duplicates: Counter;
  readonly returned: Counter;
  readonly settleFailures: Counter;
  readonly oversized: Counter;
}

/** What only streams have. */
interface StreamSeries {
  readonly dropped: Counter;
  readonly delivered: Counter;
  readonly deliveryFailures: Counter;
  readonly retries: Counter;
  readonly bisects: Counter;
  readonly iteratorAgeMs: Histogram;
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
  readonly defects: Counter;
  readonly overruns: Counter;
  readonly durationSeconds: Histogram;
  readonly batchRecords: Histogram;
  readonly queue: QueueSeries | undefined;
  readonly stream: StreamSeries | undefined;
}

/** The series of one function that has a circuit breaker. */
export interface FunctionSeries {
  readonly state: Gauge;
  readonly openings: Counter;
}

const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3, 10, 60, 300, 900];
const RECORDS_BUCKETS = [1, 2, 5, 10, 50, 100, 500, 1000, 10_000];
/** 100 ms to the longest retention of DynamoDB Streams (1 day) and the default one's sevenfold, ms. */
const AGE_BUCKETS = [100, 500, 1000, 5000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000];

/** Opens all series of a mapping. */
export function openSeries(meter: Meter, { id, name, functionName, kind }: MeteredMapping): Series {
  const labels: MeterLabels = { EventSourceMappingUUID: id, Mapping: name, FunctionName: functionName };
  const counter = (metric: string, help: string): Counter => meter.counter(metric, help, labels);
  return {
    polled: counter('PolledEventCount', 'Records read from the source'),
    filtered: counter('FilteredOutEventCount', 'Records that no filter wanted'),
    invoked: counter('InvokedEventCount', 'Records sent to the function'),
    failed: counter('FailedInvokeEventCount', 'Records the function failed on or reported as failed'),
    invocations: counter('Invocations', 'Invocations of the function'),
    errors: counter('Errors', 'Invocations that ended in a function error or a time-out'),
    throttles: counter('Throttles', 'Invocations that were throttled'),
    defects: counter('millrace_defects', 'Defects of the engine'),
    overruns: counter('millrace_handler_overruns', 'Handlers that still ran after their time-out'),
    durationSeconds: meter.histogram('millrace_invoke_seconds', 'Duration of invocations', labels, DURATION_BUCKETS),
    batchRecords: meter.histogram('millrace_batch_records', 'Records per batch', labels, RECORDS_BUCKETS),
    queue: kind === 'queue' ? queueSeries(counter) : undefined,
    stream: kind === 'stream' ? streamSeries(counter, meter, labels) : undefined,
  };
}

/** Opens all series of a function that has a circuit breaker. */
export function openFunctionSeries(meter: Meter, functionName: string): FunctionSeries {
  const labels: MeterLabels = { FunctionName: functionName };
  const state = meter.gauge('millrace_breaker_state', 'Circuit breaker of a function: 0 closed, 1 half-open, 2 open', labels);
  state.set(0);
  return { state, openings: meter.counter('millrace_breaker_openings', 'Times that the circuit breaker of a function opened', labels) };
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
    retries: counter('millrace_retries', 'Invocations that repeat a range that failed'),
    bisects: counter('millrace_bisects', 'Ranges that were halved after a failure'),
    iteratorAgeMs: meter.histogram('IteratorAge', 'Age of the last record of a batch when it is invoked, ms', labels, AGE_BUCKETS),
  };
}
