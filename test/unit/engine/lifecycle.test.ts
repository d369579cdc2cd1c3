import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/index.ts';
import { between, bodies, QueueWorld } from '../../support/queue-world.ts';

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

const never = <Value>(): Promise<Value> => new Promise<Value>(() => undefined);

describe('stop', () => {
  it('receives nothing new, lets what runs finish, and leaves nothing in flight', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(20));
    await world.started(queue, { batchSize: 1 }, () => world.sleep(2000));
    await world.clock.advance(100);
    const since = world.clock.monotonic();
    expect(await world.stop()).toBe(0);
    expect(world.clock.monotonic() - since).toBeLessThan(3000);
    expect(world.invoked).toHaveLength(5);
    expect(await queue.depth()).toEqual({ visible: 15, notVisible: 0, delayed: 0 });
    expect(world.of('batch.settled')).toHaveLength(5);
  });

  it('waits for an open long poll instead of aborting it, and handles what arrives late', async () => {
    const queue = world.queue();
    const aborted: boolean[] = [];
    const source = between(queue, {
      receive: (request) => {
        request.signal.addEventListener('abort', () => aborted.push(true));
        return queue.receive(request);
      },
    });
    await world.started(source);
    await world.clock.advance(5000);
    const stopped = world.engine.stop();
    await world.clock.advance(3000);
    queue.send({ body: 'late' });
    await world.clock.run(stopped);
    expect(world.batches).toEqual([['late']]);
    expect(await queue.depth()).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
    expect(aborted).toEqual([]);
    expect(world.clock.monotonic()).toBeLessThanOrEqual(20_000);
  });

  it('cuts long polls to fit its time-out from the beginning', async () => {
    world = new QueueWorld({ settings: { stopTimeoutMs: 5000 } });
    const asked = new Set<number>();
    const queue = world.queue();
    const source = between(queue, {
      receive: (request) => {
        asked.add(request.waitSeconds);
        return queue.receive(request);
      },
    });
    await world.started(source);
    await world.clock.advance(100);
    expect(await world.stop()).toBe(0);
    expect([...asked]).toEqual([4]);
    expect(world.clock.monotonic()).toBeLessThanOrEqual(5000);
  });

  it('sends off an open batch at once instead of waiting for its window', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(3));
    await world.started(queue, { maximumBatchingWindowInSeconds: 300, batchSize: 100, reservedConcurrentExecutions: 1 });
    await world.clock.advance(1000);
    expect(await world.stop()).toBe(0);
    expect(world.batches).toEqual([['1', '2', '3']]);
    expect(await queue.depth()).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
  });

  it('cuts off at its deadline what has not finished: what heeds the signal goes back at once', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(2));
    await world.started(queue, { batchSize: 1, timeout: 900 }, ({ context: { signal } }) =>
      Promise.race([world.sleep(0), new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))]).then(
        () => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
      ),
    );
    await world.clock.advance(1000);
    expect(await world.stop(2000)).toBe(0);
    expect(world.clock.monotonic()).toBeLessThan(4000);
    expect(await queue.depth()).toMatchObject({ visible: 2, notVisible: 0 });
  });

  it('leaves to its timeout what does not heed the signal, for it may still be at work', async () => {
    const queue = world.queue();
    queue.send({ body: '1' });
    await world.started(queue, { timeout: 900 }, () => never());
    await world.clock.advance(1000);
    expect(await world.stop(2000)).toBe(0);
    expect(queue.peek()).toMatchObject([{ state: 'in-flight' }]);
    await world.clock.advance(60_000);
    expect(queue.peek()).toMatchObject([{ state: 'visible' }]);
  });

  it('called again with less time shortens the first', async () => {
    const queue = world.queue();
    queue.send({ body: '1' });
    await world.started(queue, { timeout: 900 }, () => never());
    await world.clock.advance(1000);
    const first = world.engine.stop({ timeoutMs: 3_600_000 });
    await world.clock.advance(1000);
    const second = world.engine.stop({ timeoutMs: 0 });
    await world.clock.run(Promise.all([first, second]));
    expect(world.clock.monotonic()).toBeLessThan(5000);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('may be called any number of times, and before a start', async () => {
    expect(await world.stop()).toBe(0);
    expect(await world.stop()).toBe(0);
    await expect(world.engine.start()).rejects.toThrow('has been stopped');
    expect(() => world.map(world.queue())).toThrow('has been stopped');
  });

  it('resolves though the source answers nothing any more', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(10));
    let isFrozen = false;
    const frozen = <Value>(call: () => Promise<Value>): Promise<Value> => (isFrozen ? never() : call());
    const source = between(queue, {
      receive: (request) => frozen(() => queue.receive(request)),
      delete: (receipts) => frozen(() => queue.delete(receipts)),
      changeVisibility: (receipts, seconds) => frozen(() => queue.changeVisibility(receipts, seconds)),
    });
    await world.started(source, { batchSize: 2, timeout: 900 }, () => world.sleep(20_000));
    await world.clock.advance(1000);
    isFrozen = true;
    await world.clock.advance(15_000);
    const since = world.clock.monotonic();
    expect(await world.stop()).toBe(0);
    expect(world.clock.monotonic() - since).toBeLessThanOrEqual(33_000);
  });

  it('that ends at once tells of no trouble of the source: it is the stop that ends the open receives', async () => {
    const queue = world.queue();
    await world.started(queue);
    await world.clock.advance(1000);
    expect(await world.stop(0)).toBe(0);
    expect(world.of('mapping.problem')).toEqual([]);
    expect(world.lines.filter(({ level }) => level !== 'info' && level !== 'debug')).toEqual([]);
  });

  it('ends a wait for a source that does not exist', async () => {
    const queue = world.queue();
    const missing = new SourceError('not-found', 'NonExistentQueue', 'no such queue');
    await world.started(between(queue, { describe: () => Promise.reject(missing) }));
    await world.clock.advance(5000);
    const since = world.clock.monotonic();
    expect(await world.stop()).toBe(0);
    expect(world.clock.monotonic()).toBe(since);
  });

  it('ends a retry of a throttled batch, which goes back to the queue', async () => {
    const queue = world.queue();
    queue.send({ body: '1' });
    const target = {
      invoke: () => ({
        outcome: Promise.resolve({ kind: 'throttled', message: '', retryAfterMs: 20_000 } as const),
        ended: Promise.resolve(),
      }),
      close: () => Promise.resolve(),
    };
    await world.started(queue, { target });
    await world.clock.advance(1000);
    expect(await world.stop(0)).toBe(0);
    expect(await queue.depth()).toMatchObject({ visible: 1, notVisible: 0 });
  });
});

