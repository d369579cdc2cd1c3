import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SqliteStoreOptions } from '../../../../adapters/store/sqlite/index.ts';
import { SqliteStoreError, sqliteStore } from '../../../../adapters/store/sqlite/index.ts';
import type { StateStore } from '../../../../src/index.ts';
import { ConfigError } from '../../../../src/index.ts';
import { compileStoreWorker } from '../../../support/store-processes.ts';

/** A database beside the store, to see and to spoil what it keeps. */
interface Sqlite {
  exec(sql: string): unknown;
  prepare(sql: string): { all(): unknown[] };
  close(): unknown;
}
const Database = createRequire(import.meta.url)('libsql') as new (path: string) => Sqlite;

let folder: string;
let path: string;
const opened: StateStore[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-sqlite-'));
  path = join(folder, 'state.db');
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
  await rm(folder, { recursive: true });
});

function open(options: Partial<SqliteStoreOptions> = {}): StateStore {
  const store = sqliteStore({ path, ...options });
  opened.push(store);
  return store;
}

function beside<T>(look: (database: Sqlite) => T): T {
  const database = new Database(path);
  try {
    return look(database);
  } finally {
    database.close();
  }
}

/** How the first call on a store fails. */
async function refusal(store: StateStore): Promise<SqliteStoreError> {
  const error: unknown = await store.listMappings().catch((reason: unknown) => reason);
  if (error instanceof SqliteStoreError) return error;
  throw new Error(`not refused: ${String(error)}`);
}

const mode = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

describe('the file of the SQLite store', () => {
  it('is not touched before the first call, and then made with its folders, for its owner only', async () => {
    path = join(folder, 'a/b/state.db');
    const store = open();
    await expect(stat(dirname(path))).rejects.toThrow('ENOENT');
    await store.putMapping('m', 0, '{}');
    expect(await Promise.all([path, `${path}-wal`, `${path}-shm`].map(mode))).toEqual(['600', '600', '600']);
    expect(await mode(dirname(path))).toBe('700');
  });

  it('keeps the mode that somebody gave it', async () => {
    await writeFile(path, '', { mode: 0o640 });
    await chmod(path, 0o640);
    await open().putMapping('m', 0, '{}');
    expect(await mode(path)).toBe('640');
  });

  it('is named by the label as it was configured', () => {
    expect(open({ path: './millrace.db' }).label).toBe('sqlite ./millrace.db');
  });

  it('may have a name that the driver would take for an address', async () => {
    path = join(folder, 'file:state.db?mode=memory#x');
    await open().putMapping('m', 0, '{}');
    expect((await stat(path)).size).toBeGreaterThan(0);
  });

  it('holds everything after close, also what was not awaited, without the log beside it', async () => {
    const store = open();
    const put = store.putMapping('m', 0, 'definition');
    await store.close();
    expect(await put).toBe(1);
    expect((await readFile(path)).includes('definition')).toBe(true);
  });

  it('is in WAL mode and says whose it is and in which version', async () => {
    await open().listMappings();
    const values = (['journal_mode', 'application_id', 'user_version'] as const).map((name) => {
      return beside((database) => database.prepare(`PRAGMA ${name}`).all()[0]);
    });
    expect(values).toEqual([{ journal_mode: 'wal' }, { application_id: 0x4d_52_41_43 }, { user_version: 1 }]);
  });

  it('takes calls in the order they were made, from the first on', async () => {
    const store = open();
    const versions = [0, 1, 2].map((version) => store.putMapping('m', version, '{}'));
    expect(await Promise.all(versions)).toEqual([1, 2, 3]);
  });

  it('is made once when several stores open it at the same moment', async () => {
    const stores = Array.from({ length: 5 }, () => open());
    const versions = await Promise.all(stores.map((store) => store.putMapping('m', 0, '{}')));
    expect(versions.filter((version) => version === 1)).toHaveLength(1);
  });
});

