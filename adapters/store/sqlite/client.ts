import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SqliteStoreError } from './errors.ts';

/**
 * What may be bound. No boolean (the driver ends the process at one) and no null (the driver takes a single null for a
 * list of named values).
 */
export type SqlValue = string | number;

/** The part of libsql's statement that is used. */
export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/** The part of libsql's connection that is used. Every call blocks until it is done. */
export interface Connection {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): unknown;
}

/**
 * Opens the file, and makes it and its folders where they are missing. `lockWaitMs`: how long one call may block on a
 * lock of another process.
 */
export async function connect(path: string, lockWaitMs: number): Promise<Connection> {
  const Database = await loadDriver(path);
  makeFile(path);
  return new Database(path, { timeout: lockWaitMs });
}

/** SQLite's -wal and -shm files take the file's mode, so making the file first keeps all three private. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    closeSync(openSync(path, 'a', 0o600));
    return;
  }
  if (stat.isDirectory()) throw Object.assign(new Error('path is a directory'), { code: 'EISDIR' });
  // Never open and close a database that exists: POSIX drops all locks of a process on a file with the first descriptor
  // it closes, also those of another store in this process.
  accessSync(path, constants.R_OK | constants.W_OK);
}

async function loadDriver(path: string): Promise<new (path: string, options: { timeout: number }) => Connection> {
  try {
    const driver = await import('libsql');
    return driver.default;
  } catch (error) {
    const platform = `${process.platform}-${process.arch}`;
    const message = `the SQLite driver does not load on ${platform}; install Millrace's dependencies with their optional ones.`;
    throw new SqliteStoreError('DRIVER', path, message, { cause: error });
  }
}
