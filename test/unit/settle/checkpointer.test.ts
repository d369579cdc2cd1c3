import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { type RowWrite, type StateStore, VirtualClock } from '../../../src/index.ts';
import { Latch } from '../../../src/kit/index.ts';
import { Checkpointer } from '../../../src/settle/index.ts';

/** A store whose writes are counted and can be led astray, and a checkpointer on it. */
async function bench(astray?: (write: () => Promise<readonly (number | undefined)[]>) => Promise<readonly (number | undefined)[]>) {
  const clock = new VirtualClock();
  const inner = memoryStore();
  const owner = { id: 'one', label: 'one' };
  const acquired = await inner.acquire('m', owner);
  if (!acquired.acquired) throw new Error('the lease is not free');
  const writes: (readonly RowWrite[])[] = [];
  const hurry = new Latch();
  const seen = { fenced: 0, problems: [] as (string | undefined)[] };
  const store: StateStore = {
    label: 'counted',
    durable: false,
    listMappings: () => inner.listMappings(),
    putMapping: (id, version, data) => inner.putMapping(id, version, data),
    removeMapping: (id) => inner.removeMapping(id),
    readRows: (id) => inner.readRows(id),
    writeRows: (rows) => {
      writes.push(rows);
      const write = (): Promise<readonly (number | undefined)[]> => inner.writeRows(rows);
      return astray === undefined ? write() : astray(write);
    },
    acquire: (key, who, unmoved) => inner.acquire(key, who, unmoved),
    renew: (lease) => inner.renew(lease),
    release: (lease) => inner.release(lease),
    close: () => inner.close(),
  };
  const checkpointer = new Checkpointer({
    mapping: 'm',
    epoch: acquired.lease.epoch,
    store,
    clock,
    intervalMs: 20,
    hurry,
    onFenced: () => {
      seen.fenced += 1;
    },
    onStoreProblem: (message) => {
      seen.problems.push(message);
    },
  });
  const row = (shard: string, data = 'x') => ({ shard, encode: () => data });
  const takeOver = async (): Promise<void> => {
    await inner.release(acquired.lease);
    await inner.acquire('m', { id: 'two', label: 'two' });
  };
  return { clock, inner, checkpointer, writes, seen, row, takeOver };
}

describe('the checkpointer', () => {
  it('stores all rows that have changed together, at the latest after its interval', async () => {
    const { clock, checkpointer, writes, row } = await bench();
    checkpointer.changed(row('a'));
    await clock.advance(10);
    checkpointer.changed(row('b'));
    checkpointer.changed(row('a'));
    expect(writes).toHaveLength(0);
    await clock.advance(10);
    expect(writes.map((group) => group.map(({ shard }) => shard))).toEqual([['a', 'b']]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('writes again what was written when only the reply was lost, and is not fenced by it', async () => {
    let isFirst = true;
    const { clock, inner, checkpointer, seen, row } = await bench(async (write) => {
      const versions = await write();
      if (!isFirst) return versions;
      isFirst = false;
      throw new Error('the reply was lost');
    });
    checkpointer.changed(row('a'));
    await clock.advance(1000);
    expect(await checkpointer.flush()).toBe(true);
    expect(seen.fenced).toBe(0);
    expect(seen.problems[0]).toBe('the reply was lost');
    expect(seen.problems.at(-1)).toBeUndefined();
    expect(await inner.readRows('m')).toMatchObject([{ shard: 'a', version: 2 }]);
  });

  it('removes a row that is needed no longer, together with the changes of others', async () => {
    const { inner, checkpointer, writes, row } = await bench();
    checkpointer.changed(row('a'));
    expect(await checkpointer.flush()).toBe(true);
    checkpointer.changed({ shard: 'a', encode: () => undefined });
    checkpointer.changed(row('b'));
    expect(await checkpointer.flush()).toBe(true);
    expect(writes).toHaveLength(2);
    expect((await inner.readRows('m')).map(({ shard }) => shard)).toEqual(['b']);
    checkpointer.changed(row('a'));
    expect(await checkpointer.flush()).toBe(true);
    expect(await inner.readRows('m')).toHaveLength(2);
  });

  it('is not fenced by a removal whose reply was lost', async () => {
    let calls = 0;
    const { clock, inner, checkpointer, seen, row } = await bench(async (write) => {
      calls += 1;
      const versions = await write();
      if (calls === 2) throw new Error('the reply was lost');
      return versions;
    });
    checkpointer.changed(row('a'));
    await checkpointer.flush();
    checkpointer.changed({ shard: 'a', encode: () => undefined });
    const removed = checkpointer.flush();
    await clock.advance(1000);
    expect(await removed).toBe(true);
    expect(seen.fenced).toBe(0);
    expect(await inner.readRows('m')).toEqual([]);
  });

  it('is fenced by a removal under a lease that somebody else has, who removed the row, too', async () => {
    const { inner, checkpointer, seen, row, takeOver } = await bench();
    checkpointer.changed(row('a'));
    await checkpointer.flush();
    await takeOver();
    await inner.writeRows([{ mappingId: 'm', shard: 'a', expectedVersion: 1, epoch: 2, data: undefined }]);
    expect(await inner.readRows('m')).toEqual([]);
    checkpointer.changed({ shard: 'a', encode: () => undefined });
    expect(await checkpointer.flush()).toBe(false);
    expect(seen.fenced).toBe(1);
  });

  it("stops when the mapping is somebody else's, and tells nobody that something was stored", async () => {
    const { checkpointer, inner, seen, row, takeOver } = await bench();
    await takeOver();
    checkpointer.changed(row('a'));
    const flushes = [checkpointer.flush(), checkpointer.flush()];
    checkpointer.changed(row('b'));
    flushes.push(checkpointer.flush());
    expect(await Promise.all(flushes)).toEqual([false, false, false]);
    expect(await checkpointer.flush()).toBe(false);
    expect(seen.fenced).toBe(1);
    expect(await inner.readRows('m')).toEqual([]);
  });
});
