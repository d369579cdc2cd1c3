/** What is read ahead is worth so much of the lanes' work, ms ... */
const WORK_MS = 50;
/** ... and so many times what a page takes to come. */
const PAGES = 4;
/** Fewer records are always read ahead: they cost nothing, and what is behind them is seen sooner. */
const RECORDS_MIN = 1_000;
/** Batches per lane that may be read ahead whatever their number. */
export const BATCHES_AHEAD = 2;

/**
 * How much is enough while every lane has work: more records in memory would only be older when their turn comes, and what lives
 * long costs more to clean up. Says nothing of what may be held at most (R12).
 */
export class ReadAhead {
  readonly #least: number;
  #settled = 0;
  #pagedAt: number | undefined;
  /** Records a millisecond that are settled. */
  #rate = 0;
  #pageMs = 0;
  #enough: number;

  constructor({ lanes, batchSize }: { readonly lanes: number; readonly batchSize: number }) {
    this.#least = Math.max(RECORDS_MIN, BATCHES_AHEAD * lanes * batchSize);
    this.#enough = this.#least;
  }

  /** With so many records unsettled, reading may wait. */
  get enough(): number {
    return this.#enough;
  }

  settled(records: number): void {
    this.#settled += records;
  }

  /** A page has come that was asked for at `askedAt`; instants are monotonic, ms. */
  paged(askedAt: number, now: number): void {
    if (this.#pagedAt !== undefined && now > this.#pagedAt) {
      const rate = this.#settled / (now - this.#pagedAt);
      // One page may have come in a pause.
      this.#rate = Math.max(rate, (this.#rate + rate) / 2);
    }
    this.#settled = 0;
    this.#pagedAt = now;
    this.#pageMs = (this.#pageMs + now - askedAt) / 2;
    this.#enough = Math.max(this.#least, Math.ceil(this.#rate * (WORK_MS + PAGES * this.#pageMs)));
  }
}
