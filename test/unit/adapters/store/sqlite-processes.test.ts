import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore } from '../../../../adapters/store/sqlite/index.ts';
import type { StateStore } from '../../../../src/index.ts';
import { SeededRandom } from '../../../../src/index.ts';
import type { StoreProcess, StoreWorkers } from '../../../support/store-processes.ts';
import { compileStoreWorker } from '../../../support/store-processes.ts';

let workers: StoreWorkers;
let folder: string;
let path: string;
let store: StateStore;
const started: StoreProcess[] = [];
const me = { id: 'this', label: 'this process' };

beforeAll(async () => {
  workers = await compileStoreWorker();
});

afterAll(() => workers.remove());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-processes-'));
  path = join(folder, 'state.db');
  store = sqliteStore({ path });
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.kill()));
  await store.close();
  await rm(folder, { recursive: true });
});

function start(command: string, owner: string, argument = ''): StoreProcess {
  const child = workers.start(command, path, owner, argument);
  started.push(child);
  return child;
}

/** The sound state of the file, as SQLite judges it. */
function integrity(): unknown {
  const Database = createRequire(import.meta.url)('libsql') as new (
    path: string,
  ) => { prepare(sql: string): { all(): unknown[] }; close(): unknown };
  const database = new Database(path);
  try {
    return database.prepare('PRAGMA integrity_check').all();
  } finally {
    database.close();
  }
}

describe('processes that share one SQLite file', () => {
  it('never hold one lease together', async () => {
    const racers = ['a', 'b', 'c'].map((owner) => start('race', owner, '100'));
    const won = (await Promise.all(racers.map((racer) => racer.next()))).flat();
    await Promise.all(racers.map((racer) => racer.ended()));
    expect(won.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 100 }, (_, n) => n));
  }, 30_000);

  it('lose no update of one row', async () => {
    const answer = await store.acquire('m', me);
    const epoch = String(answer.acquired && answer.lease.epoch);
    await Promise.all(['a', 'b', 'c'].map((owner) => start('count', owner, epoch).ended()));
    expect(await store.readRows('m')).toMatchObject([{ shard: 'counter', version: 300, data: '300' }]);
  }, 30_000);

  it('get the lease of a process that was killed at once, but not of one that lives', async () => {
    const holder = start('hold', 'holder', 'm');
    expect(await holder.next()).toMatchObject({ acquired: true, lease: { epoch: 1 } });
    const living = await store.acquire('m', me);
    expect(living).toMatchObject({ acquired: false, owner: { id: 'holder' }, ownerGone: false });

    await holder.kill();
    const gone = await store.acquire('m', me);
    if (gone.acquired) throw new Error('taken without being asked for');
    expect(gone).toMatchObject({ owner: { id: 'holder' }, ownerGone: true });
    expect(gone.owner.label).toMatch(/^PID \d+$/);
    expect(await store.acquire('m', me, gone.counter)).toEqual({ acquired: true, lease: { key: 'm', ownerId: 'this', epoch: 2 } });
  }, 30_000);
});

describe('a process that is killed while it writes to the SQLite file', () => {
  it('loses nothing that was confirmed and leaves no half transaction, 20 times in a row', async () => {
    const random = new SeededRandom(20);
    let confirmed = 0;
    let epoch = 0;
    for (let round = 0; round < 20; round += 1) {
      const writer = start('write', `writer ${String(round)}`);
      // The next writer finds the lease of one that is gone and takes it over without any wait.
      const answer = (await writer.next()) as { acquired: boolean; lease: { epoch: number } };
      expect(answer.acquired).toBe(true);
      expect(answer.lease.epoch).toBe(epoch + 1);
      epoch = answer.lease.epoch;
      const lines = 1 + Math.floor(random.next() * 30);
      for (let n = 0; n < lines; n += 1) confirmed = Number(await writer.next());
      confirmed = Math.max(confirmed, ...(await writer.kill()).map(Number));

      expect(integrity()).toEqual([{ integrity_check: 'ok' }]);
      const rows = await store.readRows('m');
      const generations = new Set(rows.map(({ data }) => Number(data.split(' ')[0])));
      expect([rows.length, generations.size]).toEqual([10, 1]);
      const [generation = 0] = generations;
      expect(generation).toBeGreaterThanOrEqual(confirmed);
      expect(generation).toBeLessThanOrEqual(confirmed + 1);
      await store.close();
      store = sqliteStore({ path });
    }
  }, 60_000);
});
