import { collectDefaultMetrics, Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, Registry } from 'prom-client';
import { ConfigError, type Counter, type Gauge, type Histogram, type Meter, type MeterLabels } from '../../../src/index.ts';
import { Families } from './families.ts';
import { CheckedHistogram, PendingCounter, PendingGauge } from './series.ts';

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
  /** The `content-type` that belongs to {@link PrometheusMeter.metrics}. */
  readonly contentType: string;
}

/** Counts the series that were refused, by name, so that a mistake shows where people look. */
const REFUSED = 'millrace_refused_series';

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
  return new RegistryMeter(registry, prefix);
}

class RegistryMeter implements PrometheusMeter {
  readonly #registry: Registry;
  readonly #prefix: string;
  readonly #counters = new Families<PendingCounter>();
  readonly #gauges = new Families<PendingGauge>();
  readonly #histograms = new Families<CheckedHistogram>();

  constructor(registry: Registry, prefix: string) {
    this.#registry = registry;
    this.#prefix = prefix;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  metrics(): Promise<string> {
    return this.#registry.metrics();
  }

  counter(name: string, help: string, labels: MeterLabels): Counter {
    return this.#counter(name, help, labels) ?? this.#refuse(name);
  }

  gauge(name: string, help: string, labels: MeterLabels): Gauge {
    const series = this.#gauges.series(name, labels, (labelNames) => {
      const flush = (): void => {
        for (const one of this.#gauges.all(name)) one.flush();
      };
      const metric = new PromGauge({ ...this.#named(name, help), labelNames, collect: flush });
      const make = (values: Record<string, string>): PendingGauge =>
        new PendingGauge((value) => {
          metric.set(values, value);
        });
      return { make, remove: removerOf(metric) };
    });
    return series ?? this.#refuse(name);
  }

  histogram(name: string, help: string, labels: MeterLabels, buckets: readonly number[]): Histogram {
    const series = this.#histograms.series(name, labels, (labelNames) => {
      const bounds = [...buckets].sort((a, b) => a - b);
      const metric = new PromHistogram({ ...this.#named(name, help), labelNames, buckets: bounds });
      const make = (values: Record<string, string>): CheckedHistogram => {
        metric.zero(values);
        return new CheckedHistogram((value) => {
          metric.observe(values, value);
        });
      };
      const remove = (values: Record<string, string>, gone: CheckedHistogram): void => {
        gone.end();
        metric.remove(values);
      };
      return { make, remove };
    });
    return series ?? this.#refuse(name);
  }

  #counter(name: string, help: string, labels: MeterLabels): Counter | undefined {
    return this.#counters.series(name, labels, (labelNames) => {
      const flush = (): void => {
        for (const one of this.#counters.all(name)) one.flush();
      };
      const metric = new PromCounter({ ...this.#named(name, help), labelNames, collect: flush });
      const make = (values: Record<string, string>): PendingCounter =>
        new PendingCounter((amount) => {
          metric.inc(values, amount);
        });
      return { make, remove: removerOf(metric) };
    });
  }

  forget(labels: MeterLabels): void {
    // An empty question would take everything away.
    if (Object.keys(labels).length === 0) return;
    for (const families of [this.#counters, this.#gauges, this.#histograms]) families.forget(labels);
  }

  #named(name: string, help: string): { name: string; help: string; registers: Registry[] } {
    return { name: `${this.#prefix}${name}`, help: help === '' ? name : help, registers: [this.#registry] };
  }

  /** Wrong numbers would be worse than none: what does not fit goes nowhere, and is counted. */
  #refuse(metric: string): typeof NOTHING {
    this.#counter(REFUSED, 'Series that were refused: other label names or another kind than before, or a bad name', { metric })?.add(1);
    return NOTHING;
  }
}

/** Takes one series out of the metrics library. */
function removerOf(metric: { remove(labels: Record<string, string>): void }): (labels: Record<string, string>) => void {
  return (labels) => {
    metric.remove(labels);
  };
}

function ignore(): void {
  // A series that was refused takes anything and keeps nothing.
}