describe('idle', () => {
  it('waits for messages that await redelivery, and for delayed ones', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 20 });
    queue.send({ body: 'delayed', delaySeconds: 60 });
    queue.send({ body: 'failing' });
    await world.started(queue, { batchSize: 1 }, (one) => {
      if (one.bodies[0] === 'failing' && one.counts[0] === 1) throw new Error('boom');
    });
    expect(await world.idle()).toBeGreaterThanOrEqual(60_000);
    expect(world.batches.flat().sort()).toEqual(['delayed', 'failing', 'failing']);
  });

  it('rejects with what it waits for as text', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(3));
    await world.started(queue, { timeout: 60 }, () => world.sleep(20_000));
    await world.clock.advance(1000);
    const message = await world.clock.run(world.engine.idle({ timeoutMs: 4000 }).then(String, String));
    expect(message).toMatch(/not idle after 4000 ms: m: 3 records in flight/);
    expect(message).toMatch(/m slot \d: the function has been working on 3 records for 5\.\d s \(request [0-9a-f-]{36}\)/);
    expect(world.clock.monotonic()).toBeLessThanOrEqual(5001);
  });

  it('rejects in time though the source does not answer', async () => {
    const queue = world.queue();
    await world.started(between(queue, { depth: () => never() }));
    await expect(world.clock.run(world.engine.idle({ timeoutMs: 1000 }))).rejects.toThrow(
      /not idle after 1000 ms: a source does not answer/,
    );
  });

  it('says of a source that cannot be used why', async () => {
    const queue = world.queue();
    const denied = new SourceError('denied', 'AccessDenied', 'not authorized');
    await world.started(between(queue, { describe: () => Promise.reject(denied) }));
    await expect(world.clock.run(world.engine.idle({ timeoutMs: 1000 }))).rejects.toThrow(
      /m is Creating\n.*the source cannot be used \(denied: not authorized\)/,
    );
  });

  it('is reached at once without mappings, and does not wait for disabled ones', async () => {
    expect(await world.idle()).toBeLessThan(1000);
    const queue = world.queue();
    queue.send({ body: '1' });
    await world.started(queue, { enabled: false });
    expect(await world.idle()).toBeLessThan(1000);
    expect(world.invoked).toEqual([]);
  });

  it('is not reached before the engine was started', async () => {
    const queue = world.queue();
    queue.send({ body: '1' });
    world.map(queue);
    await expect(world.clock.run(world.engine.idle({ timeoutMs: 1000 }))).rejects.toThrow(/not idle after 1000 ms: m is not started/);
    const idle = world.engine.idle();
    await world.engine.start();
    await world.clock.run(idle);
    expect(world.batches).toEqual([['1']]);
  });
});

