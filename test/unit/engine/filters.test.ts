import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueWorld } from '../../support/queue-world.ts';

const wanting = (kind: string): object => ({ filterCriteria: { filters: [{ pattern: JSON.stringify({ body: { kind: [kind] } }) }] } });
const body = (kind: string, number: number): string => JSON.stringify({ kind, number });

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

describe('FilterCriteria of a queue mapping', () => {
  it('delete what no filter wants, and hand the rest over byte for byte', async () => {
    const queue = world.queue();
    const odd = '{ "kind" : "order", "price": 1.50 }';
    for (const text of [body('chat', 1), odd, body('chat', 2)]) queue.send({ body: text });
    await world.started(queue, wanting('order'));
    await world.idle();
    expect(world.batches).toEqual([[odd]]);
    expect(queue.peek()).toEqual([]);
    expect(world.of('records.filtered')).toEqual([{ mapping: 'm', records: 2 }]);
  });

  it('delete a plain text when they expect JSON, as AWS does', async () => {
    const queue = world.queue();
    queue.send({ body: 'plain words' });
    await world.started(queue, wanting('order'));
    await world.idle();
    expect(world.batches).toEqual([]);
    expect(queue.peek()).toEqual([]);
  });

  it('do not let unwanted messages fill a batch', async () => {
    const queue = world.queue();
    for (let number = 0; number < 30; number += 1) queue.send({ body: body(number % 3 === 0 ? 'order' : 'chat', number) });
    const window = { batchSize: 10, maximumBatchingWindowInSeconds: 5, reservedConcurrentExecutions: 1 };
    await world.started(queue, { ...wanting('order'), ...window });
    await world.idle();
    expect(world.batches.map((batch) => batch.length)).toEqual([10]);
  });

  it('do not keep a credit from another mapping of the function while they only delete', async () => {
    const flood = world.queue('flood');
    const other = world.queue('other');
    for (let number = 0; number < 500; number += 1) flood.send({ body: body('chat', number) });
    other.send({ body: 'mine' });
    const target = world.engine.function({ name: 'f', target: world.target(), reservedConcurrentExecutions: 1 });
    world.engine.map({ name: 'a', ...wanting('order'), source: flood, target });
    world.engine.map({ name: 'b', source: other, target });
    await world.engine.start();
    await world.clock.settle();
    await world.clock.advance(100);
    expect(world.batches).toEqual([['mine']]);
    await world.idle();
    expect(flood.peek()).toEqual([]);
  });

  it('keep the order of a group: what is wanted of it comes one after the other', async () => {
    const queue = world.queue('orders.fifo');
    for (let number = 0; number < 12; number += 1) {
      queue.send({ body: body(number % 2 === 0 ? 'order' : 'chat', number), messageGroupId: 'g' });
    }
    await world.started(queue, wanting('order'));
    await world.idle();
    const numbers = world.batches.flat().map((text) => (JSON.parse(text) as { readonly number: number }).number);
    expect(numbers).toEqual([0, 2, 4, 6, 8, 10]);
    expect(queue.peek()).toEqual([]);
  });

  it('take a message for wanted whose body is nested too deep to be looked through, and go on with the others', async () => {
    const queue = world.queue();
    const deep = Array.from({ length: 20 }).reduce<string>((inner) => `{"a":${'['.repeat(990)}${inner}${']'.repeat(990)}}`, '"x"');
    for (const text of [deep, body('order', 1)]) queue.send({ body: text });
    const path = Array<string>(20).fill('a').join('.');
    const filters = [{ pattern: JSON.stringify({ body: { [path]: ['y'] } }) }, { pattern: '{"body":{"kind":["order"]}}' }];
    await world.started(queue, { filterCriteria: { filters } });
    await world.idle();
    expect(world.batches.flat()).toEqual([deep, body('order', 1)]);
  });
});
