import { setImmediate } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { ConfigError, type Counter, type Gauge, type Histogram, type Meter, type MeterLabels } from '../../../src/index.ts';
import { Family, type Kind } from './family.ts';
import { LabelSets } from './label-sets.ts';
import { bucketsOf, CounterSeries, GaugeSeries, HistogramSeries, type Series } from './series.ts';

/** What may be set of a Prometheus meter. */
export interface PrometheusMeterOptions {
  /** Put before every name; letters, digits, `_` and `:`, not beginning with a digit. Default none. */
  readonly prefix?: string;
  /** Whether CPU, memory, event loop and garbage collection of the process are measured too. Default false. */
  readonly processMetrics?: boolean;
}

/** A meter whose measurements can be scraped. */
export interface PrometheusMeter extends Meter {
  /** All series in Prometheus' text format. */
  metrics(): Promise<string>;
  /** The same in pieces, for an answer that is sent while it is written: a thousand mappings have 10 MB of text. */
  pieces(): AsyncIterable<string>;
  /** The `content-type` that belongs to {@link PrometheusMeter.metrics}. */
  readonly contentType: string;
}

/** Counts the series that were refused, by name, so that a mistake shows where people look. */
const REFUSED = 'millrace_refused_series';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

const NOTHING: Counter & Gauge & Histogram = { add: ignore, set: ignore, observe: ignore };

/** Makes a meter with a registry of its own: two meters in one process share nothing. @throws ConfigError */
export function prometheusMeter(options: PrometheusMeterOptions = {}): PrometheusMeter {
  const { prefix = '', processMetrics = false } = options;
  if (!/^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(prefix)) {
    const message = 'must be letters, digits, underscores and colons, and must not begin with a digit, such as millrace_';
    throw new ConfigError([{ field: 'prefix', message }]);
  }
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry, prefix });
  return new PrefixedMeter(registry, prefix);
}

class PrefixedMeter implements PrometheusMeter {
  /** Of the process; everything else is written here. */
  readonly #registry: Registry;
  readonly #prefix: string;
  readonly #labels = new LabelSets();
  readonly #counters = new Map<string, Family<CounterSeries>>();
  readonly #gauges = new Map<string, Family<GaugeSeries>>();
  readonly #histograms = new Map<string, Family<HistogramSeries>>();
  /** All of them, in the order of their first series. */
  readonly #families = new Map<string, Family<Series>>();

  constructor(registry: Registry, prefix: string) {
    this.#registry = registry;
    this.#prefix = prefix;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async metrics(): Promise<string> {
    const pieces: string[] = [];
    for await (const piece of this.pieces()) pieces.push(piece);
    return pieces.join('');
  }

  async *pieces(): AsyncGenerator<string> {
    const ofProcess = await this.#registry.metrics();
    if (ofProcess.trim() !== '') yield `${ofProcess}\n`;
    for (const family of this.#families.values()) {
      for (const piece of family.text()) {
        yield piece;
        // Whatever else the process does goes on meanwhile.
        await setImmediate();
      }
      yield '\n';
    }
  }

  counter(name: string, help: string, labels: MeterLabels): Counter {
    return this.#counter(name, help, labels) ?? this.#refuse(name);
  }

  gauge(name: string, help: string, labels: MeterLabels): Gauge {
    return this.#series(this.#gauges, { name, help, kind: 'gauge', make: () => () => new GaugeSeries() }, labels) ?? this.#refuse(name);
  }

  histogram(name: string, help: string, labels: MeterLabels, bounds: readonly number[]): Histogram {
    const make = (shownName: string): (() => HistogramSeries) => {
      const buckets = bucketsOf(shownName, bounds);
      return () => new HistogramSeries(buckets);
    };
    const asked: Asked<HistogramSeries> = { name, help, kind: 'histogram', make };
    return ('le' in labels ? undefined : this.#series(this.#histograms, asked, labels)) ?? this.#refuse(name);
  }

  forget(labels: MeterLabels): void {
    // An empty question would take everything away.
    if (Object.keys(labels).length === 0) return;
    for (const gone of this.#labels.take(labels)) for (const family of this.#families.values()) family.forget(gone);
  }

  #counter(name: string, help: string, labels: MeterLabels): CounterSeries | undefined {
    return this.#series(this.#counters, { name, help, kind: 'counter', make: () => () => new CounterSeries() }, labels);
  }

  /** `undefined` when the name or its labels are none that Prometheus allows, or are not as they were at the first call. */
  #series<One extends Series>(ofKind: Map<string, Family<One>>, asked: Asked<One>, given: MeterLabels): One | undefined {
    const labels = this.#labels.of(given);
    if (labels === undefined) return undefined;
    const { name, help, kind, make } = asked;
    let family = ofKind.get(name);
    if (family === undefined) {
      const shown = `${this.#prefix}${name}`;
      if (this.#families.has(name) || !METRIC_NAME.test(shown) || this.#ofProcess(shown)) return undefined;
      family = new Family({ name: shown, help: help === '' ? name : help, kind, labelNames: labels.names, make: make(shown) });
      ofKind.set(name, family);
      this.#families.set(name, family);
    }
    const series = family.series(labels);
    if (series !== undefined) this.#labels.keep(labels);
    return series;
  }

  #ofProcess(shown: string): boolean {
    return this.#registry.getMetricsAsArray().some(({ name }) => name === shown);
  }

  /** Wrong numbers would be worse than none: what does not fit goes nowhere, and is counted. */
  #refuse(metric: string): typeof NOTHING {
    this.#counter(REFUSED, 'Series that were refused: other label names or another kind than before, or a bad name', { metric })?.add(1);
    return NOTHING;
  }
}

/** A metric that is opened with its first series. */
interface Asked<One> {
  readonly name: string;
  readonly help: string;
  readonly kind: Kind;
  /** Is told the name that is shown, once. */
  readonly make: (shown: string) => () => One;
}

function ignore(): void {
  // A series that was refused takes anything and keeps nothing.
}
