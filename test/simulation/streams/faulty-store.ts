import type { AcquireResult, Lease, LeaseOwner, RowWrite, StateStore, StoredMapping, StoredRow } from '../../../src/index.ts';
import { call, type Surroundings } from './faulty.ts';
import type { MappingJudge } from './judge/index.ts';

/** What the store needs to know of a mapping. */
export interface StoredFor {
  readonly judge: MappingJudge;
  /** ParallelizationFactor of this life. */
  readonly factor: number;
}

/** The store as one life of the engine reaches it. Durable: it outlives the process. */
export class FaultyStore implements StateStore {
  readonly label = 'simulated';
  readonly durable = true;
  readonly #around: Surroundings;
  readonly #store: StateStore;
  readonly #mappings: ReadonlyMap<string, StoredFor>;

  constructor(around: Surroundings, store: StateStore, mappings: ReadonlyMap<string, StoredFor>) {
    this.#around = around;
    this.#store = store;
    this.#mappings = mappings;
  }

  listMappings(): Promise<readonly StoredMapping[]> {
    return this.#call(() => this.#store.listMappings());
  }

  putMapping(id: string, expectedVersion: number, data: string): Promise<number | undefined> {
    return this.#call(() => this.#store.putMapping(id, expectedVersion, data));
  }

  removeMapping(id: string): Promise<void> {
    return this.#call(() => this.#store.removeMapping(id));
  }

  readRows(mappingId: string): Promise<readonly StoredRow[]> {
    return this.#call(() => this.#store.readRows(mappingId));
  }

  writeRows(writes: readonly RowWrite[]): Promise<readonly (number | undefined)[]> {
    return this.#call(async () => {
      const versions = await this.#store.writeRows(writes);
      writes.forEach((write, index) => {
        if (versions[index] !== undefined) this.#mappings.get(write.mappingId)?.judge.wrote(write);
      });
      return versions;
    });
  }

  acquire(key: string, owner: LeaseOwner, unmoved?: number): Promise<AcquireResult> {
    return this.#call(async () => {
      const answer = await this.#store.acquire(key, owner, unmoved);
      const mapping = this.#mappings.get(key);
      if (answer.acquired && mapping !== undefined) {
        mapping.judge.acquired(this.#around.life, answer.lease.epoch, mapping.factor, await this.#store.readRows(key));
      }
      return answer;
    });
  }

  renew(lease: Lease): Promise<boolean> {
    return this.#call(() => this.#store.renew(lease));
  }

  release(lease: Lease): Promise<void> {
    return this.#call(() => this.#store.release(lease));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #call<Value>(action: () => Promise<Value>): Promise<Value> {
    const { storeError: error, storeLostReply: lostReply } = this.#around.faults;
    return call(this.#around, 'the store', { error, lostReply }, action);
  }
}
