import type { LabelSet } from './label-sets.ts';
import type { Series } from './series.ts';

/** What Prometheus calls the kinds of metrics. */
export type Kind = 'counter' | 'gauge' | 'histogram';

/** What a metric is, and how its series are made. */
export interface FamilyParts<One> {
  /** As it is shown. */
  readonly name: string;
  readonly help: string;
  readonly kind: Kind;
  /** See {@link LabelSet}. */
  readonly labelNames: string;
  readonly make: () => One;
}

/** So many series are written without a break. */
const SERIES_AT_ONCE = 200;

/** All series of one metric, by their labels. The first one fixes the names of the labels. */
export class Family<One extends Series> {
  readonly #head: string;
  readonly #name: string;
  readonly #labelNames: string;
  readonly #make: () => One;
  readonly #series = new Map<LabelSet, One>();

  constructor({ name, help, kind, labelNames, make }: FamilyParts<One>) {
    this.#name = name;
    this.#head = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n`;
    this.#labelNames = labelNames;
    this.#make = make;
  }

  /** The series with these labels, the same at every call; `undefined` when they have other names than those of the first one. */
  series(labels: LabelSet): One | undefined {
    const known = this.#series.get(labels);
    if (known !== undefined || labels.names !== this.#labelNames) return known;
    const made = this.#make();
    this.#series.set(labels, made);
    return made;
  }

  forget(labels: LabelSet): void {
    this.#series.delete(labels);
  }

  /** The text for a scrape, in pieces that are each written in a millisecond or so. */
  *text(): Generator<string> {
    let parts = [this.#head];
    let written = 0;
    for (const [labels, series] of this.#series) {
      series.write(parts, { name: this.#name, labels: labels.text });
      written += 1;
      if (written % SERIES_AT_ONCE !== 0) continue;
      yield parts.join('');
      parts = [];
    }
    yield parts.join('');
  }
}
