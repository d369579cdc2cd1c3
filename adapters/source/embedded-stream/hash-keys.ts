/** Hash keys: partition keys are spread over shards by their MD5 as a number of 128 bits, as on Kinesis. */
import { hash } from 'node:crypto';

/** The hash keys of one shard, both ends included. */
export interface HashKeyRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** One more than the greatest hash key. */
const SPACE = 1n << 128n;
const DIGITS = 32;

/** A hash key as 32 hexadecimal digits: such texts compare as their numbers do. */
export type HashKey = string & { readonly __hashKey: true };

/** The hash key of a partition key. */
export function hashKeyOf(partitionKey: string): HashKey {
  return hash('md5', partitionKey, 'hex') as HashKey;
}

export function toHashKey(number: bigint): HashKey {
  return number.toString(16).padStart(DIGITS, '0') as HashKey;
}

/** Reads a hash key as producers write it, in decimal; `undefined` when it is none. */
export function parseHashKey(text: string): bigint | undefined {
  if (!/^\d{1,39}$/u.test(text)) return undefined;
  const number = BigInt(text);
  return number < SPACE ? number : undefined;
}

/** All hash keys in so many ranges of one size; the last takes what is left over. */
export function evenRanges(count: number): HashKeyRange[] {
  const width = SPACE / BigInt(count);
  return Array.from({ length: count }, (_, index) => {
    const start = width * BigInt(index);
    return { start, end: index === count - 1 ? SPACE - 1n : start + width - 1n };
  });
}

/** Finds the shard of a hash key among shards whose ranges cover all of them. */
export class HashRoute<Target extends { readonly range: HashKeyRange }> {
  readonly #targets: readonly Target[];
  readonly #starts: readonly HashKey[];

  constructor(targets: readonly Target[]) {
    this.#targets = [...targets].sort((a, b) => (a.range.start < b.range.start ? -1 : 1));
    this.#starts = this.#targets.map(({ range }) => toHashKey(range.start));
  }

  /** The only one there is, when there is only one: then no key needs to be hashed. */
  get only(): Target | undefined {
    return this.#targets.length === 1 ? this.#targets[0] : undefined;
  }

  find(key: HashKey): Target | undefined {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return this.#targets[low - 1];
  }
}
