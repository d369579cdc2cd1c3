import type { Clock, RowWrite, StateStore } from '../contract/index.ts';
import { type Latch, sleep, steadyBackoffMs } from '../kit/index.ts';
import { WriteGroups } from './write-groups.ts';

/** Waits between tries of a store that cannot be written. */
const STORE_BACKOFF = { baseMs: 100, capMs: 5000 };

/** One row as its owner sees it. */
export interface CheckpointedRow {
  readonly shard: string;
  /** The text as it is now: one snapshot. `undefined`: the row is needed no longer and is removed. */
  readonly encode: () => string | undefined;
}

/** What a checkpointer works with. */
export interface CheckpointerParts {
  readonly mapping: string;
  readonly epoch: number;
  readonly store: StateStore;
  readonly clock: Clock;
  /** At the latest so long after a change it is stored, ms. */
  readonly intervalMs: number;
  /** Ends the tries of a store that cannot be written. */
  readonly hurry: Latch;
  /** A row was refused: somebody else owns the mapping now (R6). Nothing is written any more. */
  readonly onFenced: () => void;
  readonly onStoreProblem: (message: string | undefined) => void;
}

/**
 * Stores shard rows in groups: one transaction at a time for all rows that have changed, at the latest `intervalMs` after
 * the first change. A crash repeats what was settled in the last interval, and what was in flight.
 */
export class Checkpointer {
  readonly #parts: CheckpointerParts;
  readonly #versions = new Map<string, number>();
  readonly #groups: WriteGroups<CheckpointedRow>;
  #isFenced = false;

  constructor(parts: CheckpointerParts) {
    this.#parts = parts;
    const { clock, intervalMs } = parts;
    this.#groups = new WriteGroups({ clock, intervalMs, write: (rows) => this.#store(rows) });
  }

  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** Takes note of the stored version of a row. */
  loaded(shard: string, version: number): void {
    this.#versions.set(shard, version);
  }

  /** A row has changed, or is needed no longer. */
  changed(row: CheckpointedRow): void {
    this.#groups.changed(row.shard, row);
  }

  /** Stores what has changed so far, now. False when it could not be stored: fenced, or the engine ends. */
  flush(): Promise<boolean> {
    return this.#groups.flush();
  }

  async #store(rows: readonly CheckpointedRow[]): Promise<boolean> {
    const { store, mapping, epoch, clock, hurry, onStoreProblem } = this.#parts;
    for (let attempt = 1; ; attempt += 1) {
      const writes: RowWrite[] = rows.map(({ shard, encode }) => ({
        mappingId: mapping,
        shard,
        expectedVersion: this.#versions.get(shard) ?? 0,
        epoch,
        data: encode(),
      }));
      try {
        const versions = await store.writeRows(writes);
        const isStored = await this.#applied(writes, versions);
        if (attempt > 1) onStoreProblem(undefined);
        if (isStored || this.#isFenced) return isStored;
        continue;
      } catch (error) {
        onStoreProblem(error instanceof Error ? error.message : String(error));
      }
      if (!(await sleep(clock, steadyBackoffMs(STORE_BACKOFF, attempt, 0), hurry))) return false;
    }
  }

  async #applied(writes: readonly RowWrite[], versions: readonly (number | undefined)[]): Promise<boolean> {
    const refused = writes.filter((_, index) => versions[index] === undefined);
    writes.forEach(({ shard }, index) => {
      const version = versions[index];
      if (version !== undefined) this.#versions.set(shard, version);
    });
    if (refused.length === 0) return true;
    if (await this.#areOurs(refused)) return false;
    if (!this.#isFenced) {
      this.#isFenced = true;
      this.#groups.end();
      this.#parts.onFenced();
    }
    return false;
  }

  /** A reply was lost: the refused rows were written or removed by ourselves, under our epoch. They are written again. */
  async #areOurs(refused: readonly RowWrite[]): Promise<boolean> {
    const { store, mapping, epoch } = this.#parts;
    const rows = await store.readRows(mapping);
    return refused.every(({ shard, expectedVersion, data }) => {
      const row = rows.find((stored) => stored.shard === shard);
      if (row === undefined && data === undefined && expectedVersion > 0) {
        // A next owner may have removed it, too: that is told by the next write, which is refused again.
        this.#versions.set(shard, 0);
        return true;
      }
      if (row?.epoch !== epoch || row.version <= expectedVersion) return false;
      this.#versions.set(shard, row.version);
      return true;
    });
  }
}
