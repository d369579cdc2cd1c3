/**
 * What every StateStore promises, as tests. A new store calls {@link storeSuite} with a factory and its features.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AcquireResult, Lease, LeaseOwner, RowWrite, StateStore } from '../../src/index.ts';
import { storeCalls, storeModel } from './store-model.ts';

/** One empty place for state. */
export interface StorePlace {
  /** A store on this place; each call a new one. A store that is not durable is asked once. */
  open(): StateStore;
  /** Removes the place; all stores on it are closed. */
  remove(): Promise<void>;
}

/** What differs between stores. */
export interface StoreFeatures {
  /** As the store's own `durable`. */
  readonly durable: boolean;
}

const anna: LeaseOwner = { id: 'run-a', label: 'PID 1001' };
const bert: LeaseOwner = { id: 'run-b', label: 'PID 1002' };

export function storeSuite(name: string, place: () => StorePlace | Promise<StorePlace>, features: StoreFeatures): void {
  describe(`${name} keeps the promises of a state store`, () => {
    let here: StorePlace;
    let store: StateStore;
    const opened: StateStore[] = [];

    const open = (): StateStore => {
      const another = here.open();
      opened.push(another);
      return another;
    };

    beforeEach(async () => {
      here = await place();
      store = open();
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await here.remove();
    });

    it('says what it is', () => {
      expect(store.label).not.toBe('');
      expect(store.durable).toBe(features.durable);
    });

    describe('mappings', () => mappingTests(() => store));
    describe('rows', () => rowTests(() => store));
    describe('leases', () => leaseTests(() => store));
    describe('text', () => textTests(() => store));

    it('does what the model does, whatever is called in whatever order', async () => {
      await fc.assert(
        fc.asyncProperty(storeCalls, async (calls) => {
          const fresh = await place();
          const real = fresh.open();
          try {
            const model = storeModel();
            for (const call of calls) expect(await call(real)).toEqual(await call(model));
          } finally {
            await real.close();
            await fresh.remove();
          }
        }),
        { numRuns: 40 },
      );
    }, 60_000);

    it('closes more than once and refuses calls afterwards, by its name', async () => {
      await store.putMapping('m', 0, '{}');
      await Promise.all([store.close(), store.close()]);
      await store.close();
      const message = `The state store (${store.label}) is closed.`;
      const lease = { key: 'm', ownerId: anna.id, epoch: 1 };
      for (const call of [
        () => store.listMappings(),
        () => store.putMapping('m', 1, '{}'),
        () => store.removeMapping('m'),
        () => store.readRows('m'),
        () => store.writeRows([]),
        () => store.acquire('m', anna),
        () => store.renew(lease),
        () => store.release(lease),
      ]) {
        await expect(call()).rejects.toThrow(message);
      }
    });

    it('closes without ever having been used', async () => {
      await expect(store.close()).resolves.toBeUndefined();
    });

    it('completes the calls that were made before close', async () => {
      const put = store.putMapping('m', 0, '{}');
      await store.close();
      await expect(put).resolves.toBe(1);
    });

    if (features.durable) describe('durability', () => durableTests(() => store, open));
  });
}

/** The lease, or a failed test. */
function got(result: AcquireResult): Lease {
  if (!result.acquired) throw new Error(`the lease is held by ${result.owner.label}`);
  return result.lease;
}

function mappingTests(store: () => StateStore): void {
  it('starts with nothing', async () => {
    expect(await store().listMappings()).toEqual([]);
    expect(await store().readRows('m')).toEqual([]);
  });

  it('puts a new mapping at version 1 and every change one higher', async () => {
    expect(await store().putMapping('m', 0, 'first')).toBe(1);
    expect(await store().putMapping('m', 1, 'second')).toBe(2);
    expect(await store().putMapping('n', 0, 'other')).toBe(1);
    expect(await store().listMappings()).toEqual([
      { id: 'm', version: 2, data: 'second' },
      { id: 'n', version: 1, data: 'other' },
    ]);
  });

  it('refuses a mapping that was changed by somebody else, that exists already or that is missing', async () => {
    await store().putMapping('m', 0, 'first');
    expect(await store().putMapping('m', 0, 'again new')).toBeUndefined();
    expect(await store().putMapping('m', 2, 'from the future')).toBeUndefined();
    expect(await store().putMapping('n', 1, 'never put')).toBeUndefined();
    expect(await store().listMappings()).toEqual([{ id: 'm', version: 1, data: 'first' }]);
  });

  it('removes a mapping with its rows and its lease, and nothing of another', async () => {
    for (const id of ['m', 'n']) {
      await store().putMapping(id, 0, id);
      const { epoch } = got(await store().acquire(id, anna));
      await store().writeRows([{ mappingId: id, shard: 's', expectedVersion: 0, epoch, data: id }]);
    }
    await store().removeMapping('m');
    expect(await store().listMappings()).toEqual([{ id: 'n', version: 1, data: 'n' }]);
    expect(await store().readRows('m')).toEqual([]);
    expect(await store().readRows('n')).toHaveLength(1);
    expect((await store().acquire('m', bert)).acquired).toBe(true);
    expect((await store().acquire('n', bert)).acquired).toBe(false);
  });

  it('removes what is not there without complaint', async () => {
    await expect(store().removeMapping('never')).resolves.toBeUndefined();
  });
}

