/** The state file cannot be used. The message names the file and what to do; `cause` keeps the error of the driver or of the file system. */
export class SqliteStoreError extends Error {
  override readonly name = 'SqliteStoreError';
  /** Such as `SQLITE_NOTADB`, `EACCES` or, of the store's own, `FOREIGN`, `NEWER`, `TEXT`, `DRIVER`. */
  readonly code: string;
  /** The file, absolute. */
  readonly path: string;

  constructor(code: string, path: string, message: string, options?: { cause?: unknown }) {
    super(`State file ${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}

const denied = 'this process may not use it; give its user read and write permission for the file and its folder';
const isFolder = 'this is a folder; name a file in it, such as millrace.db';
const full = 'the disk is full; free some space. Nothing of the failed write was kept';

/** What to say, by the beginning of the code; the first that fits counts. */
const explanations: readonly (readonly [code: string, message: string])[] = [
  ['SQLITE_NOTADB', 'this is not an SQLite database; choose another path, or move that file away'],
  ['SQLITE_CORRUPT', 'the database is damaged; put back a copy, or move the file and its -wal and -shm away to start with empty state'],
  ['SQLITE_READONLY', denied],
  ['SQLITE_CANTOPEN', `it cannot be opened: ${denied}`],
  ['SQLITE_FULL', full],
  ['SQLITE_BUSY', 'another process keeps it locked; end what holds it, such as an open sqlite3 shell or a backup'],
  ['SQLITE_IOERR', 'reading or writing failed; look for a full or failing disk, and keep the file on a local one'],
  ['EACCES', denied],
  ['EPERM', denied],
  ['EROFS', 'the file system is read-only; choose a path that can be written'],
  ['EISDIR', isFolder],
  ['ENOTDIR', 'a part of its path is a file and not a folder; choose another path'],
  ['EEXIST', 'a part of its path is a file and not a folder; choose another path'],
  ['ENOSPC', full],
];

/** The error as a {@link SqliteStoreError}; one that already is stays as it is. */
export function explained(error: unknown, path: string): SqliteStoreError {
  if (error instanceof SqliteStoreError) return error;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const known = explanations.find(([start]) => code.startsWith(start))?.[1];
  const message = known === undefined ? `${text}.` : `${known}. (${code}: ${text})`;
  return new SqliteStoreError(code === '' ? 'UNKNOWN' : code, path, message, { cause: error });
}

/** Another connection holds the lock: the same call may succeed a moment later, and nothing was changed. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
