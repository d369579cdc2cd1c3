/** A meter that keeps its numbers where a test can read them. */
import type { Meter, MeterLabels } from '../../src/index.ts';

export class CountingMeter implements Meter {
  readonly labels = new Map<string, MeterLabels[]>();
  readonly #sums = new Map<string, number>();

  /** What was added to all series of a name, or observed; of a gauge what was set last. */
  sum(name: string): number {
    return this.#sums.get(name) ?? Number.NaN;
  }

  counter(name: string, _help: string, labels: MeterLabels): { add: (amount: number) => void } {
    return { add: this.#open(name, labels) };
  }

  gauge(name: string, _help: string, labels: MeterLabels): { set: (value: number) => void } {
    this.#open(name, labels);
    return { set: (value) => void this.#sums.set(name, value) };
  }

  histogram(name: string, _help: string, labels: MeterLabels, _buckets: readonly number[]): { observe: (value: number) => void } {
    return { observe: this.#open(name, labels) };
  }

  #open(name: string, labels: MeterLabels): (amount: number) => void {
    this.labels.set(name, [...(this.labels.get(name) ?? []), labels]);
    this.#sums.set(name, this.#sums.get(name) ?? 0);
    return (amount) => {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + amount);
    };
  }
}
