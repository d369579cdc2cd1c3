import type { Connection } from './client.ts';
import { SqliteStoreError } from './errors.ts';

/** Marks a file as Millrace's, so that a database of another program is never written to. */
const APPLICATION_ID = 0x4d_52_41_43;

/** Step n brings a file from version n to n + 1. Only ever append: files of every version are out there. */
const steps: readonly string[] = [
  `CREATE TABLE mappings (id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
   CREATE TABLE rows (
     mapping_id TEXT NOT NULL, shard TEXT NOT NULL, version INTEGER NOT NULL, epoch INTEGER NOT NULL, data TEXT NOT NULL,
     PRIMARY KEY (mapping_id, shard)
   ) STRICT;
   CREATE TABLE leases (
     key TEXT PRIMARY KEY NOT NULL, owner_id TEXT NOT NULL, owner_label TEXT NOT NULL,
     epoch INTEGER NOT NULL, counter INTEGER NOT NULL, held INTEGER NOT NULL,
     pid INTEGER NOT NULL, machine TEXT NOT NULL, process_start TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,
];

/** The version that this code reads and writes. */
const SCHEMA_VERSION: number = steps.length;

/** Makes a file ready for use, or throws: of another program, or of a newer Millrace. */
export function prepareSchema(connection: Connection, path: string): void {
  // First of all, so that the database of another program is not even switched to WAL.
  atOneInstant(connection, () => readVersion(connection, path));
  const mode = first(connection, 'PRAGMA journal_mode = WAL');
  if (mode !== 'wal') {
    throw new SqliteStoreError('WAL', path, `its file system allows no write-ahead log (${String(mode)}); choose a path on a local disk.`);
  }
  // NORMAL: after a power failure the last commits may be missing, never the earlier ones; what they say is done again.
  connection.exec('PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF');
  if (atOneInstant(connection, () => readVersion(connection, path)) === SCHEMA_VERSION) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    // Read again: another process may have been faster.
    for (const step of steps.slice(readVersion(connection, path))) connection.exec(step);
    connection.exec(`PRAGMA user_version = ${String(SCHEMA_VERSION)}; PRAGMA application_id = ${String(APPLICATION_ID)}; COMMIT`);
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/** Reads in one transaction: between two reads another process may bring the file from empty to the newest version. */
function atOneInstant<T>(connection: Connection, read: () => T): T {
  connection.exec('BEGIN');
  try {
    return read();
  } finally {
    if (connection.inTransaction) connection.exec('ROLLBACK');
  }
}

/** The schema version of the file, 0 when it is empty. Within a transaction. */
function readVersion(connection: Connection, path: string): number {
  const application = first(connection, 'PRAGMA application_id');
  const version = Number(first(connection, 'PRAGMA user_version'));
  const empty = application === 0 && version === 0 && first(connection, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (application !== APPLICATION_ID && !empty) {
    throw new SqliteStoreError('FOREIGN', path, 'this is the database of another program; choose another path.');
  }
  if (version > SCHEMA_VERSION) {
    const versions = `it has version ${String(version)}, this Millrace knows up to ${String(SCHEMA_VERSION)}`;
    throw new SqliteStoreError('NEWER', path, `it was written by a newer Millrace (${versions}); use that one, or another path.`);
  }
  return version;
}

/** The first column of the first row. */
function first(connection: Connection, sql: string): unknown {
  const row = connection.prepare(sql).all()[0];
  return typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
}
