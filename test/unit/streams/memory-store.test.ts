import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { handler } from '../../../adapters/target/function/index.ts';
import type { LogFields, Logger, RowWrite, StateStore } from '../../../src/index.ts';
import { CoreEngine, silentMeter } from '../../../src/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';

/** A store as an engine reaches it whose renewals do not arrive; `answers` are those to its writes. */
function withoutRenewals(store: StateStore): { readonly store: StateStore; readonly answers: (number | undefined)[] } {
  const answers: (number | undefined)[] = [];
  const reached: StateStore = {
    label: store.label,
    durable: store.durable,
    listMappings: () => store.listMappings(),
    putMapping: (id, version, data) => store.putMapping(id, version, data),
    removeMapping: (id) => store.removeMapping(id),
    readRows: (id) => store.readRows(id),
    writeRows: async (writes: readonly RowWrite[]) => {
      const versions = await store.writeRows(writes);
      answers.push(...versions);
      return versions;
    },
    acquire: (key, owner, unmoved) => store.acquire(key, owner, unmoved),
    renew: () => Promise.resolve(true),
    release: (lease) => store.release(lease),
    close: () => store.close(),
  };
  return { store: reached, answers };
}

describe('streams whose positions are in memory', () => {
  it('are warned of once for each engine, and those in a durable store never', () => {
    const { stream, clock, random } = new StreamWorld();
    const lines: { readonly text: string; readonly fields: LogFields }[] = [];
    const nothing = (): undefined => undefined;
    const warn = (fields: LogFields, text: string): void => {
      lines.push({ fields, text });
    };
    const logger: Logger = { debug: nothing, info: nothing, warn, error: nothing, child: () => logger };
    const begin = (store: StateStore): void => {
      const engine = new CoreEngine({ clock, random, logger, meter: silentMeter, store, ownerLabel: 'a test' });
      const target = handler(nothing);
      for (const name of ['one', 'other']) engine.map({ name, source: stream, target, startingPosition: 'LATEST' });
    };
    begin(Object.assign(memoryStore(), { durable: true }));
    expect(lines).toEqual([]);
    begin(memoryStore());
    expect(lines).toMatchObject([{ fields: { mapping: 'one', store: 'memory' } }]);
    expect(lines[0]?.text).toContain('positions of streams');
    begin(memoryStore());
    expect(lines).toHaveLength(2);
  });

  it('are written by one of two engines only: the write of the one whose lease was taken over is refused (R6)', async () => {
    const world = new StreamWorld();
    const inner = memoryStore();
    const reached = withoutRenewals(inner);
    let finish: () => void = () => undefined;
    world.store = reached.store;
    world.renew();
    const first = world.engine;
    world.map({ timeout: 900 }, () => {
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    world.put(0, 1);
    await first.start();
    await world.clock.advance(2000);
    const taken = reached.answers.length;
    expect(reached.answers).not.toContain(undefined);

    world.store = inner;
    world.renew();
    const second = world.engine;
    world.map({}, () => undefined);
    await second.start();
    await world.clock.advance(30_000);
    await world.idle();
    expect(world.texts).toEqual(['0', '0']);
    const before = await inner.readRows('m');

    finish();
    await world.clock.advance(2000);
    expect(reached.answers.slice(taken)).toContain(undefined);
    expect(reached.answers.slice(taken).filter((version) => version !== undefined)).toEqual([]);
    expect(first.mappings[0]?.problem).toMatchObject({ kind: 'lease' });

    world.put(1, 2);
    await world.idle();
    expect(world.texts).toEqual(['0', '0', '1']);
    const shard = world.stream.shardIds[0];
    const rows = [before, await inner.readRows('m')].map((all) => all.find((row) => row.shard === shard));
    expect(rows[0]?.epoch).toBe(2);
    expect(rows[1]?.epoch).toBe(2);
    expect(rows[1]?.version).toBeGreaterThan(rows[0]?.version ?? Number.NaN);
    for (const engine of [first, second]) await world.clock.run(engine.stop());
  });
});