function rowTests(store: () => StateStore): void {
  let epoch: number;
  const row = (expectedVersion: number, data: string | undefined, change: Partial<RowWrite> = {}): RowWrite => {
    return { mappingId: 'm', shard: 's', expectedVersion, epoch, data, ...change };
  };

  beforeEach(async () => {
    await store().putMapping('m', 0, '{}');
    epoch = got(await store().acquire('m', anna)).epoch;
  });

  it('writes a new row at version 1 and every change one higher, with the epoch that wrote it', async () => {
    expect(await store().writeRows([row(0, 'first')])).toEqual([1]);
    expect(await store().writeRows([row(1, 'second')])).toEqual([2]);
    expect(await store().readRows('m')).toEqual([{ shard: 's', version: 2, epoch, data: 'second' }]);
  });

  it('refuses a row whose version is not the stored one', async () => {
    await store().writeRows([row(0, 'first')]);
    expect(await store().writeRows([row(0, 'again new')])).toEqual([undefined]);
    expect(await store().writeRows([row(2, 'ahead')])).toEqual([undefined]);
    expect(await store().writeRows([row(1, 'missing', { shard: 't' })])).toEqual([undefined]);
    expect(await store().readRows('m')).toEqual([{ shard: 's', version: 1, epoch, data: 'first' }]);
  });

  it('refuses a row under an epoch that is not the current one of its mapping (R6)', async () => {
    await store().writeRows([row(0, 'first')]);
    const old = epoch;
    epoch = got(await store().acquire('m', anna)).epoch;
    expect(await store().writeRows([row(1, 'late', { epoch: old })])).toEqual([undefined]);
    expect(await store().writeRows([row(1, 'early', { epoch: epoch + 1 })])).toEqual([undefined]);
    expect(await store().writeRows([row(0, 'no lease at all', { mappingId: 'n' })])).toEqual([undefined]);
    expect(await store().writeRows([row(1, 'in time')])).toEqual([2]);
    expect(await store().readRows('n')).toEqual([]);
  });

  it('takes a last write after the release, as long as nobody has taken the lease since', async () => {
    await store().release({ key: 'm', ownerId: anna.id, epoch });
    expect(await store().writeRows([row(0, 'flushed')])).toEqual([1]);
    await store().acquire('m', bert);
    expect(await store().writeRows([row(1, 'too late')])).toEqual([undefined]);
  });

  it('judges each write of a call for itself, in order', async () => {
    await store().writeRows([row(0, 'first')]);
    const writes = [
      row(0, 'refused'),
      row(0, 'new', { shard: 't' }),
      row(1, 'second'),
      row(2, 'third'),
      row(0, 'stale', { shard: 'u', epoch: epoch - 1 }),
    ];
    expect(await store().writeRows(writes)).toEqual([undefined, 1, 2, 3, undefined]);
    const rows = [...(await store().readRows('m'))].sort((a, b) => a.shard.localeCompare(b.shard));
    expect(rows.map(({ shard, data }) => [shard, data])).toEqual([
      ['s', 'third'],
      ['t', 'new'],
    ]);
  });

  it('removes a row at its version, and begins again at version 1 when it is written anew', async () => {
    await store().writeRows([row(0, 'first'), row(0, 'other', { shard: 't' })]);
    expect(await store().writeRows([row(1, undefined)])).toEqual([0]);
    expect(await store().readRows('m')).toEqual([{ shard: 't', version: 1, epoch, data: 'other' }]);
    expect(await store().writeRows([row(1, 'not there')])).toEqual([undefined]);
    expect(await store().writeRows([row(0, 'again')])).toEqual([1]);
  });

  it('removes nothing at another version or under another epoch (R6)', async () => {
    await store().writeRows([row(0, 'first')]);
    const old = epoch;
    epoch = got(await store().acquire('m', anna)).epoch;
    const writes = [row(0, undefined), row(2, undefined), row(1, undefined, { epoch: old }), row(0, undefined, { epoch: old, shard: 't' })];
    expect(await store().writeRows(writes)).toEqual([undefined, undefined, undefined, undefined]);
    expect(await store().readRows('m')).toEqual([{ shard: 's', version: 1, epoch: old, data: 'first' }]);
  });

  it('removes what is not there, expected so, without complaint, so that a removal can be repeated', async () => {
    expect(await store().writeRows([row(0, undefined), row(0, 'first'), row(1, undefined), row(0, undefined)])).toEqual([0, 1, 0, 0]);
    expect(await store().readRows('m')).toEqual([]);
  });

  it('writes nothing when asked for nothing', async () => {
    expect(await store().writeRows([])).toEqual([]);
  });

  it('keeps 1,000 rows of one mapping, written in one call', async () => {
    const writes = Array.from({ length: 1_000 }, (_, n) =>
      row(0, `data ${String(n)}`, { shard: `shardId-${String(n).padStart(12, '0')}` }),
    );
    expect(await store().writeRows(writes)).toEqual(writes.map(() => 1));
    const rows = new Map((await store().readRows('m')).map(({ shard, data }) => [shard, data]));
    expect(rows).toEqual(new Map(writes.map(({ shard, data }) => [shard, data])));
  });

  it('lets exactly one of several writers of the same version through', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, (_, n) => store().writeRows([row(0, String(n))])));
    expect(results.flat().filter((version) => version === 1)).toHaveLength(1);
  });
}

