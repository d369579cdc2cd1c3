import type { BufferAccount } from '../contract/index.ts';

/** What may be in flight in one process unless told otherwise, records. */
const BUFFER_RECORDS_DEFAULT = 100_000;
/** What may be in flight in one process unless told otherwise, bytes by upper bound. */
const BUFFER_BYTES_DEFAULT = 268_435_456;

/**
 * The room for what is received and not settled, for all mappings of a process together (R9), bounded in records and in
 * bytes. A mapping that holds nothing may always receive, so that a full buffer of others never stops it (R12); what is
 * above the bound is at most what open receives bring.
 */
export class Buffer implements BufferAccount {
  readonly #recordsMax: number;
  readonly #bytesMax: number;
  readonly #waiting = new Set<() => void>();
  #records = 0;
  #bytes = 0;

  constructor(recordsMax: number = BUFFER_RECORDS_DEFAULT, bytesMax: number = BUFFER_BYTES_DEFAULT) {
    this.#recordsMax = recordsMax;
    this.#bytesMax = bytesMax;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#records >= this.#recordsMax || this.#bytes >= this.#bytesMax;
  }

  add(records: number, bytes: number): void {
    this.#records += records;
    this.#bytes += bytes;
    if (records >= 0 || this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Calls back when something was settled; gives the function that takes the wish back. */
  onLess(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => {
      this.#waiting.delete(callback);
    };
  }
}
