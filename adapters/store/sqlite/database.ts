import type { AcquireResult, Lease, LeaseOwner, RowWrite, StoredMapping, StoredRow } from '../../../src/index.ts';
import type { Connection, Statement } from './client.ts';
import { connect } from './client.ts';
import { SqliteStoreError } from './errors.ts';
import type { ProcessIdentity } from './process.ts';
import { isGone, ownIdentity } from './process.ts';
import { prepareSchema } from './schema.ts';

/** A row of `leases`. Spelled with snake case because SQL is. */
interface LeaseRow {
  readonly owner_id: string;
  readonly owner_label: string;
  readonly epoch: number;
  readonly counter: number;
  readonly held: number;
  readonly pid: number;
  readonly machine: string;
  readonly process_start: string;
}

const fence = 'EXISTS (SELECT 1 FROM leases WHERE key = ? AND epoch = ?)';
const tenure = 'key = ? AND owner_id = ? AND epoch = ? AND held = 1';

const queries = {
  beginNow: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  listMappings: 'SELECT id, version, data FROM mappings ORDER BY rowid',
  insertMapping: 'INSERT INTO mappings (id, version, data) VALUES (?, 1, ?) ON CONFLICT DO NOTHING',
  updateMapping: 'UPDATE mappings SET version = version + 1, data = ? WHERE id = ? AND version = ?',
  deleteMapping: 'DELETE FROM mappings WHERE id = ?',
  deleteRows: 'DELETE FROM rows WHERE mapping_id = ?',
  deleteLease: 'DELETE FROM leases WHERE key = ?',
  readRows: 'SELECT shard, version, epoch, data FROM rows WHERE mapping_id = ? ORDER BY rowid',
  insertRow: `INSERT INTO rows (mapping_id, shard, version, epoch, data) SELECT ?, ?, 1, ?, ? WHERE ${fence} ON CONFLICT DO NOTHING`,
  updateRow: `UPDATE rows SET version = version + 1, epoch = ?, data = ? WHERE mapping_id = ? AND shard = ? AND version = ? AND ${fence}`,
  deleteRow: `DELETE FROM rows WHERE mapping_id = ? AND shard = ? AND version = ? AND ${fence}`,
  findNoRow: `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM rows WHERE mapping_id = ? AND shard = ?) AND ${fence}`,
  readLease: 'SELECT owner_id, owner_label, epoch, counter, held, pid, machine, process_start FROM leases WHERE key = ?',
  takeLease: `INSERT INTO leases (key, owner_id, owner_label, epoch, counter, held, pid, machine, process_start) VALUES (?, ?, ?, 1, 1, 1, ?, ?, ?)
    ON CONFLICT DO UPDATE SET owner_id = excluded.owner_id, owner_label = excluded.owner_label, epoch = epoch + 1, counter = counter + 1,
      held = 1, pid = excluded.pid, machine = excluded.machine, process_start = excluded.process_start`,
  renewLease: `UPDATE leases SET counter = counter + 1 WHERE ${tenure}`,
  releaseLease: `UPDATE leases SET held = 0 WHERE ${tenure}`,
};

type Statements = Record<keyof typeof queries, Statement>;

/** Once, because each call of the port runs a few and a flush runs hundreds. */
function compile(connection: Connection): Statements {
  return Object.fromEntries(Object.entries(queries).map(([name, sql]) => [name, connection.prepare(sql)])) as Statements;
}

/**
 * One open database. Every method is one transaction, blocks until it is committed, and has changed nothing when it throws.
 */
export class Database {
  readonly #path: string;
  readonly #connection: Connection;
  readonly #statements: Statements;
  readonly #self: ProcessIdentity = ownIdentity();

  constructor(path: string, connection: Connection) {
    this.#path = path;
    this.#connection = connection;
    this.#statements = compile(connection);
  }

  listMappings(): readonly StoredMapping[] {
    return this.#statements.listMappings.all() as StoredMapping[];
  }

