import type { MeterLabels } from '../../../src/index.ts';

/** Names and values of the labels that series share: those of one mapping are the same in all its metrics. */
export interface LabelSet {
  /** Without braces, as the text for a scrape has it: `a="1",b="2"`. */
  readonly text: string;
  /** Of its names, the same for all sets with the same ones. */
  readonly names: string;
  /** The same for the same labels, in whatever order they are. */
  readonly key: string;
  readonly labels: MeterLabels;
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Each set of labels once, however many series carry it, and none that no series carries. */
export class LabelSets {
  readonly #sets = new Map<string, LabelSet>();
  /** Texts of names, so that all sets with the same ones hold the same text. */
  readonly #names = new Map<string, string>();

  /**
   * The set of these labels, in whatever order they are; `undefined` when a name is none that Prometheus allows. A new one is forgotten
   * unless {@link LabelSets.keep} follows.
   */
  of(labels: MeterLabels): LabelSet | undefined {
    const names = Object.keys(labels).sort();
    const key = textOf(names, labels);
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    if (!names.every((name) => LABEL_NAME.test(name))) return undefined;
    const joined = names.join();
    return { text: textOf(Object.keys(labels), labels), names: this.#names.get(joined) ?? joined, key, labels: { ...labels } };
  }

  /** A series carries this set. */
  keep(set: LabelSet): void {
    this.#sets.set(set.key, set);
    this.#names.set(set.names, set.names);
  }

  /** Takes out the sets that hold all these labels, and gives them. */
  take(given: MeterLabels): LabelSet[] {
    const wanted = Object.entries(given);
    const taken: LabelSet[] = [];
    for (const [key, set] of this.#sets) {
      if (!wanted.every(([name, value]) => Object.hasOwn(set.labels, name) && set.labels[name] === value)) continue;
      this.#sets.delete(key);
      taken.push(set);
    }
    return taken;
  }
}

function textOf(names: readonly string[], labels: MeterLabels): string {
  return names.map((name) => `${name}="${escaped(labels[name])}"`).join();
}

function escaped(value: string | undefined): string {
  return String(value).replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
