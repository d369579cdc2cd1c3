import type { MeterLabels } from '../../../src/index.ts';

/** Makes the series for one set of label values. */
export type SeriesMaker<Series> = (labels: Record<string, string>) => Series;

/** How series of one name are made and taken away. */
export interface SeriesOf<Series> {
  readonly make: SeriesMaker<Series>;
  readonly remove: (labels: Record<string, string>, series: Series) => void;
}

interface Family<Series> {
  readonly labelNames: readonly string[];
  readonly of: SeriesOf<Series>;
  readonly series: Map<string, Entry<Series>>;
}

interface Entry<Series> {
  readonly labels: Record<string, string>;
  readonly series: Series;
}

/** All series of one kind by name and label values. The first call for a name fixes its label names. */
export class Families<Series> {
  readonly #families = new Map<string, Family<Series>>();

  /**
   * The series, the same at every call. `undefined` when the labels have other names than those of the first call, or
   * when `open`, which runs once for each name, refuses by throwing.
   */
  series(name: string, labels: MeterLabels, open: (labelNames: string[]) => SeriesOf<Series>): Series | undefined {
    try {
      const labelNames = Object.keys(labels).sort();
      let family = this.#families.get(name);
      if (family === undefined) {
        family = { labelNames, of: open(labelNames), series: new Map() };
        this.#families.set(name, family);
      }
      return sameNames(family.labelNames, labelNames) ? seriesOf(family, labels) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The series of one name. */
  *all(name: string): Iterable<Series> {
    for (const { series } of this.#families.get(name)?.series.values() ?? []) yield series;
  }

  /** Takes away every series that carries these labels. */
  forget(given: MeterLabels): void {
    const wanted = Object.entries(given);
    for (const { labelNames, of, series } of this.#families.values()) {
      if (!wanted.every(([name]) => labelNames.includes(name))) continue;
      for (const [key, { labels, series: one }] of series) {
        if (!wanted.every(([name, value]) => labels[name] === value)) continue;
        series.delete(key);
        of.remove(labels, one);
      }
    }
  }
}

function seriesOf<Series>(family: Family<Series>, labels: MeterLabels): Series {
  const key = JSON.stringify(family.labelNames.map((name) => labels[name]));
  const known = family.series.get(key);
  if (known !== undefined) return known.series;
  const own = { ...labels };
  const series = family.of.make(own);
  family.series.set(key, { labels: own, series });
  return series;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