  putMapping(id: string, expectedVersion: number, data: string): number | undefined {
    const { insertMapping, updateMapping } = this.#statements;
    this.#checkText(id, data);
    const { changes } = this.#durably(() => {
      return expectedVersion === 0 ? insertMapping.run(id, data) : updateMapping.run(data, id, expectedVersion);
    });
    return changes === 1 ? expectedVersion + 1 : undefined;
  }

  removeMapping(id: string): void {
    const { deleteMapping, deleteRows, deleteLease } = this.#statements;
    this.#durably(() => {
      for (const statement of [deleteMapping, deleteRows, deleteLease]) statement.run(id);
    });
  }

  readRows(mappingId: string): readonly StoredRow[] {
    return this.#statements.readRows.all(mappingId) as StoredRow[];
  }

  writeRows(writes: readonly RowWrite[]): readonly (number | undefined)[] {
    if (writes.length === 0) return [];
    for (const write of writes) this.#checkText(write.mappingId, write.shard, write.data ?? '');
    return this.#inTransaction(() => writes.map((write) => this.#writeRow(write)));
  }

  acquire(key: string, owner: LeaseOwner, unmoved: number | undefined): AcquireResult {
    const { id, label } = owner;
    const { pid, machine, start } = this.#self;
    this.#checkText(key, id, label);
    const got = this.#inTransaction(() => {
      const known = this.#statements.readLease.get(key) as LeaseRow | undefined;
      if (known?.held === 1 && known.owner_id !== id && known.counter !== unmoved) return { holder: known };
      this.#statements.takeLease.run(key, id, label, pid, machine, start);
      return { epoch: (known?.epoch ?? 0) + 1 };
    });
    if (got.holder === undefined) return { acquired: true, lease: { key, ownerId: id, epoch: got.epoch } };
    const { holder } = got;
    const ownerGone = isGone({ pid: holder.pid, machine: holder.machine, start: holder.process_start }, this.#self);
    return { acquired: false, owner: { id: holder.owner_id, label: holder.owner_label }, counter: holder.counter, ownerGone };
  }

  renew(lease: Lease): boolean {
    return this.#statements.renewLease.run(lease.key, lease.ownerId, lease.epoch).changes === 1;
  }

  release(lease: Lease): void {
    this.#statements.releaseLease.run(lease.key, lease.ownerId, lease.epoch);
  }

  /** Moves the write-ahead log into the file, as far as no other process is in the way, and lets the file go. */
  close(): void {
    try {
      this.#connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // Nothing is lost: the log stays beside the file and the next opening reads it.
    }
    this.#connection.close();
  }

  #writeRow(write: RowWrite): number | undefined {
    const { mappingId, shard, expectedVersion, epoch, data } = write;
    const { insertRow, updateRow } = this.#statements;
    if (data === undefined) return this.#removeRow(write);
    const { changes } =
      expectedVersion === 0
        ? insertRow.run(mappingId, shard, epoch, data, mappingId, epoch)
        : updateRow.run(epoch, data, mappingId, shard, expectedVersion, mappingId, epoch);
    return changes === 1 ? expectedVersion + 1 : undefined;
  }

  #removeRow({ mappingId, shard, expectedVersion, epoch }: RowWrite): number | undefined {
    const { deleteRow, findNoRow } = this.#statements;
    const isGone =
      expectedVersion === 0
        ? findNoRow.get(mappingId, shard, mappingId, epoch) !== undefined
        : deleteRow.run(mappingId, shard, expectedVersion, mappingId, epoch).changes === 1;
    return isGone ? 0 : undefined;
  }

  /** Takes the write lock at once: a lock that is taken only after a read can fail half-way. */
  #inTransaction<T>(action: () => T): T {
    const { beginNow, commit, rollback } = this.#statements;
    beginNow.run();
    try {
      const result = action();
      commit.run();
      return result;
    } catch (error) {
      if (this.#connection.inTransaction) rollback.run();
      throw error;
    }
  }

  /** For definitions, which no one can repeat: the commit (and all before it) survives a power failure, too. */
  #durably<T>(action: () => T): T {
    this.#connection.exec('PRAGMA synchronous = FULL');
    try {
      return this.#inTransaction(action);
    } finally {
      this.#connection.exec('PRAGMA synchronous = NORMAL');
    }
  }

  /** The driver cuts text at a NUL and replaces half surrogate pairs; rather refuse than give back something else. */
  #checkText(...texts: string[]): void {
    if (texts.some((text) => text.includes('\0') || /\p{Surrogate}/u.test(text))) {
      throw new SqliteStoreError('TEXT', this.#path, 'keys and data must be whole Unicode text without NUL; encode them (JSON does).');
    }
  }
}

/** Opens the file at `path` (absolute), makes it where it is missing, and brings its tables up to date. */
export async function openDatabase(path: string, lockWaitMs: number): Promise<Database> {
  const connection = await connect(path, lockWaitMs);
  try {
    prepareSchema(connection, path);
    return new Database(path, connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}
