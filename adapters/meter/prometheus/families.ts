import type { MeterLabels } from '../../../src/index.ts';

/** Makes the series for one set of label values. */
export type SeriesMaker<Series> = (labels: Record<string, string>) => Series;

interface Family<Series> {
  readonly labelNames: readonly string[];
  readonly make: SeriesMaker<Series>;
  readonly series: Map<string, Series>;
}

/** All series of one kind by name and label values. The first call for a name fixes its label names. */
export class Families<Series> {
  readonly #families = new Map<string, Family<Series>>();

  /**
   * The series, the same at every call. `undefined` when the labels have other names than those of the first call, or
   * when `open`, which runs once for each name, refuses by throwing.
   */
  series(name: string, labels: MeterLabels, open: (labelNames: string[]) => SeriesMaker<Series>): Series | undefined {
    try {
      const labelNames = Object.keys(labels).sort();
      let family = this.#families.get(name);
      if (family === undefined) {
        family = { labelNames, make: open(labelNames), series: new Map() };
        this.#families.set(name, family);
      }
      return sameNames(family.labelNames, labelNames) ? seriesOf(family, labels) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The series of one name. */
  all(name: string): Iterable<Series> {
    return this.#families.get(name)?.series.values() ?? [];
  }
}

function seriesOf<Series>(family: Family<Series>, labels: MeterLabels): Series {
  const key = JSON.stringify(family.labelNames.map((name) => labels[name]));
  let series = family.series.get(key);
  if (series === undefined) {
    series = family.make({ ...labels });
    family.series.set(key, series);
  }
  return series;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
