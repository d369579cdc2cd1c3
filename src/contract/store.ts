/**
 * What must survive the engine. Adapters see encoded text only and have no clock: expiry is judged by the engine, which
 * watches a lease's counter on its own monotonic clock (R14).
 *
 * Every method is atomic and, in a durable store, on disk (a lost last write may only repeat work) when it resolves.
 */

/** A stored definition. `version` grows by one with every change, from 1. */
export interface StoredMapping {
  readonly id: string;
  readonly version: number;
  /** The definition, encoded. */
  readonly data: string;
}

/** One shard's state (position, lanes, retries), encoded. */
export interface StoredRow {
  readonly shard: string;
  readonly version: number;
  /** The epoch that wrote it (R6). */
  readonly epoch: number;
  readonly data: string;
}

/** One compare-and-set on a row: refused unless the stored version is `expectedVersion` (0: no row yet) and the lease of the mapping has `epoch`. */
export interface RowWrite {
  readonly mappingId: string;
  readonly shard: string;
  readonly expectedVersion: number;
  readonly epoch: number;
  /** `undefined` removes the row, under the same conditions. */
  readonly data: string | undefined;
}

/** Who holds, or wants, a lease. */
export interface LeaseOwner {
  /** Unique for one run of one engine. */
  readonly id: string;
  /** What people read, such as `PID 4711`. */
  readonly label: string;
}

/** A lease that was got: `epoch` fences everything that is written under it. */
export interface Lease {
  readonly key: string;
  readonly ownerId: string;
  readonly epoch: number;
}

/** The answer to an acquire. */
export type AcquireResult =
  | { readonly acquired: true; readonly lease: Lease }
  | {
      readonly acquired: false;
      readonly owner: LeaseOwner;
      /** Moves with every renewal. A counter that stands still for the lease time means a dead owner. */
      readonly counter: number;
      /** True when the store knows for certain that the owner is gone (its process has ended on this machine). */
      readonly ownerGone: boolean;
    };

/** Where mappings, shard rows and leases live. */
export interface StateStore {
  /** What people read in logs, such as `memory` or `sqlite ./millrace.db`. */
  readonly label: string;
  /** Whether what is stored outlives the process, and leases exclude other processes. */
  readonly durable: boolean;

  listMappings(): Promise<readonly StoredMapping[]>;
  /** Writes if the stored version is `expectedVersion` (0: new) and gives the new version; `undefined` when it is another. */
  putMapping(id: string, expectedVersion: number, data: string): Promise<number | undefined>;
  /** Removes the mapping, its rows and its lease. Removing what is not there is no error. */
  removeMapping(id: string): Promise<void>;

  /** All rows of a mapping. */
  readRows(mappingId: string): Promise<readonly StoredRow[]>;
  /** Applies each write on its own condition, all in one transaction; the new version for each (0 where no row is left), `undefined` where refused. */
  writeRows(writes: readonly RowWrite[]): Promise<readonly (number | undefined)[]>;

  /**
   * Takes the lease when it is free, already the asker's, or when `unmoved` names the holder's counter and it still has
   * that value (the asker has watched it stand still, or was told `ownerGone`). Every success raises the epoch, also
   * after a release, so an old epoch never comes back.
   */
  acquire(key: string, owner: LeaseOwner, unmoved?: number): Promise<AcquireResult>;
  /** Moves the counter. False: the lease is somebody else's now. */
  renew(lease: Lease): Promise<boolean>;
  /** Gives the lease back; nothing happens when it is somebody else's. */
  release(lease: Lease): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}
