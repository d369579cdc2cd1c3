import type { CancelTimer, Clock } from '../contract/index.ts';
import { type Deferred, deferred } from '../kit/index.ts';

/** What groups of writes work with. */
export interface WriteGroupsParts<Row> {
  readonly clock: Clock;
  /** At the latest so long after a change it is written, ms. */
  readonly intervalMs: number;
  /** Writes rows as they are now, with what tries it takes. False: not all of them could be written. Never rejects. */
  readonly write: (rows: readonly Row[]) => Promise<boolean>;
}

/**
 * Rows that change often, written in groups: one write at a time for all that have changed, begun `intervalMs` after the first
 * change, or when the write before it ends if that is later. Somebody who waits for it begins it at once.
 */
export class WriteGroups<Row, Key = string> {
  readonly #parts: WriteGroupsParts<Row>;
  #dirty = new Map<Key, Row>();
  /** Those who wait for the changes so far to be written. */
  #waiting: Deferred<boolean>[] = [];
  /** Those who wait for the write under way, though they came after it began. */
  #riding: Deferred<boolean>[] = [];
  /** When the first of what is dirty has changed, monotonic ms. */
  #dirtySince = 0;
  #cancel: CancelTimer | undefined;
  #writing: Promise<void> | undefined;
  #isOver = false;

  constructor(parts: WriteGroupsParts<Row>) {
    this.#parts = parts;
  }

  /** A row has changed. */
  changed(key: Key, row: Row): void {
    if (this.#isOver) return;
    if (this.#dirty.size === 0) this.#dirtySince = this.#parts.clock.monotonic();
    this.#dirty.set(key, row);
    if (this.#writing === undefined && this.#cancel === undefined) this.#arm(this.#parts.intervalMs);
  }

  #arm(ms: number): void {
    this.#cancel = this.#parts.clock.timer(ms, () => {
      this.#begin();
    });
  }

  /** A row is not to be written any more, unless its write is under way. */
  forget(key: Key): void {
    this.#dirty.delete(key);
  }

  /** Takes out what has changed since the write under way began, to be written along with it. */
  drain(): readonly Row[] {
    const rows = [...this.#dirty.values()];
    this.#dirty.clear();
    this.#riding.push(...this.#waiting);
    this.#waiting = [];
    return rows;
  }

  /** Nothing is written any more; whoever waits is told so. */
  end(): void {
    this.#isOver = true;
    this.#dirty.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Writes what has changed so far, now. False when not all of it could be written. */
  flush(): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false);
    if (this.#dirty.size === 0 && this.#writing === undefined) return Promise.resolve(true);
    const written = deferred<boolean>();
    this.#waiting.push(written);
    if (this.#writing === undefined) this.#begin();
    return written.promise;
  }

  #begin(): void {
    const { clock, intervalMs } = this.#parts;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#write().then(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0) this.#begin();
      // At once, as often as can be, would keep the store busier than the work does.
      else if (this.#dirty.size > 0) this.#arm(Math.max(0, this.#dirtySince + intervalMs - clock.monotonic()));
    });
  }

  /** One write. What changes meanwhile is in the next. */
  async #write(): Promise<void> {
    const rows = [...this.#dirty.values()];
    const waiting = this.#waiting;
    this.#dirty = new Map();
    this.#waiting = [];
    const isWritten = !this.#isOver && (rows.length === 0 || (await this.#parts.write(rows)));
    waiting.push(...this.#riding);
    this.#riding = [];
    for (const { resolve } of waiting) resolve(isWritten);
  }
}
