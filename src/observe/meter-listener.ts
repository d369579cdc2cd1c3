import type { EngineEvents, EngineListener, Meter } from '../contract/index.ts';
import { type FunctionSeries, type MeteredMapping, openFunctionSeries, openSeries, type Series } from './meter-series.ts';

/**
 * Counts events under AWS's metric names (spec i.1: PolledEventCount, InvokedEventCount, FailedInvokeEventCount; of queues
 * DeletedEventCount, of streams DroppedEventCount, OnFailureDestinationDeliveredEventCount and IteratorAge; Invocations, Errors,
 * Throttles of the function) and Millrace's own, which begin with `millrace_`.
 */
export class MeterListener {
  readonly #meter: Meter;
  readonly #series = new Map<string, Series>();
  readonly #functions = new Map<string, FunctionSeries>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Opens the series of a mapping, so that they show 0 before anything happened. */
  open(mapping: MeteredMapping): void {
    this.#series.set(mapping.name, openSeries(this.#meter, mapping));
  }

  /** Opens the series of a function that has a circuit breaker. */
  openFunction(functionName: string): void {
    if (!this.#functions.has(functionName)) this.#functions.set(functionName, openFunctionSeries(this.#meter, functionName));
  }

  readonly listener: EngineListener = (name, event) => {
    if (!('mapping' in event)) {
      const series = this.#functions.get(event.functionName);
      if (series !== undefined) countBreaker(series, event);
      return;
    }
    const series = this.#series.get(event.mapping);
    const count = COUNTS[name];
    if (series !== undefined && count !== undefined) count(series, event);
  };
}

const COUNTS: { readonly [Name in keyof EngineEvents]?: (series: Series, event: EngineEvents[Name]) => void } = {
  'source.polled': (series, { records }) => {
    series.polled.add(records);
  },
  'records.filtered': (series, { records }) => {
    series.filtered.add(records);
  },
  'source.duplicates': (series, { messages }) => {
    series.queue?.duplicates.add(messages);
  },
  'batch.ended': (series, event) => {
    countBatch(series, event);
  },
  'batch.settled': (series, { deleted, returned }) => {
    series.queue?.deleted.add(deleted);
    series.queue?.returned.add(returned);
  },
  'handler.overrun': (series, { stopped }) => {
    if (!stopped) series.overruns.add(1);
  },
  'message.oversized': (series) => {
    series.queue?.oversized.add(1);
  },
  'batch.started': ({ stream }, { attempt, iteratorAgeMs }) => {
    if (attempt > 1) stream?.retries.add(1);
    if (iteratorAgeMs !== undefined) stream?.iteratorAgeMs.observe(iteratorAgeMs);
  },
  'shard.page': (series, { records }) => {
    series.polled.add(records);
  },
  'range.split': ({ stream }) => {
    stream?.bisects.add(1);
  },
  'range.discarded': ({ stream }, { records, delivered }) => {
    (delivered ? stream?.delivered : stream?.dropped)?.add(records);
  },
  'destination.failed': ({ stream }) => {
    stream?.deliveryFailures.add(1);
  },
  'engine.defect': (series) => {
    series.defects.add(1);
  },
  'settle.failed': (series, { messages }) => {
    series.queue?.settleFailures.add(messages);
  },
};

/** The gauge's values of the states. */
const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const;

function countBreaker({ state, openings }: FunctionSeries, event: EngineEvents['breaker.state']): void {
  state.set(BREAKER_STATES[event.state]);
  if (event.state === 'open') openings.add(1);
}

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
