import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AcquireResult, Lease, LeaseOwner, RowWrite, StateStore, StoredMapping, StoredRow } from '../../../src/index.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { explained, isBusy } from './errors.ts';

/** A call of the driver blocks the process, so it waits only this long for a lock; the rest is waited without blocking. */
const LOCK_WAIT_MS = 100;
const LOCK_RETRY_MS = 20;

/**
 * The port over one file. Calls take effect one after the other in the order they were made. A failed opening is tried
 * anew by the next call, so a file that is mended needs no restart.
 */
export class SqliteStore implements StateStore {
  readonly label: string;
  readonly durable = true;
  readonly #path: string;
  readonly #busyTimeoutMs: number;
  #database: Database | undefined;
  /** Resolves when all calls made so far are over; never rejects. */
  #idle: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(path: string, busyTimeoutMs: number) {
    this.label = `sqlite ${path}`;
    // Absolute: the driver takes some other texts for the address of a remote database.
    this.#path = resolve(path);
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  listMappings(): Promise<readonly StoredMapping[]> {
    return this.#run((database) => database.listMappings());
  }

  putMapping(id: string, expectedVersion: number, data: string): Promise<number | undefined> {
    return this.#run((database) => database.putMapping(id, expectedVersion, data));
  }

  removeMapping(id: string): Promise<void> {
    return this.#run((database) => database.removeMapping(id));
  }

  readRows(mappingId: string): Promise<readonly StoredRow[]> {
    return this.#run((database) => database.readRows(mappingId));
  }

  writeRows(writes: readonly RowWrite[]): Promise<readonly (number | undefined)[]> {
    return this.#run((database) => database.writeRows(writes));
  }

  acquire(key: string, owner: LeaseOwner, unmoved?: number): Promise<AcquireResult> {
    return this.#run((database) => database.acquire(key, owner, unmoved));
  }

  renew(lease: Lease): Promise<boolean> {
    return this.#run((database) => database.renew(lease));
  }

  release(lease: Lease): Promise<void> {
    return this.#run((database) => database.release(lease));
  }

  /** Calls made before still take effect; calls made after are refused. */
  close(): Promise<void> {
    this.#closed ??= this.#idle.then(() => {
      const database = this.#database;
      // Forgotten, so that the driver can let go of the compiled statements and with them of the file.
      this.#database = undefined;
      database?.close();
    });
    return this.#closed;
  }

  #run<T>(action: (database: Database) => T): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(new Error(`The state store (${this.label}) is closed.`));
    const result = this.#idle.then(() => this.#patiently(action));
    const over = (): void => undefined;
    this.#idle = result.then(over, over);
    return result;
  }

  /** Repeats what failed only because another process held the lock: such a call has changed nothing. */
  async #patiently<T>(action: (database: Database) => T): Promise<T> {
    const giveUpAt = performance.now() + this.#busyTimeoutMs;
    for (;;) {
      try {
        this.#database ??= await openDatabase(this.#path, Math.min(LOCK_WAIT_MS, this.#busyTimeoutMs));
        return action(this.#database);
      } catch (error) {
        if (!isBusy(error) || performance.now() >= giveUpAt) throw explained(error, this.#path);
      }
      await sleep(LOCK_RETRY_MS);
    }
  }
}
