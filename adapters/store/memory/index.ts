/**
 * The state store that keeps everything in the process and forgets it at the end.
 *
 * - index.ts   the door: memoryStore
 * - README.md  what it is for and what it does not do
 */
import type { AcquireResult, Lease, LeaseOwner, RowWrite, StateStore, StoredMapping, StoredRow } from '../../../src/index.ts';

interface HeldLease {
  owner: LeaseOwner;
  epoch: number;
  counter: number;
  held: boolean;
}

class MemoryStore implements StateStore {
  readonly label = 'memory';
  readonly durable = false;
  readonly #mappings = new Map<string, StoredMapping>();
  /** By mapping, then by shard. */
  readonly #rows = new Map<string, Map<string, StoredRow>>();
  readonly #leases = new Map<string, HeldLease>();
  #closed = false;

  listMappings(): Promise<readonly StoredMapping[]> {
    return this.#run(() => [...this.#mappings.values()]);
  }

  putMapping(id: string, expectedVersion: number, data: string): Promise<number | undefined> {
    return this.#run(() => {
      if ((this.#mappings.get(id)?.version ?? 0) !== expectedVersion) return undefined;
      const version = expectedVersion + 1;
      this.#mappings.set(id, { id, version, data });
      return version;
    });
  }

  removeMapping(id: string): Promise<void> {
    return this.#run(() => {
      this.#mappings.delete(id);
      this.#rows.delete(id);
      this.#leases.delete(id);
    });
  }

  readRows(mappingId: string): Promise<readonly StoredRow[]> {
    return this.#run(() => [...(this.#rows.get(mappingId)?.values() ?? [])]);
  }

  writeRows(writes: readonly RowWrite[]): Promise<readonly (number | undefined)[]> {
    return this.#run(() => writes.map((write) => this.#writeRow(write)));
  }

  acquire(key: string, owner: LeaseOwner, unmoved?: number): Promise<AcquireResult> {
    return this.#run(() => {
      const known = this.#leases.get(key);
      if (known?.held === true && known.owner.id !== owner.id && known.counter !== unmoved) {
        return { acquired: false, owner: known.owner, counter: known.counter, ownerGone: false };
      }
      const epoch = (known?.epoch ?? 0) + 1;
      const { id, label } = owner;
      this.#leases.set(key, { owner: { id, label }, epoch, counter: (known?.counter ?? 0) + 1, held: true });
      return { acquired: true, lease: { key, ownerId: id, epoch } };
    });
  }

  renew(lease: Lease): Promise<boolean> {
    return this.#run(() => {
      const current = this.#current(lease);
      if (current === undefined) return false;
      current.counter += 1;
      return true;
    });
  }

  release(lease: Lease): Promise<void> {
    return this.#run(() => {
      const current = this.#current(lease);
      if (current !== undefined) current.held = false;
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #writeRow(write: RowWrite): number | undefined {
    const { mappingId, shard, expectedVersion, epoch, data } = write;
    const rows = this.#rows.get(mappingId) ?? new Map<string, StoredRow>();
    if (this.#leases.get(mappingId)?.epoch !== epoch || (rows.get(shard)?.version ?? 0) !== expectedVersion) return undefined;
    if (data === undefined) {
      rows.delete(shard);
      return 0;
    }
    const version = expectedVersion + 1;
    rows.set(shard, { shard, version, epoch, data });
    this.#rows.set(mappingId, rows);
    return version;
  }

  /** The lease as it stands, if this very tenure still has it: an older epoch of the same owner is over, too. */
  #current(lease: Lease): HeldLease | undefined {
    const known = this.#leases.get(lease.key);
    return known?.held === true && known.owner.id === lease.ownerId && known.epoch === lease.epoch ? known : undefined;
  }

  #run<T>(action: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('The state store (memory) is closed.'));
    return Promise.resolve(action());
  }
}

/**
 * A store in memory: the full contract, for tests, for trying out and for mappings whose positions need not survive.
 * Nothing outlives the process, and leases exclude only the engines that share this one object.
 */
export function memoryStore(): StateStore {
  return new MemoryStore();
}
