/** Labels of one series. Bounded: mapping, function, kind; never a message id, group or key. */
export type MeterLabels = Readonly<Record<string, string>>;

/** A number that only grows. */
export interface Counter {
  add(amount: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  set(value: number): void;
}

/** A distribution. */
export interface Histogram {
  observe(value: number): void;
}

/**
 * Where measurements go; the metrics library sits behind it. Every call with the same name and labels gives the same
 * series, so series can be asked for once and kept. No call throws.
 */
export interface Meter {
  counter(name: string, help: string, labels: MeterLabels): Counter;
  gauge(name: string, help: string, labels: MeterLabels): Gauge;
  /** `buckets` are upper bounds, ascending; the first call for a name fixes them. */
  histogram(name: string, help: string, labels: MeterLabels, buckets: readonly number[]): Histogram;
  /**
   * Ends every series whose labels include these: what they were of is gone. A handle that is still used changes nothing. A meter without it keeps them.
   */
  forget?(labels: MeterLabels): void;
}
