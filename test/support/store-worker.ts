/**
 * A process of its own on a SQLite store: `store-worker.ts COMMAND PATH OWNER ARGUMENT`. It answers in lines of JSON on
 * standard output. Started by {@link file://./store-processes.ts}.
 */
import { writeSync } from 'node:fs';
import { SqliteStore } from '../../adapters/store/sqlite/store.ts';
import type { AcquireResult } from '../../src/index.ts';

const [command = '', path = '', owner = '', argument = ''] = process.argv.slice(2);
const store = new SqliteStore(path, 10_000);
const me = { id: owner, label: `PID ${String(process.pid)}` };

/** At once and whole: a line that was said is in the pipe even if the next instruction is the last. */
function say(line: unknown): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Takes the lease, from an owner that is gone too, but never from one that lives. */
async function take(key: string): Promise<AcquireResult> {
  const answer = await store.acquire(key, me);
  return !answer.acquired && answer.ownerGone ? store.acquire(key, me, answer.counter) : answer;
}

const commands: Record<string, () => Promise<void>> = {
  /** Holds lease ARGUMENT until the process is ended. */
  async hold() {
    say(await store.acquire(argument, me));
    setInterval(() => undefined, 60_000);
  },

  /** Tries every one of ARGUMENT leases once and tells which it got. */
  async race() {
    const won: number[] = [];
    for (let n = 0; n < Number(argument); n += 1) {
      if ((await store.acquire(`lease ${String(n)}`, me)).acquired) won.push(n);
    }
    say(won);
    await store.close();
  },

  /** Adds 1 to the row `counter` of mapping `m` 100 times, under the epoch ARGUMENT that somebody else took. */
  async count() {
    for (let done = 0; done < 100; ) {
      const row = (await store.readRows('m')).find(({ shard }) => shard === 'counter');
      const data = String(Number(row?.data ?? '0') + 1);
      const write = { mappingId: 'm', shard: 'counter', expectedVersion: row?.version ?? 0, epoch: Number(argument), data };
      const [version] = await store.writeRows([write]);
      if (version !== undefined) done += 1;
    }
    await store.close();
  },

  /** Writes generation after generation to ten rows of mapping `m`, each in one call, and tells each that was confirmed. */
  async write() {
    const answer = await take('m');
    say(answer);
    if (!answer.acquired) return;
    const { epoch } = answer.lease;
    for (;;) {
      const rows = new Map((await store.readRows('m')).map((row) => [row.shard, row]));
      const generation = 1 + Math.max(0, ...[...rows.values()].map((row) => Number(row.data.split(' ')[0])));
      const shards = Array.from({ length: 10 }, (_, n) => `shard ${String(n)}`);
      const written = await store.writeRows(
        shards.map((shard) => {
          const data = `${String(generation)} ${'x'.repeat(500)}`;
          return { mappingId: 'm', shard, expectedVersion: rows.get(shard)?.version ?? 0, epoch, data };
        }),
      );
      if (written.includes(undefined)) throw new Error('a write was refused');
      say(generation);
    }
  },

  /** Loads the driver, becomes nobody (where it may), and tells how the first call fails. */
  async denied() {
    await import('libsql');
    if (process.getuid?.() === 0) process.seteuid?.(65_534);
    say(await store.listMappings().catch((error: unknown) => (error instanceof Error ? error.message : String(error))));
  },
};

await commands[command]?.();