describe('a mapping', () => {
  it('of a source that does not exist yet waits, says so, and works when it exists', async () => {
    const queue = world.queue();
    queue.send({ body: '1' });
    let exists = false;
    const missing = new SourceError('not-found', 'NonExistentQueue', 'no such queue');
    const source = between(queue, { describe: () => (exists ? queue.describe() : Promise.reject(missing)) });
    const mapping = await world.started(source);
    await world.clock.advance(30_000);
    expect(mapping.state).toBe('Creating');
    expect(mapping.problem).toMatchObject({ kind: 'source', error: 'not-found' });
    expect(world.of('mapping.problem').length).toBeGreaterThan(1);
    exists = true;
    await world.idle();
    expect(mapping.state).toBe('Enabled');
    expect(mapping.problem).toBeUndefined();
    expect(world.batches).toEqual([['1']]);
  });

  it('whose source is deleted while it polls waits until it is there again, whatever runs goes on', async () => {
    const queue = world.queue();
    let exists = true;
    const missing = new SourceError('not-found', 'NonExistentQueue', 'no such queue');
    const guarded = <Value>(call: () => Promise<Value>): Promise<Value> => (exists ? call() : Promise.reject(missing));
    const source = between(queue, {
      describe: () => guarded(() => queue.describe()),
      receive: (request) => guarded(() => queue.receive(request)),
      depth: () => guarded(() => queue.depth()),
    });
    const mapping = await world.started(source);
    await world.clock.advance(25_000);
    exists = false;
    await world.clock.advance(60_000);
    expect(mapping.problem).toMatchObject({ kind: 'source', error: 'not-found' });
    expect(mapping.waits().every(({ reason: { kind } }) => kind === 'source')).toBe(true);
    exists = true;
    queue.send({ body: '1' });
    await world.idle();
    expect(world.batches).toEqual([['1']]);
    expect(mapping.problem).toBeUndefined();
  });

  it('can be disabled and enabled again, while others work on', async () => {
    const [one, other] = [world.queue('one'), world.queue('other')];
    const mapping = world.map(one, { name: 'one' });
    world.map(other, { name: 'other' });
    await world.engine.start();
    await world.clock.advance(1000);
    await world.clock.run(mapping.disable());
    expect(mapping.state).toBe('Disabled');
    expect(mapping.waits()).toEqual([{ part: 'mapping', reason: { kind: 'disabled' } }]);
    one.send({ body: 'one' });
    other.send({ body: 'other' });
    await world.clock.advance(5000);
    expect(world.batches).toEqual([['other']]);
    await mapping.enable();
    await world.idle();
    expect(world.batches).toEqual([['other'], ['one']]);
    const states = world.of('mapping.state').filter((event) => event.mapping === 'one');
    expect(states.map(({ to }) => to)).toEqual(['Creating', 'Enabled', 'Disabling', 'Disabled', 'Enabling', 'Enabled']);
  });

  it('that is enabled while it is being disabled works again', async () => {
    const queue = world.queue();
    const mapping = await world.started(queue);
    const disabled = mapping.disable();
    const enabled = mapping.enable();
    await world.clock.run(Promise.all([disabled, enabled]));
    queue.send({ body: '1' });
    await world.idle();
    expect([mapping.state, world.batches]).toEqual(['Enabled', [['1']]]);
  });

  it('is deleted from the queue what it finishes after it was disabled', async () => {
    const queue = world.queue();
    queue.send({ body: '1' });
    const mapping = await world.started(queue, { timeout: 60 }, () => world.sleep(5000));
    await world.clock.advance(1000);
    await world.clock.run(mapping.disable());
    expect(await queue.depth()).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
  });

  it('of a stopped engine cannot be enabled again', async () => {
    const queue = world.queue();
    const mapping = await world.started(queue);
    await world.clock.advance(1000);
    expect(await world.stop()).toBe(0);
    queue.send({ body: '1' });
    await expect(mapping.enable()).rejects.toThrow('the engine has been stopped; make a new one');
    await world.clock.advance(60_000);
    expect([mapping.state, world.invoked]).toEqual(['Disabled', []]);
  });

  it('that was added to a started engine begins to work at once, unless it is disabled', async () => {
    await world.engine.start();
    const [one, other] = [world.queue('one'), world.queue('other')];
    one.send({ body: 'one' });
    other.send({ body: 'other' });
    world.map(one, { name: 'one' });
    const disabled = world.map(other, { name: 'other', enabled: false });
    await world.idle();
    expect([world.batches, disabled.state]).toEqual([[['one']], 'Disabled']);
  });
});
