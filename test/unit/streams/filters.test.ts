import { describe, expect, it } from 'vitest';
import { StreamWorld } from '../../support/stream-world.ts';

const wanting = (...kinds: string[]): object => ({ filterCriteria: { filters: [{ pattern: JSON.stringify({ data: { kind: kinds } }) }] } });

function put(world: StreamWorld, ...kinds: string[]): void {
  kinds.forEach((kind, index) => world.stream.put({ partitionKey: `key ${String(index)}`, data: JSON.stringify({ kind, number: index }) }));
}

const kindsOf = (world: StreamWorld): string[] => world.texts.map((text) => (JSON.parse(text) as { readonly kind: string }).kind);

describe('FilterCriteria of a stream mapping', () => {
  it('hand only wanted records to the function, byte for byte, and move the position over the others', async () => {
    const world = new StreamWorld();
    world.map(wanting('order'), () => undefined);
    const text = '{ "kind" : "order", "price": 1.50, "price": 2e0 }';
    put(world, 'chat', 'order', 'chat');
    world.stream.put({ partitionKey: 'x', data: text });
    put(world, 'chat');
    await world.engine.start();
    await world.idle();
    expect(world.texts).toEqual([JSON.stringify({ kind: 'order', number: 1 }), text]);
    expect(world.events.filter(({ name }) => name === 'records.filtered')).toMatchObject([{ event: { mapping: 'm', records: 3 } }]);
    await world.stop();
    world.renew();
    world.map(wanting('chat'), () => undefined);
    await world.engine.start();
    await world.idle();
    expect(world.texts).toHaveLength(2);
    await world.stop();
  });

  it('do not let unwanted records fill a batch', async () => {
    const world = new StreamWorld();
    world.map({ ...wanting('order'), batchSize: 3 }, () => undefined);
    put(world, 'order', 'chat', 'chat', 'order', 'chat', 'order', 'order');
    await world.engine.start();
    await world.idle();
    expect(world.batches.map((batch) => batch.length)).toEqual([3, 1]);
    await world.stop();
  });

  it('move the position when nothing at all is wanted', async () => {
    const world = new StreamWorld();
    world.map(wanting('order'), () => undefined);
    put(world, 'chat', 'chat');
    await world.engine.start();
    await world.idle();
    expect(kindsOf(world)).toEqual([]);
    await world.stop();
    const rows = await world.store.readRows('m');
    expect(rows.filter(({ shard }) => shard.startsWith('shardId')).map(({ data }) => data)).toEqual([
      expect.stringContaining('"at":"after"'),
    ]);
  });

  it("see the record's metadata", async () => {
    const world = new StreamWorld();
    world.map({ filterCriteria: { filters: [{ pattern: { partitionKey: ['key 1'] } }] } }, () => undefined);
    put(world, 'order', 'order');
    await world.engine.start();
    await world.idle();
    expect(world.batches.flat().map(({ key }) => key)).toEqual(['key 1']);
    await world.stop();
  });

  it("are refused with AWS's text, and with the reason and the place", () => {
    const world = new StreamWorld();
    expect(() => {
      world.map({ filterCriteria: { filters: [{ pattern: '{"data":{"kind":[{"prefxi":"x"}]}}' }] } }, () => undefined);
    }).toThrow(/filterCriteria\.filters\[0\]\.pattern: Invalid filter pattern definition\. .*at data\.kind/);
  });

  it('hold up no range that had failed when they want less of it in the next life', async () => {
    const world = new StreamWorld();
    world.map({ ...wanting('order', 'chat'), batchSize: 3 }, () => {
      throw new Error('not now');
    });
    put(world, 'order', 'order', 'chat');
    await world.engine.start();
    await world.clock.advance(200);
    await world.stop();
    world.renew();
    world.batches.length = 0;
    world.map({ ...wanting('order'), batchSize: 3 }, () => undefined);
    await world.engine.start();
    await world.idle();
    expect(kindsOf(world)).toEqual(['order', 'order']);
    await world.stop();
  });

  it('take a record for wanted whose data is nested too deep to be looked through, and go on with the others', async () => {
    const world = new StreamWorld();
    const deep = Array.from({ length: 20 }).reduce<string>((inner) => `{"a":${'['.repeat(990)}${inner}${']'.repeat(990)}}`, '"x"');
    const path = Array<string>(20).fill('a').join('.');
    world.map({ filterCriteria: { filters: [{ pattern: { data: { [path]: ['y'] } } }] } }, () => undefined);
    world.stream.put({ partitionKey: 'key', data: deep });
    put(world, 'chat');
    await world.engine.start();
    await world.idle();
    expect(world.texts).toEqual([deep]);
    await world.stop();
  });
});