function leaseTests(store: () => StateStore): void {
  it('gives a free lease at epoch 1', async () => {
    const expected: AcquireResult = { acquired: true, lease: { key: 'm', ownerId: anna.id, epoch: 1 } };
    expect(await store().acquire('m', anna)).toEqual(expected);
    expect((await store().acquire('n', bert)).acquired).toBe(true);
  });

  it('gives an owner its own lease again, at a higher epoch that ends the earlier one', async () => {
    const first = got(await store().acquire('m', anna));
    const second = got(await store().acquire('m', anna));
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(await store().renew(first)).toBe(false);
    expect(await store().renew(second)).toBe(true);
  });

  it('refuses a lease that somebody else holds and names the holder', async () => {
    await store().acquire('m', anna);
    const answer = await store().acquire('m', bert);
    expect(answer).toEqual({ acquired: false, owner: anna, counter: expect.any(Number) as number, ownerGone: false });
  });

  it('moves the counter with every renewal and with nothing else', async () => {
    const lease = got(await store().acquire('m', anna));
    const counter = async (): Promise<number> => {
      const answer = await store().acquire('m', bert);
      return answer.acquired ? Number.NaN : answer.counter;
    };
    const first = await counter();
    expect(await counter()).toBe(first);
    expect(await store().renew(lease)).toBe(true);
    const second = await counter();
    expect(second).not.toBe(first);
    expect(await counter()).toBe(second);
  });

  it('lets a lease be taken over only by who names the counter as it is now (R14)', async () => {
    const lease = got(await store().acquire('m', anna));
    const seen = await store().acquire('m', bert);
    if (seen.acquired) throw new Error('two owners');
    await store().renew(lease);
    const late = await store().acquire('m', bert, seen.counter);
    if (late.acquired) throw new Error('taken over from an owner that had renewed');
    const taken = got(await store().acquire('m', bert, late.counter));
    expect(taken).toEqual({ key: 'm', ownerId: bert.id, epoch: lease.epoch + 1 });
    expect(await store().renew(lease)).toBe(false);
    expect((await store().acquire('m', anna, late.counter)).acquired).toBe(false);
    expect(await store().renew(taken)).toBe(true);
  });

  it('gives a released lease to the next who asks, at a higher epoch', async () => {
    const first = got(await store().acquire('m', anna));
    await store().release(first);
    expect(await store().renew(first)).toBe(false);
    const second = got(await store().acquire('m', bert));
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await store().release(second);
    expect(got(await store().acquire('m', anna)).epoch).toBeGreaterThan(second.epoch);
  });

  it('keeps the lease when somebody releases it who does not hold it', async () => {
    const first = got(await store().acquire('m', anna));
    await store().release({ ...first, ownerId: bert.id });
    const second = got(await store().acquire('m', anna));
    await store().release(first);
    expect((await store().acquire('m', bert)).acquired).toBe(false);
    expect(await store().renew(second)).toBe(true);
    await expect(store().release({ key: 'never', ownerId: 'nobody', epoch: 1 })).resolves.toBeUndefined();
  });

  it('gives a lease to exactly one of many who ask at once', async () => {
    const owners = Array.from({ length: 10 }, (_, n) => ({ id: `run-${String(n)}`, label: `PID ${String(n)}` }));
    const answers = await Promise.all(owners.map((owner) => store().acquire('m', owner)));
    expect(answers.filter(({ acquired }) => acquired)).toHaveLength(1);
  });
}