describe('a file that the SQLite store cannot use is refused with its path and the fix', () => {
  it('when it is not a database', async () => {
    await writeFile(path, 'mappings: []\n'.repeat(100));
    const error = await refusal(open());
    expect(error).toMatchObject({ code: 'SQLITE_NOTADB', path });
    expect(error.message).toContain(`State file ${path}: this is not an SQLite database; choose another path`);
    expect(await readFile(path, 'utf8')).toBe('mappings: []\n'.repeat(100));
  });

  it('when it belongs to another program, which then stays as it was', async () => {
    beside((database) => database.exec('CREATE TABLE theirs (a)'));
    const before = await readFile(path);
    expect(await refusal(open())).toMatchObject({ code: 'FOREIGN', path });
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it('when a newer Millrace wrote it', async () => {
    const store = open();
    await store.listMappings();
    await store.close();
    beside((database) => database.exec('PRAGMA user_version = 2'));
    const error = await refusal(open());
    expect(error.code).toBe('NEWER');
    expect(error.message).toContain('it has version 2, this Millrace knows up to 1');
  });

  it('when it is damaged', async () => {
    const store = open();
    await store.putMapping('m', 0, 'x'.repeat(100_000));
    await store.close();
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xff, 4_096, 20_000));
    expect(await refusal(open())).toMatchObject({ code: expect.stringMatching('SQLITE_CORRUPT') as string, path });
  });

  it('when it is a folder', async () => {
    await mkdir(path);
    const error = await refusal(open());
    expect(error).toMatchObject({ code: 'EISDIR', path });
    expect(error.message).toContain('this is a folder; name a file in it');
  });

  it('when a file stands where its folder should be', async () => {
    await writeFile(join(folder, 'file'), '');
    path = join(folder, 'file/state.db');
    expect((await refusal(open())).message).toContain('a part of its path is a file and not a folder');
  });

  it('when its folder may not be written', async () => {
    const workers = await compileStoreWorker();
    try {
      await chmod(folder, 0o555);
      const child = workers.start('denied', path, 'nobody');
      expect(await child.next()).toMatch(`State file ${path}: this process may not use it; give its user read and write permission`);
      await child.ended();
    } finally {
      await chmod(folder, 0o700);
      await workers.remove();
    }
  });

  it('and used by the next call after it was mended', async () => {
    await mkdir(path);
    const store = open();
    await refusal(store);
    await rm(path, { recursive: true });
    expect(await store.putMapping('m', 0, '{}')).toBe(1);
  });

  it.each([
    [{ path: '' }, 'path: must be the path of a file'],
    [{ path: ':memory:' }, 'use memoryStore()'],
    [{ path: 'x.db', busyTimeoutMs: -1 }, 'busyTimeoutMs: must be a number of milliseconds in 0..60000, not -1'],
    [{ path: 'x.db', busyTimeoutMs: Number.NaN }, 'not NaN'],
  ])('as options %j are, before anything is opened', (options, message) => {
    expect(() => sqliteStore(options)).toThrow(ConfigError);
    expect(() => sqliteStore(options)).toThrow(message);
  });
});

describe('the SQLite store beside somebody who holds the lock', () => {
  it('waits without blocking the process, and goes on when the lock is free', async () => {
    const store = open();
    await store.putMapping('m', 0, '{}');
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    const put = store.putMapping('m', 1, '{}');
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
      if (turns === 5) other.exec('ROLLBACK');
    }, 1);
    try {
      expect(await put).toBe(2);
      expect(turns).toBeGreaterThanOrEqual(5);
    } finally {
      clearInterval(turning);
      other.close();
    }
  });

  it('gives up after busyTimeoutMs, says so, and has changed nothing', async () => {
    const store = open({ busyTimeoutMs: 50 });
    await store.putMapping('m', 0, 'before');
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    try {
      await expect(store.putMapping('m', 1, 'after')).rejects.toThrow('another process keeps it locked');
      expect(await store.listMappings()).toEqual([{ id: 'm', version: 1, data: 'before' }]);
    } finally {
      other.exec('ROLLBACK');
      other.close();
    }
    expect(await store.putMapping('m', 1, 'after')).toBe(2);
  });
});

describe('a write that fails half-way', () => {
  it('leaves nothing behind and the store usable', async () => {
    const store = open();
    const answer = await store.acquire('m', { id: 'a', label: 'A' });
    const epoch = answer.acquired ? answer.lease.epoch : 0;
    const write = (shard: string) => ({ mappingId: 'm', shard, expectedVersion: 0, epoch, data: '{}' });
    beside((database) =>
      database.exec("CREATE TRIGGER spoil BEFORE INSERT ON rows WHEN NEW.shard = 'bad' BEGIN SELECT RAISE(ABORT, 'spoiled'); END"),
    );
    await expect(store.writeRows([write('good'), write('bad')])).rejects.toThrow(`State file ${path}: spoiled`);
    expect(await store.readRows('m')).toEqual([]);
    expect(await store.writeRows([write('good')])).toEqual([1]);
  });
});
