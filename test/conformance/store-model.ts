/** A state store in its simplest words, and random calls to compare a real one with it. */
import fc from 'fast-check';
import type { StateStore } from '../../src/index.ts';

/** The part of the port that the model has. */
export type StoreCalls = Pick<
  StateStore,
  'listMappings' | 'putMapping' | 'removeMapping' | 'readRows' | 'writeRows' | 'acquire' | 'renew' | 'release'
>;

interface Tenure {
  readonly owner: string;
  readonly epoch: number;
  readonly counter: number;
}

export function storeModel(): StoreCalls {
  const mappings: Record<string, { id: string; version: number; data: string }> = {};
  let rows: { mappingId: string; shard: string; version: number; epoch: number; data: string }[] = [];
  const leases: Record<string, Tenure> = {};
  const holds = (lease: { key: string; ownerId: string; epoch: number }): boolean =>
    leases[lease.key]?.owner === lease.ownerId && leases[lease.key]?.epoch === lease.epoch;

  return {
    listMappings: async () => Object.values(mappings),
    putMapping: async (id, expected, data) => {
      if ((mappings[id]?.version ?? 0) !== expected) return undefined;
      mappings[id] = { id, version: expected + 1, data };
      return expected + 1;
    },
    removeMapping: async (id) => {
      Reflect.deleteProperty(mappings, id);
      Reflect.deleteProperty(leases, id);
      rows = rows.filter((row) => row.mappingId !== id);
    },
    readRows: async (id) => rows.filter((row) => row.mappingId === id).map(({ mappingId: _, ...row }) => row),
    writeRows: async (writes) =>
      writes.map(({ mappingId, shard, expectedVersion, epoch, data }) => {
        const at = rows.findIndex((row) => row.mappingId === mappingId && row.shard === shard);
        if ((rows[at]?.version ?? 0) !== expectedVersion || leases[mappingId]?.epoch !== epoch) return undefined;
        if (data === undefined) {
          rows = rows.filter((_, index) => index !== at);
          return 0;
        }
        rows.splice(at === -1 ? rows.length : at, 1, { mappingId, shard, version: expectedVersion + 1, epoch, data });
        return expectedVersion + 1;
      }),
    acquire: async (key, { id, label }, unmoved) => {
      const { owner, epoch, counter } = leases[key] ?? { owner: '', epoch: 0, counter: 0 };
      const free = owner === '' || owner === id || unmoved === counter;
      if (!free) return { acquired: false, owner: { id: owner, label }, counter, ownerGone: false };
      leases[key] = { owner: id, epoch: epoch + 1, counter: counter + 1 };
      return { acquired: true, lease: { key, ownerId: id, epoch: epoch + 1 } };
    },
    renew: async (lease) => {
      const held = leases[lease.key];
      if (held === undefined || !holds(lease)) return false;
      leases[lease.key] = { ...held, counter: held.counter + 1 };
      return true;
    },
    release: async (lease) => {
      const held = leases[lease.key];
      if (held !== undefined && holds(lease)) leases[lease.key] = { ...held, owner: '' };
    },
  };
}

const id = fc.constantFrom('m', 'n');
const shard = fc.constantFrom('s', 't');
const owner = fc.constantFrom('a', 'b').map((name) => ({ id: name, label: 'PID' }));
const number = fc.integer({ min: 0, max: 4 });
const data = fc.constantFrom('x', 'y');
const lease = fc.record({ key: id, ownerId: fc.constantFrom('a', 'b'), epoch: number });
const write = fc.record({ mappingId: id, shard, expectedVersion: number, epoch: number, data: fc.option(data, { nil: undefined }) });

const call = fc.oneof(
  fc.tuple(id, number, data).map((args) => named('putMapping', args, (store) => store.putMapping(...args))),
  fc.tuple(id).map((args) => named('removeMapping', args, (store) => store.removeMapping(...args))),
  { arbitrary: fc.array(write, { maxLength: 4 }).map((args) => named('writeRows', args, (store) => store.writeRows(args))), weight: 4 },
  {
    arbitrary: fc
      .tuple(id, owner, fc.option(number, { nil: undefined }))
      .map((args) => named('acquire', args, (store) => store.acquire(...args))),
    weight: 3,
  },
  lease.map((args) => named('renew', args, (store) => store.renew(args))),
  lease.map((args) => named('release', args, (store) => store.release(args))),
);

/** Sequences of calls, each followed by a look at everything. */
export const storeCalls = fc.array(call, { maxLength: 40 });

/** A call that prints itself when a sequence fails. */
function named(name: string, args: unknown, run: (store: StoreCalls) => Promise<unknown>): (store: StoreCalls) => Promise<unknown> {
  const step = async (store: StoreCalls): Promise<unknown> => {
    return [await run(store), await store.listMappings(), await store.readRows('m'), await store.readRows('n')];
  };
  return Object.assign(step, { [fc.toStringMethod]: () => `${name} ${JSON.stringify(args)}` });
}
