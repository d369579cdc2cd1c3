import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { type StateStore, VirtualClock } from '../../../src/index.ts';
import { QueueWorld } from '../../support/queue-world.ts';

/** A store in memory that says of itself that other processes share it. */
function shared(replaced: Partial<StateStore> = {}): StateStore {
  const store = memoryStore();
  return {
    label: 'shared',
    durable: true,
    listMappings: () => store.listMappings(),
    putMapping: (id, version, data) => store.putMapping(id, version, data),
    removeMapping: (id) => store.removeMapping(id),
    readRows: (id) => store.readRows(id),
    writeRows: (writes) => store.writeRows(writes),
    acquire: (key, owner, unmoved) => store.acquire(key, owner, unmoved),
    renew: (lease) => store.renew(lease),
    release: (lease) => store.release(lease),
    close: () => store.close(),
    ...replaced,
  };
}

const STRANGER = { id: 'stranger', label: 'PID 4711' };

let clock: VirtualClock;
let worlds: QueueWorld[];

beforeEach(() => {
  clock = new VirtualClock();
  worlds = [];
});

afterEach(async () => {
  for (const world of worlds) expect(await world.stop()).toBeLessThanOrEqual(worlds.length * 3);
  expect(clock.pendingTimers).toBe(0);
});

function world(store: StateStore, ownerLabel = 'x'): QueueWorld {
  const made = new QueueWorld({ clock, store, ownerLabel, seed: worlds.length + 1 });
  worlds.push(made);
  return made;
}

describe('two engines on one store', () => {
  it('run a mapping of one name one after the other: the second waits, says for whom, and takes over after a stop', async () => {
    const store = shared();
    const [first, second] = [world(store, 'PID 1'), world(store, 'PID 2')];
    const queue = first.queue();
    await first.started(queue);
    const waiting = await second.started(queue);
    await clock.advance(5000);
    expect([waiting.state, waiting.problem]).toEqual(['Creating', { kind: 'lease', owner: 'PID 1' }]);
    expect(second.engine.explain()).toEqual(['m mapping: owned by PID 1']);
    queue.send({ body: '1' });
    await first.idle();
    await first.stop();
    await clock.advance(2000);
    expect([waiting.state, waiting.problem]).toEqual(['Enabled', undefined]);
    queue.send({ body: '2' });
    await second.idle();
    expect([first.batches, second.batches]).toEqual([[['1']], [['2']]]);
  });

  it('run mappings of different names side by side', async () => {
    const store = shared();
    const [first, second] = [world(store), world(store)];
    const queue = first.queue();
    await first.started(queue, { name: 'one' });
    const other = await second.started(queue, { name: 'other' });
    await clock.advance(1000);
    expect(other.state).toBe('Enabled');
  });
});

describe('a lease', () => {
  it('of an owner that renews no more is taken after ten seconds, whatever the wall clocks say', async () => {
    const store = shared();
    await store.acquire('m', STRANGER);
    const made = world(store);
    const mapping = await made.started(made.queue());
    clock.stepWall(3_600_000);
    await clock.advance(9000);
    expect(mapping.problem).toEqual({ kind: 'lease', owner: 'PID 4711' });
    clock.stepWall(-7_200_000);
    await clock.advance(3000);
    expect([mapping.state, mapping.problem]).toEqual(['Enabled', undefined]);
  });

  it('is not taken while its owner renews', async () => {
    const store = shared();
    const answer = await store.acquire('m', STRANGER);
    if (!answer.acquired) throw new Error('not acquired');
    const made = world(store);
    const mapping = await made.started(made.queue());
    for (let times = 0; times < 10; times += 1) {
      await clock.advance(8000);
      await store.renew(answer.lease);
    }
    expect(mapping.problem).toMatchObject({ kind: 'lease' });
    await store.release(answer.lease);
    await clock.advance(2000);
    expect(mapping.state).toBe('Enabled');
  });

  it('is taken at once when the store knows that its owner is gone', async () => {
    const inner = memoryStore();
    await inner.acquire('m', STRANGER);
    const store = shared({
      acquire: async (key, owner, unmoved) => {
        const answer = await inner.acquire(key, owner, unmoved);
        return answer.acquired ? answer : { ...answer, ownerGone: true };
      },
      renew: (lease) => inner.renew(lease),
      release: (lease) => inner.release(lease),
    });
    const made = world(store);
    const mapping = await made.started(made.queue());
    expect(mapping.state).toBe('Enabled');
  });

  it('that is lost ends the work under it, which begins again when it is free', async () => {
    const inner = memoryStore();
    let counter = 0;
    const store = shared({
      acquire: async (key, owner, unmoved) => {
        const answer = await inner.acquire(key, owner, unmoved);
        if (!answer.acquired) counter = answer.counter;
        return answer;
      },
      renew: (lease) => inner.renew(lease),
      release: (lease) => inner.release(lease),
    });
    const made = world(store);
    const queue = made.queue();
    const mapping = await made.started(queue);
    await clock.advance(1000);
    await store.acquire('m', STRANGER);
    const stolen = await inner.acquire('m', STRANGER, counter);
    if (!stolen.acquired) throw new Error('not stolen');
    for (let times = 0; times < 10; times += 1) {
      await clock.advance(3000);
      await inner.renew(stolen.lease);
    }
    expect(mapping.problem).toEqual({ kind: 'lease', owner: 'PID 4711' });
    queue.send({ body: '1' });
    await clock.advance(5000);
    expect(made.batches).toEqual([]);
    await inner.release(stolen.lease);
    await made.idle();
    expect(made.batches).toEqual([['1']]);
  });

  it('that cannot be asked for is waited for, with the reason', async () => {
    let isBroken = true;
    const inner = memoryStore();
    const store = shared({
      acquire: (key, owner, unmoved) => (isBroken ? Promise.reject(new Error('database is locked')) : inner.acquire(key, owner, unmoved)),
      renew: (lease) => inner.renew(lease),
      release: (lease) => inner.release(lease),
    });
    const made = world(store);
    const mapping = await made.started(made.queue());
    await clock.advance(5000);
    expect(mapping.problem).toMatchObject({ kind: 'store', message: 'database is locked' });
    isBroken = false;
    await clock.advance(2000);
    expect([mapping.state, mapping.problem]).toEqual(['Enabled', undefined]);
  });

  it('that cannot be renewed for a while is kept while others could not have taken it, and given up before they can', async () => {
    let isBroken = false;
    const inner = memoryStore();
    const guarded = <Value>(call: () => Promise<Value>): Promise<Value> => (isBroken ? Promise.reject(new Error('gone')) : call());
    const store = shared({
      acquire: (key, owner, unmoved) => guarded(() => inner.acquire(key, owner, unmoved)),
      renew: (lease) => guarded(() => inner.renew(lease)),
      release: (lease) => guarded(() => inner.release(lease)),
    });
    const made = world(store);
    const queue = made.queue();
    const mapping = await made.started(queue);
    await clock.advance(3000);
    isBroken = true;
    await clock.advance(5000);
    isBroken = false;
    await clock.advance(5000);
    expect(mapping.problem).toBeUndefined();
    isBroken = true;
    await clock.advance(9500);
    const polls = made.of('source.polled').length;
    await clock.advance(30_000);
    expect(mapping.problem).toMatchObject({ kind: 'store', message: 'gone' });
    expect(made.of('source.polled').length - polls).toBeLessThanOrEqual(5);
    isBroken = false;
    queue.send({ body: '1' });
    await made.idle();
    expect(made.batches).toEqual([['1']]);
  });
});
