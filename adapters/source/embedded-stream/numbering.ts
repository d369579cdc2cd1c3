import { type Random, type SequenceNumber, sequenceNumber } from '../../../src/index.ts';

const GENERATION_DIGITS = 6;
const INSTANT_DIGITS = 32;
const COUNTER_DIGITS = 16;
/** Neighbours are at least 2 apart, so that nobody gets away with adding one. */
const STEP_LEAST = 2;
const STEP_SPREAD = 1000;

/**
 * The sequence numbers of one incarnation of a stream: decimal texts of 56 digits that only grow, over all shards, with gaps
 * of random size. Those of a later incarnation are greater.
 */
export class Numbering {
  readonly #prefix: string;
  readonly #random: Random;
  #counter = 0;

  constructor(generation: number, createdAt: number, random: Random) {
    const instant = String(Math.max(0, createdAt)).padStart(INSTANT_DIGITS, '0');
    this.#prefix = `49${String(generation).padStart(GENERATION_DIGITS, '0')}${instant}`;
    this.#random = random;
  }

  next(): SequenceNumber {
    this.#counter += STEP_LEAST + Math.floor(this.#random.next() * STEP_SPREAD);
    return this.last;
  }

  /** The greatest number so far; before the first record, one that is less than all to come. */
  get last(): SequenceNumber {
    return sequenceNumber(this.#prefix + String(this.#counter).padStart(COUNTER_DIGITS, '0'));
  }

  /** Whether a number may be one of this incarnation's. */
  covers(number: SequenceNumber): boolean {
    if (number.length !== this.#prefix.length + COUNTER_DIGITS || !number.startsWith(this.#prefix)) return false;
    return Number(number.slice(this.#prefix.length)) <= this.#counter;
  }
}
