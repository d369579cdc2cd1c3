import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceiveRequest } from '../../../src/index.ts';
import { problemsOf } from '../../support/problems-of.ts';
import { between, bodies, QueueWorld } from '../../support/queue-world.ts';

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

describe('the concurrency of one mapping', () => {
  it('never exceeds MaximumConcurrency, and comes up to it', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(200));
    await world.started(queue, { batchSize: 1, scalingConfig: { maximumConcurrency: 7 } }, () => world.sleep(500));
    await world.idle();
    expect(world.most).toBe(7);
  });

  it('begins with 5 batches and grows while there is backlog', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(3000));
    await world.started(queue, { batchSize: 1, timeout: 60 }, () => world.sleep(2000));
    await world.clock.advance(100);
    expect(world.most).toBe(5);
    await world.clock.advance(9900);
    expect(world.most).toBeGreaterThan(20);
    expect(world.most).toBeLessThanOrEqual(55);
    queue.purge();
  });

  it('polls less when there is nothing to do', async () => {
    const queue = world.queue();
    await world.started(queue);
    await world.clock.advance(60_000);
    const before = world.of('source.polled').length;
    await world.clock.advance(60_000);
    expect(world.of('source.polled').length - before).toBe(2 * 3);
  });
});

describe('reserved concurrency', () => {
  it('is one number for all mappings of a function', async () => {
    const [left, right] = [world.queue('left'), world.queue('right')];
    for (const queue of [left, right]) queue.sendBatch(bodies(20));
    const target = world.engine.function({ name: 'shared', target: world.target(() => world.sleep(300)), reservedConcurrentExecutions: 3 });
    world.map(left, { name: 'left', target, batchSize: 1 });
    world.map(right, { name: 'right', target, batchSize: 1 });
    await world.engine.start();
    await world.idle();
    expect(world.most).toBe(3);
    expect(world.invoked).toHaveLength(40);
    const halfway = world.invoked.slice(0, 20).map(({ event }) => event.Records[0]?.eventSourceARN.endsWith('left'));
    expect(Math.abs(halfway.filter(Boolean).length - 10)).toBeLessThanOrEqual(2);
  });

  it('burns no receive counts: nothing is received that has no slot to run in', async () => {
    const [left, right] = [world.queue('left', { visibilityTimeoutSeconds: 5 }), world.queue('right', { visibilityTimeoutSeconds: 5 })];
    for (const queue of [left, right]) queue.sendBatch(bodies(15));
    const target = world.engine.function({
      name: 'shared',
      timeout: 10,
      target: world.target(() => world.sleep(4000)),
      reservedConcurrentExecutions: 1,
    });
    world.map(left, { name: 'left', target, batchSize: 1, heartbeat: false });
    world.map(right, { name: 'right', target, batchSize: 1, heartbeat: false });
    await world.engine.start();
    await world.idle();
    expect(world.invoked).toHaveLength(30);
    expect(world.invoked.flatMap(({ counts }) => counts)).toEqual(Array.from({ length: 30 }, () => 1));
  });

  it.each([
    { says: 'less room than', maxConcurrency: 2, reserved: 5, most: 2 },
    { says: 'more room than', maxConcurrency: 5, reserved: 2, most: 2 },
    { says: 'room, without', maxConcurrency: 3, reserved: undefined, most: 3 },
  ])('beside a target that has $says it: the smaller one counts, and what is shown is what was asked for', async (given) => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 30 });
    queue.sendBatch(bodies(20));
    const target = world.engine.function({
      name: 'shared',
      target: Object.assign(
        world.target(() => world.sleep(2000)),
        { maxConcurrency: given.maxConcurrency },
      ),
      versions: { '1': {} },
      ...(given.reserved === undefined ? {} : { reservedConcurrentExecutions: given.reserved }),
    });
    world.map(queue, { target, batchSize: 1 });
    await world.engine.start();
    await world.idle();
    expect(world.most).toBe(given.most);
    expect(world.engine.functions.map(({ reservedConcurrency }) => reservedConcurrency)).toEqual([given.reserved]);
  });

  it('holds an open receive to one invocation credit', async () => {
    const queue = world.queue();
    let open = 0;
    let most = 0;
    const receive = async (request: ReceiveRequest): ReturnType<typeof queue.receive> => {
      open += 1;
      most = Math.max(most, open + world.invoked.filter(({ endedAt }) => endedAt === undefined).length);
      try {
        return await queue.receive(request);
      } finally {
        open -= 1;
      }
    };
    queue.sendBatch(bodies(30));
    await world.started(between(queue, { receive }), { reservedConcurrentExecutions: 2, batchSize: 1 }, () => world.sleep(100));
    await world.idle();
    expect(most).toBe(2);
  });

  it('of 1 with an idle and a busy queue starves neither: the busy one goes on, the idle one is served within two seconds', async () => {
    const [idle, busy] = [world.queue('idle'), world.queue('busy')];
    busy.sendBatch(bodies(1000));
    const target = world.engine.function({ name: 'shared', target: world.target(() => world.sleep(100)), reservedConcurrentExecutions: 1 });
    world.map(idle, { name: 'idle', target, batchSize: 1 });
    world.map(busy, { name: 'busy', target, batchSize: 1 });
    await world.engine.start();
    await world.clock.advance(30_000);
    expect(world.invoked.length).toBeGreaterThan(250);
    const sentAt = world.clock.monotonic();
    idle.send({ body: 'late' });
    await world.clock.advance(2000);
    const late = world.invoked.find((one) => one.bodies.includes('late'));
    expect(late?.at ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(sentAt + 2000);
    busy.purge();
  });

  it('of 2 lets a busy queue have nearly both slots while another is idle', async () => {
    const [idle, busy] = [world.queue('idle'), world.queue('busy')];
    busy.sendBatch(bodies(1000));
    const target = world.engine.function({ name: 'shared', target: world.target(() => world.sleep(100)), reservedConcurrentExecutions: 2 });
    world.map(idle, { name: 'idle', target, batchSize: 1 });
    world.map(busy, { name: 'busy', target, batchSize: 1 });
    await world.engine.start();
    await world.clock.advance(60_000);
    expect(world.invoked.length).toBeGreaterThan(600);
    busy.purge();
  });

  it.for([1, 2, 3, 5])('of %i leaves a busy queue beside an idle one at least 0.9 of the rate it has alone', async (reserved) => {
    const rateBeside = async (names: readonly string[]): Promise<number> => {
      const one = new QueueWorld();
      const queues = names.map((name) => ({ name, queue: one.queue(name) }));
      queues[0]?.queue.sendBatch(bodies(6000));
      const target = one.engine.function({
        name: 'shared',
        target: one.target(() => one.sleep(100)),
        reservedConcurrentExecutions: reserved,
      });
      for (const { name, queue } of queues) one.map(queue, { name, target, batchSize: 1 });
      await one.engine.start();
      await one.clock.advance(60_000);
      const rate = one.invoked.length / 60;
      queues[0]?.queue.purge();
      await one.stop();
      return rate;
    };
    const alone = await rateBeside(['busy']);
    expect(await rateBeside(['busy', 'idle'])).toBeGreaterThanOrEqual(0.9 * alone);
  });

  it('is divided by the weights of its mappings', async () => {
    const [heavy, light] = [world.queue('heavy'), world.queue('light')];
    for (const queue of [heavy, light]) queue.sendBatch(bodies(2000));
    const target = world.engine.function({ name: 'shared', target: world.target(() => world.sleep(100)), reservedConcurrentExecutions: 4 });
    world.map(heavy, { name: 'heavy', target, batchSize: 1, weight: 3 });
    world.map(light, { name: 'light', target, batchSize: 1 });
    await world.engine.start();
    await world.clock.advance(60_000);
    const ofHeavy = world.invoked.filter(({ event }) => event.Records[0]?.eventSourceARN.endsWith('heavy')).length;
    expect(ofHeavy / (world.invoked.length - ofHeavy)).toBeGreaterThan(2.7);
    expect(ofHeavy / (world.invoked.length - ofHeavy)).toBeLessThan(3.3);
    for (const queue of [heavy, light]) queue.purge();
  });

  it('forgets the weight of a mapping that was taken out: one of its name counts as it says itself', async () => {
    const [left, right] = [world.queue('left'), world.queue('right')];
    const target = world.engine.function({ name: 'shared', target: world.target(() => world.sleep(100)), reservedConcurrentExecutions: 4 });
    world.map(left, { name: 'left', target, batchSize: 1, weight: 100 });
    await world.engine.start();
    await world.clock.run(world.engine.remove('left'));
    for (const queue of [left, right]) queue.sendBatch(bodies(1000));
    world.map(left, { name: 'left', target, batchSize: 1 });
    world.map(right, { name: 'right', target, batchSize: 1 });
    await world.clock.advance(20_000);
    const ofLeft = world.invoked.filter(({ event }) => event.Records[0]?.eventSourceARN.endsWith('left')).length;
    expect(ofLeft / (world.invoked.length - ofLeft)).toBeLessThan(1.2);
    for (const queue of [left, right]) queue.purge();
  });

  it('refuses a weight that is none', () => {
    expect(problemsOf(() => world.map(world.queue(), { weight: 0 }))).toEqual([
      { field: 'weight', message: 'must be a number from 0.001 to 1000 (default 1), but is the number 0' },
    ]);
  });

  it('lets one queue use long polls when it is alone', async () => {
    const queue = world.queue();
    await world.started(queue, { reservedConcurrentExecutions: 1 });
    await world.clock.advance(60_000);
    expect(world.of('source.polled').length).toBeLessThanOrEqual(4);
  });
});

