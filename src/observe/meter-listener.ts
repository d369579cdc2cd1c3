import type { Counter, EngineEvents, EngineListener, Histogram, Meter, MeterLabels } from '../contract/index.ts';

/** What identifies a mapping in metrics. */
export interface MeteredMapping {
  readonly id: string;
  readonly name: string;
  readonly functionName: string;
}

interface Series {
  readonly polled: Counter;
  readonly invoked: Counter;
  readonly failed: Counter;
  readonly deleted: Counter;
  readonly invocations: Counter;
  readonly errors: Counter;
  readonly throttles: Counter;
  readonly duplicates: Counter;
  readonly returned: Counter;
  readonly settleFailures: Counter;
  readonly oversized: Counter;
  readonly defects: Counter;
  readonly overruns: Counter;
  readonly durationSeconds: Histogram;
  readonly batchRecords: Histogram;
}

const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3, 10, 60, 300, 900];
const RECORDS_BUCKETS = [1, 2, 5, 10, 50, 100, 500, 1000, 10_000];

/**
 * Counts events under AWS's metric names (spec i.1: PolledEventCount, InvokedEventCount, FailedInvokeEventCount,
 * DeletedEventCount; Invocations, Errors, Throttles of the function) and Millrace's own, which begin with `millrace_`.
 */
export class MeterListener {
  readonly #meter: Meter;
  readonly #series = new Map<string, Series>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Opens the series of a mapping, so that they show 0 before anything happened. */
  open(mapping: MeteredMapping): void {
    const labels = { EventSourceMappingUUID: mapping.id, Mapping: mapping.name, FunctionName: mapping.functionName };
    this.#series.set(mapping.name, seriesOf(this.#meter, labels));
  }

  readonly listener: EngineListener = (name, event) => {
    const series = this.#series.get(event.mapping);
    const count = COUNTS[name];
    if (series !== undefined && count !== undefined) count(series, event);
  };
}

const COUNTS: { readonly [Name in keyof EngineEvents]?: (series: Series, event: EngineEvents[Name]) => void } = {
  'source.polled': (series, { records }) => {
    series.polled.add(records);
  },
  'source.duplicates': (series, { messages }) => {
    series.duplicates.add(messages);
  },
  'batch.ended': (series, event) => {
    countBatch(series, event);
  },
  'batch.settled': (series, { deleted, returned }) => {
    series.deleted.add(deleted);
    series.returned.add(returned);
  },
  'handler.overrun': (series, { stopped }) => {
    if (!stopped) series.overruns.add(1);
  },
  'message.oversized': (series) => {
    series.oversized.add(1);
  },
  'engine.defect': (series) => {
    series.defects.add(1);
  },
  'settle.failed': (series, { messages }) => {
    series.settleFailures.add(messages);
  },
};

function countBatch(series: Series, event: EngineEvents['batch.ended']): void {
  const { records, outcome, durationMs, error } = event;
  series.batchRecords.observe(records);
  series.durationSeconds.observe(durationMs / 1000);
  series.invoked.add(records);
  if (error !== undefined) series.failed.add(outcome === 'success' ? event.returned : records);
  if (outcome === 'throttled') series.throttles.add(1);
  else series.invocations.add(1);
  if (outcome === 'function-error' || outcome === 'timeout') series.errors.add(1);
}

function seriesOf(meter: Meter, labels: MeterLabels): Series {
  const counter = (name: string, help: string): Counter => meter.counter(name, help, labels);
  return {
    polled: counter('PolledEventCount', 'Records read from the source'),
    invoked: counter('InvokedEventCount', 'Records sent to the function'),
    failed: counter('FailedInvokeEventCount', 'Records the function failed on or reported as failed'),
    deleted: counter('DeletedEventCount', 'Messages deleted after successful processing'),
    invocations: counter('Invocations', 'Invocations of the function'),
    errors: counter('Errors', 'Invocations that ended in a function error or a time-out'),
    throttles: counter('Throttles', 'Invocations that were throttled'),
    duplicates: counter('millrace_duplicate_messages', 'Messages that came again while they were in flight'),
    returned: counter('millrace_returned_messages', 'Messages that went back to the queue after a failure'),
    settleFailures: counter('millrace_settle_failures', 'Messages whose delete or release failed for good'),
    oversized: counter('millrace_oversized_messages', 'Messages larger than one invocation may carry'),
    defects: counter('millrace_defects', 'Defects of the engine'),
    overruns: counter('millrace_handler_overruns', 'Handlers that still ran after their time-out'),
    durationSeconds: meter.histogram('millrace_invoke_seconds', 'Duration of invocations', labels, DURATION_BUCKETS),
    batchRecords: meter.histogram('millrace_batch_records', 'Records per batch', labels, RECORDS_BUCKETS),
  };
}
