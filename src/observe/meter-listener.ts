import type { CreditsSnapshot, EngineEvents, EngineListener, LagExplanation, MappingSnapshot, Meter } from '../contract/index.ts';
import { SECONDS_TO_LOSS_MAX } from './loss-forecast.ts';
import {
  type CreditSeries,
  type FunctionSeries,
  type LagSeries,
  labelsOf,
  type MeteredMapping,
  OTHER_SHARDS,
  openCreditSeries,
  openFunctionSeries,
  openSeries,
  openShardSeries,
  type Series,
  SHARD_SERIES_MAX,
} from './meter-series.ts';

/** What a look at a mapping found out beside its snapshot. */
export interface Measured {
  readonly mapping: MappingSnapshot;
  readonly findings: number;
  /** Of each shard, by its id. */
  readonly shards: ReadonlyMap<string, MeasuredLag>;
}

/** How much is left of a shard, and for how long it may be left. */
export interface MeasuredLag {
  readonly lag: LagExplanation;
  readonly secondsToLoss: number | undefined;
}

interface Metered {
  readonly mapping: MeteredMapping;
  readonly series: Series;
  /** At most {@link SHARD_SERIES_MAX}, and one for those beyond. */
  readonly shards: Map<string, LagSeries>;
}

/**
 * Counts events under AWS's metric names (spec i.1: PolledEventCount, InvokedEventCount, FailedInvokeEventCount; of queues
 * DeletedEventCount, of streams DroppedEventCount, OnFailureDestinationDeliveredEventCount and IteratorAge; Invocations, Errors,
 * Throttles of the function) and Millrace's own, which begin with `millrace_`.
 */
export class MeterListener {
  readonly #meter: Meter;
  readonly #mappings = new Map<string, Metered>();
  readonly #credits = new Map<string, CreditSeries>();
  #eventLoopDelay: ReturnType<Meter['gauge']> | undefined;
  readonly #functions = new Map<string, FunctionSeries>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Opens the series of a mapping, so that they show 0 before anything happened. */
  open(mapping: MeteredMapping): void {
    this.#end(mapping.name);
    this.#mappings.set(mapping.name, { mapping, series: openSeries(this.#meter, mapping), shards: new Map() });
  }

  /** Ends the series of a mapping that is gone, and with the last one of a function those of the function. */
  close(mapping: string): void {
    const functionName = this.#end(mapping)?.functionName;
    if (functionName === undefined) return;
    for (const other of this.#mappings.values()) if (other.mapping.functionName === functionName) return;
    this.#endFunction(functionName);
  }

  #end(name: string): MeteredMapping | undefined {
    const mapping = this.#mappings.get(name)?.mapping;
    if (mapping === undefined) return undefined;
    this.#mappings.delete(name);
    this.#meter.forget?.({ EventSourceMappingUUID: mapping.id });
    return mapping;
  }