describe('the concurrency of the whole engine', () => {
  it('is one number for all functions, shared alike, and says so while it is taken', async () => {
    world = new QueueWorld({ settings: { accountConcurrency: 4 } });
    const queues = ['one', 'two', 'three'].map((name) => world.queue(name));
    for (const queue of queues) {
      queue.sendBatch(bodies(600));
      world.map(queue, { name: queue.arn, batchSize: 1 }, () => world.sleep(200));
    }
    await world.engine.start();
    await world.clock.advance(30_000);
    expect(world.most).toBe(4);
    for (const queue of queues) {
      const share = world.invoked.filter(({ event }) => event.Records[0]?.eventSourceARN === queue.arn).length;
      expect(Math.abs(share - 200)).toBeLessThanOrEqual(4);
    }
    expect(world.engine.explain().join('\n')).toContain('all functions together run 4 of 4 invocations they may run at once');
    for (const queue of queues) queue.purge();
  });
});

describe('the buffer of the process', () => {
  it('stops receives when it is full, and lets a mapping that holds nothing go on', async () => {
    world = new QueueWorld({ settings: { bufferRecords: 20 } });
    const [greedy, modest] = [world.queue('greedy'), world.queue('modest')];
    greedy.sendBatch(bodies(300));
    world.map(greedy, { name: 'greedy', timeout: 100 }, (one) => world.sleep(one.bodies.includes('1') ? 1000 : 20_000));
    const mapping = world.map(modest, { name: 'modest' });
    await world.engine.start();
    await world.clock.advance(5000);
    modest.send({ body: 'modest' });
    await world.clock.advance(5000);
    expect(world.batches.flat()).toContain('modest');
    expect(mapping.inFlight).toBe(0);
    expect(world.engine.explain().join('\n')).toMatch(/records with up to \d+ bytes are in flight, which is all that may be/);
    greedy.purge();
  });

  it('sends an open batch off early rather than hold more than it may', async () => {
    world = new QueueWorld({ settings: { bufferRecords: 50 } });
    const queue = world.queue();
    queue.sendBatch(bodies(2000));
    const mapping = await world.started(queue, { batchSize: 1000, maximumBatchingWindowInSeconds: 60, timeout: 100 }, () =>
      world.sleep(10_000),
    );
    await world.clock.advance(5000);
    expect(mapping.inFlight).toBeLessThanOrEqual(50 + 5 * 10);
    expect(world.invoked.length).toBeGreaterThan(0);
    queue.purge();
  });
});
