import type { Counter, Gauge, Histogram } from '../../../src/index.ts';

/** What one series is called and carries, ready for its lines. */
export interface LineHeads {
  /** The name of the metric. */
  readonly name: string;
  /** The labels of the series, without braces. */
  readonly labels: string;
}

/** What can be shown when somebody looks; until then it costs an addition. */
export interface Series {
  /** Adds its lines, in parts. */
  write(parts: string[], heads: LineHeads): void;
}

/** A number that only grows, 0 at first. */
export class CounterSeries implements Counter, Series {
  #value = 0;

  add(amount: number): void {
    if (amount > 0 && Number.isFinite(amount)) this.#value += amount;
  }

  write(parts: string[], { name, labels }: LineHeads): void {
    writeLine(parts, name, labels, this.#value);
  }
}

/** The last value, 0 at first. */
export class GaugeSeries implements Gauge, Series {
  #value = 0;

  set(value: number): void {
    if (Number.isFinite(value)) this.#value = value;
  }

  write(parts: string[], { name, labels }: LineHeads): void {
    writeLine(parts, name, labels, this.#value);
  }
}

/** The bounds of a histogram, which all its series share. */
export interface Buckets {
  /** Ascending. */
  readonly bounds: readonly number[];
  /** For each bound and beyond them, how its line begins. */
  readonly heads: readonly string[];
}

/** The buckets of a metric. */
export function bucketsOf(name: string, bounds: readonly number[]): Buckets {
  const ascending = [...bounds].sort((one, other) => one - other);
  return { bounds: ascending, heads: [...ascending.map(String), '+Inf'].map((bound) => `${name}_bucket{le="${bound}"`) };
}

/** How many observations fell into each bucket. Most mappings of many are idle, so the numbers are made with the first observation. */
export class HistogramSeries implements Histogram, Series {
  readonly #buckets: Buckets;
  /** One for each bucket, the last one for what is beyond them. */
  #counts: number[] | undefined;
  #sum = 0;

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
  }

  observe(value: number): void {
    if (!Number.isFinite(value)) return;
    const { bounds } = this.#buckets;
    const counts = (this.#counts ??= new Array<number>(bounds.length + 1).fill(0));
    const found = bounds.findIndex((bound) => value <= bound);
    const bucket = found === -1 ? bounds.length : found;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  write(parts: string[], { name, labels }: LineHeads): void {
    let count = 0;
    const end = labels === '' ? '} ' : `,${labels}} `;
    for (const [bucket, head] of this.#buckets.heads.entries()) {
      count += this.#counts?.[bucket] ?? 0;
      parts.push(head, end, String(count), '\n');
    }
    writeLine(parts, `${name}_sum`, labels, this.#sum);
    writeLine(parts, `${name}_count`, labels, count);
  }
}

function writeLine(parts: string[], name: string, labels: string, value: number): void {
  if (labels === '') parts.push(name, ' ', String(value), '\n');
  else parts.push(name, '{', labels, '} ', String(value), '\n');
}
