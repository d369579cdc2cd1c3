import type {
  AcquireResult,
  Discard,
  FailureDestination,
  Lease,
  LeaseOwner,
  RowWrite,
  StateStore,
  StoredMapping,
  StoredRow,
} from '../../../src/index.ts';
import { call, type Surroundings } from './faulty.ts';
import type { StreamJudge } from './judge.ts';

/** The store as one life of the engine reaches it. Durable: it outlives the process. */
export class FaultyStore implements StateStore {
  readonly label = 'simulated';
  readonly durable = true;
  readonly #around: Surroundings;
  readonly #store: StateStore;
  readonly #judge: StreamJudge;

  constructor(around: Surroundings, store: StateStore, judge: StreamJudge) {
    this.#around = around;
    this.#store = store;
    this.#judge = judge;
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
        if (versions[index] !== undefined) this.#judge.wrote(write);
      });
      return versions;
    });
  }

  acquire(key: string, owner: LeaseOwner, unmoved?: number): Promise<AcquireResult> {
    return this.#call(async () => {
      const answer = await this.#store.acquire(key, owner, unmoved);
      if (answer.acquired) this.#judge.acquired(this.#around.life, answer.lease.epoch, await this.#store.readRows(key));
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

/** The on-failure destination as one life of the engine reaches it. */
export class FaultyDestination implements FailureDestination {
  readonly label = 'simulated';
  readonly #around: Surroundings;
  readonly #judge: StreamJudge;

  constructor(around: Surroundings, judge: StreamJudge) {
    this.#around = around;
    this.#judge = judge;
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  send(discard: Discard): Promise<void> {
    const { destinationError: error, destinationLostReply: lostReply } = this.#around.faults;
    return call(this.#around, 'the destination', { error, lostReply }, () => {
      this.#judge.discarded(discard);
      return Promise.resolve();
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
