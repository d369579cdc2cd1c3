/**
 * The state store in one SQLite file, through libsql: the embedded default.
 *
 * - index.ts     the door: sqliteStore and its options
 * - store.ts     the port: one call after the other, patience with locks, closing
 * - database.ts  the statements of one open database and what they do in one transaction
 * - client.ts    the few vendor calls; opens the file
 * - schema.ts    tables, their version, moving an older file up
 * - process.ts   whether the process that holds a lease has ended
 * - errors.ts    what went wrong, with the path and the fix
 */

import type { StateStore } from '../../../src/index.ts';
import { ConfigError } from '../../../src/index.ts';
import { SqliteStore } from './store.ts';

export { SqliteStoreError } from './errors.ts';

/** Where the file is and how patient the store is. */
export interface SqliteStoreOptions {
  /** The database file. It and its folder are made at the first call, readable by their owner only. On a local disk. */
  readonly path: string;
  /** How long a call waits for another process that writes, ms. 0..60000. Default 5000. */
  readonly busyTimeoutMs?: number;
}

const BUSY_TIMEOUT_MS = 5_000;
const BUSY_TIMEOUT_MS_MAX = 60_000;

/**
 * A store in one SQLite file. Several processes of one machine may share the file: leases keep them apart. Nothing is
 * opened or loaded before the first call; what goes wrong then is a {@link SqliteStoreError}.
 *
 * @throws {ConfigError} for an empty path, `:memory:`, or a time-out out of range.
 */
export function sqliteStore(options: SqliteStoreOptions): StateStore {
  const { path, busyTimeoutMs = BUSY_TIMEOUT_MS } = options;
  const problems = [];
  if (typeof path !== 'string' || path.trim() === '' || path.includes('\0')) {
    problems.push({ field: 'path', message: 'must be the path of a file, such as ./millrace.db.' });
  } else if (path === ':memory:') {
    problems.push({ field: 'path', message: 'must be the path of a file; for a store in memory use memoryStore().' });
  }
  if (typeof busyTimeoutMs !== 'number' || !(busyTimeoutMs >= 0 && busyTimeoutMs <= BUSY_TIMEOUT_MS_MAX)) {
    const range = `0..${String(BUSY_TIMEOUT_MS_MAX)}`;
    problems.push({ field: 'busyTimeoutMs', message: `must be a number of milliseconds in ${range}, not ${String(busyTimeoutMs)}.` });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return new SqliteStore(path, busyTimeoutMs);
}