function textTests(store: () => StateStore): void {
  it.each([
    ['quotes and percent signs', `it's "100 %" _; DROP TABLE rows; --`],
    ['text of many scripts', 'Ünïcode 队列 очередь 😀 e\u0301'],
    ['1 MB', 'x'.repeat(1_048_576)],
    ['5 MB of 3-byte letters', '队'.repeat(1_747_626)],
    ['the empty text', ''],
  ])('gives %s back unchanged', async (_, text) => {
    const key = text.slice(0, 1_000) || 'm';
    await store().putMapping(key, 0, text);
    const { epoch } = got(await store().acquire(key, { id: key, label: key }));
    await store().writeRows([{ mappingId: key, shard: key, expectedVersion: 0, epoch, data: text }]);
    const [mapping] = await store().listMappings();
    const [row] = await store().readRows(key);
    // Not toEqual: nobody wants to read 5 MB of difference.
    expect([mapping?.id === key, mapping?.data === text, row?.shard === key, row?.data === text]).toEqual([true, true, true, true]);
  });

  it('tells keys apart that differ in case, in a trailing blank or in Unicode normalisation', async () => {
    const keys = ['m', 'M', 'm ', '\u00e9', 'e\u0301'];
    for (const key of keys) expect(await store().putMapping(key, 0, key)).toBe(1);
    expect((await store().listMappings()).map(({ data }) => data)).toEqual(keys);
  });

  it.each(['a\0b', 'half a pair \ud83d'])('gives %j back unchanged or refuses it, but never alters it', async (text) => {
    const put = await store()
      .putMapping('m', 0, text)
      .catch((error: unknown) => error);
    const stored = (await store().listMappings()).map(({ data }) => data);
    if (put instanceof Error) expect([put.message, stored]).toEqual([expect.stringContaining('Unicode'), []]);
    else expect([put, stored]).toEqual([1, [text]]);
  });
}

function durableTests(store: () => StateStore, open: () => StateStore): void {
  it('finds everything again after it was closed', async () => {
    await store().putMapping('m', 0, 'first');
    await store().putMapping('m', 1, 'second');
    const lease = got(await store().acquire('m', anna));
    await store().writeRows([{ mappingId: 'm', shard: 's', expectedVersion: 0, epoch: lease.epoch, data: 'row' }]);
    await store().close();
    const again = open();
    expect(await again.listMappings()).toEqual([{ id: 'm', version: 2, data: 'second' }]);
    expect(await again.readRows('m')).toEqual([{ shard: 's', version: 1, epoch: lease.epoch, data: 'row' }]);
    expect(await again.acquire('m', bert)).toMatchObject({ acquired: false, owner: anna });
    expect(await again.renew(lease)).toBe(true);
  });

  it('never gives an old epoch again, also not after a restart', async () => {
    const first = got(await store().acquire('m', anna));
    await store().release(first);
    await store().close();
    expect(got(await open().acquire('m', bert)).epoch).toBe(first.epoch + 1);
  });

  it('shows what one store wrote to another at once, and keeps their leases apart', async () => {
    const other = open();
    const lease = got(await store().acquire('m', anna));
    expect(await other.acquire('m', bert)).toMatchObject({ acquired: false, owner: anna });
    await store().writeRows([{ mappingId: 'm', shard: 's', expectedVersion: 0, epoch: lease.epoch, data: 'row' }]);
    expect(await other.readRows('m')).toHaveLength(1);
    await store().release(lease);
    const { epoch } = got(await other.acquire('m', bert));
    const late = { mappingId: 'm', shard: 's', expectedVersion: 1, epoch: lease.epoch, data: 'late' };
    expect(await store().writeRows([late])).toEqual([undefined]);
    expect(await other.writeRows([{ ...late, epoch }])).toEqual([2]);
  });
}