  #endFunction(name: string): void {
    this.#credits.delete(name);
    this.#functions.delete(name);
    this.#meter.forget?.({ FunctionName: name });
  }

  /** Sets what shows how things are. Mappings that are not among them are gone. */
  measure(all: readonly Measured[], eventLoopDelayMs: number | undefined): void {
    const names = new Set(all.map(({ mapping }) => mapping.name));
    for (const name of this.#mappings.keys()) if (!names.has(name)) this.close(name);
    const functions = new Map<string, CreditsSnapshot>();
    for (const measured of all) {
      const { name, functionName, credits, breaker } = measured.mapping;
      functions.set(functionName, credits);
      if (breaker !== undefined) this.#functions.get(functionName)?.state.set(BREAKER_STATES[breaker.state]);
      const metered = this.#mappings.get(name);
      if (metered !== undefined) this.#measureOne(metered, measured);
    }
    this.#keepOnly(functions);
    for (const [functionName, credits] of functions) this.#measureCredits(functionName, credits);
    if (eventLoopDelayMs === undefined) return;
    this.#eventLoopDelay ??= this.#meter.gauge('millrace_event_loop_delay_seconds', 'The longest delay since the last look', {});
    this.#eventLoopDelay.set(eventLoopDelayMs / 1000);
  }

  /** Functions may come and go without end; what they are no more must not be shown either. */
  #keepOnly(functions: ReadonlyMap<string, unknown>): void {
    for (const name of new Set([...this.#credits.keys(), ...this.#functions.keys()])) {
      if (!functions.has(name)) this.#endFunction(name);
    }
  }

  #measureOne(metered: Metered, { mapping, findings, shards }: Measured): void {
    const { state, topic } = metered.series;
    state.inFlight.set(mapping.inFlight);
    state.findings.set(findings);
    state.running.set(mapping.waits.filter(({ reason: { kind } }) => kind === 'invocation' || kind === 'handler-did-not-stop').length);
    if (state.lag === undefined) return;
    const lags = [...shards.values()];
    setLag(state.lag, lags);
    const offsets = lags.map(({ lag }) => lag.records ?? 0);
    topic?.offsetLag.set(Math.max(0, ...offsets));
    topic?.maxOffsetLag.set(Math.max(0, ...offsets));
    topic?.sumOffsetLag.set(offsets.reduce((sum, one) => sum + one, 0));
    this.#measureShards(metered, shards);
  }

  #measureShards({ mapping, shards: known }: Metered, shards: Measured['shards']): void {
    for (const shard of known.keys()) {
      if (shard === OTHER_SHARDS || shards.has(shard)) continue;
      known.delete(shard);
      this.#meter.forget?.({ ...labelsOf(mapping), Shard: shard });
    }
    const others: MeasuredLag[] = [];
    for (const [shard, lag] of shards) {
      let series = known.get(shard);
      const own = known.has(OTHER_SHARDS) ? known.size - 1 : known.size;
      if (series === undefined && own < SHARD_SERIES_MAX) {
        series = openShardSeries(this.#meter, mapping, shard);
        known.set(shard, series);
      }
      if (series === undefined) others.push(lag);
      else setLag(series, [lag]);
    }
    if (others.length > 0 && !known.has(OTHER_SHARDS)) known.set(OTHER_SHARDS, openShardSeries(this.#meter, mapping, OTHER_SHARDS));
    const beyond = known.get(OTHER_SHARDS);
    if (beyond !== undefined) setLag(beyond, others);
  }

  #measureCredits(functionName: string, { inUse, waiting, limit }: CreditsSnapshot): void {
    let series = this.#credits.get(functionName);
    if (series === undefined) {
      series = openCreditSeries(this.#meter, functionName);
      this.#credits.set(functionName, series);
    }
    series.inUse.set(inUse);
    series.waiting.set(waiting);
    series.limit.set(Number.isFinite(limit) ? limit : 0);
  }

  /** Opens the series of a function that has a circuit breaker. */
  openFunction(functionName: string): void {
    if (!this.#functions.has(functionName)) this.#functions.set(functionName, openFunctionSeries(this.#meter, functionName));
  }

  readonly listener: EngineListener = (name, event) => {
    if ('functionName' in event) {
      const series = this.#functions.get(event.functionName);
      if (series !== undefined) countBreaker(series, event);
      return;
    }
    const series = event.mapping === undefined ? undefined : this.#mappings.get(event.mapping)?.series;
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
  'batch.started': ({ stream, retries, batchAgeSeconds }, { attempt, ageMs, iteratorAgeMs }) => {
    if (attempt > 1) retries.add(1);
    if (ageMs !== undefined) batchAgeSeconds.observe(ageMs / 1000);
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
  'destination.failed': ({ stream, topic }) => {
    stream?.deliveryFailures.add(1);
    topic?.deliveryErrors.add(1);
  },
  'source.failed': (series) => {
    series.pollingErrors.add(1);
  },
  'offsets.committed': ({ topic }, { records }) => {
    topic?.committed.add(records);
  },
  'commit.failed': ({ topic }) => {
    topic?.commitErrors.add(1);
  },
  'engine.defect': (series) => {
    series.defects.add(1);
  },
  'settle.failed': (series, { messages }) => {
    series.queue?.settleFailures.add(messages);
  },
};

/** Lags are summed, ages are those of the oldest, and the loss is the next one. */
function setLag({ records, seconds, secondsToLoss }: LagSeries, lags: readonly MeasuredLag[]): void {
  let sum = 0;
  let oldest = 0;
  let loss = SECONDS_TO_LOSS_MAX;
  for (const { lag, secondsToLoss: left } of lags) {
    sum += lag.records ?? 0;
    oldest = Math.max(oldest, lag.seconds ?? 0);
    loss = Math.min(loss, left ?? SECONDS_TO_LOSS_MAX);
  }
  records.set(sum);
  seconds.set(oldest);
  secondsToLoss.set(loss);
}

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
  if (error !== undefined) {
    series.failed.add(outcome === 'success' ? event.returned : records);
    series.invokeErrors.add(1);
  }
  if (outcome === 'throttled') series.throttles.add(1);
  else series.invocations.add(1);
  if (outcome === 'function-error' || outcome === 'timeout') series.errors.add(1);
}
