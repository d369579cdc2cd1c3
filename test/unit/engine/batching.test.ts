import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceiveRequest } from '../../../src/index.ts';
import { between, bodies, QueueWorld } from '../../support/queue-world.ts';

const PAYLOAD_BYTES_MAX = 6_291_456;
const ONE_SLOT = { reservedConcurrentExecutions: 1 };

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

const sizes = (): number[] => world.invoked.map((one) => one.bodies.length);

describe('a batch above ten', () => {
  it('is assembled from several receives, in order, and goes when it is full', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(250));
    await world.started(queue, { ...ONE_SLOT, batchSize: 100, maximumBatchingWindowInSeconds: 5 });
    await world.clock.advance(1000);
    expect(sizes()).toEqual([100, 100]);
    expect(world.batches.flat()).toEqual(bodies(200).map(({ body }) => body));
    await world.clock.advance(4000);
    expect(sizes()).toEqual([100, 100, 50]);
  });

  it('never asks for more than the batch still takes', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(30));
    const asked: number[] = [];
    const receive = (request: ReceiveRequest): ReturnType<typeof queue.receive> => {
      asked.push(request.max);
      return queue.receive(request);
    };
    await world.started(between(queue, { receive }), { ...ONE_SLOT, batchSize: 25, maximumBatchingWindowInSeconds: 60 });
    await world.clock.advance(1000);
    expect(sizes()).toEqual([25]);
    expect(asked.slice(0, 3)).toEqual([10, 10, 5]);
  });

  it('makes exactly two invocations of 30 messages with BatchSize 20 and MaximumConcurrency 2, as AWS was seen to', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(30));
    await world.started(queue, { batchSize: 20, maximumBatchingWindowInSeconds: 1, scalingConfig: { maximumConcurrency: 2 } });
    await world.idle();
    expect(sizes().reduce((sum, size) => sum + size)).toBe(30);
    expect(sizes()).toHaveLength(2);
  });
});

describe('a batch window', () => {
  const WINDOWED = { ...ONE_SLOT, batchSize: 100, maximumBatchingWindowInSeconds: 10 };

  it('opens at the first record of the batch and ends exactly so long after it', async () => {
    const queue = world.queue();
    await world.started(queue, WINDOWED);
    await world.clock.advance(33_300);
    queue.send({ body: 'first' });
    await world.clock.advance(9000);
    queue.send({ body: 'second' });
    await world.clock.advance(999);
    expect(world.invoked).toEqual([]);
    await world.clock.advance(1);
    expect(world.invoked).toMatchObject([{ bodies: ['first', 'second'], at: 43_300 }]);
  });

  it('of the next batch opens at its own first record', async () => {
    const queue = world.queue();
    queue.send({ body: 'first' });
    await world.started(queue, WINDOWED);
    await world.clock.advance(12_000);
    queue.send({ body: 'second' });
    await world.clock.advance(15_000);
    expect(world.invoked.map(({ at }) => at)).toEqual([0, 12_000].map((sent) => expect.closeTo(sent + 10_000, -2) as number));
  });

  it('ends on time though a receive has not answered, and what that brings is in the next batch', async () => {
    const queue = world.queue();
    queue.send({ body: 'first' });
    let isSlow = false;
    const receive = async (request: ReceiveRequest): ReturnType<typeof queue.receive> => {
      const messages = await queue.receive(request);
      if (isSlow) await world.sleep(7000);
      isSlow = true;
      return messages;
    };
    await world.started(between(queue, { receive }), WINDOWED);
    await world.clock.advance(8000);
    queue.send({ body: 'second' });
    await world.clock.advance(3000);
    expect(world.batches).toEqual([['first']]);
    expect(world.invoked[0]?.at).toBeLessThanOrEqual(10_001);
    isSlow = false;
    await world.idle();
    expect(world.batches).toEqual([['first'], ['second']]);
    expect(world.invoked[1]?.counts).toEqual([1]);
  });

  it('shows in the event: a record without attributes has null for their digest', async () => {
    const queue = world.queue();
    queue.send({ body: '1' });
    await world.started(queue, { maximumBatchingWindowInSeconds: 1 });
    await world.idle();
    expect(world.invoked[0]?.event.Records[0]).toHaveProperty('md5OfMessageAttributes', null);
  });

  it('asks at receive for a visibility that covers window, time-out and 30 s', async () => {
    const queue = world.queue();
    const asked = new Set<number | undefined>();
    const receive = (request: ReceiveRequest): ReturnType<typeof queue.receive> => {
      asked.add(request.visibilitySeconds);
      return queue.receive(request);
    };
    await world.started(between(queue, { receive }), { maximumBatchingWindowInSeconds: 20, timeout: 5 });
    expect([...asked]).toEqual([55]);
  });
});

describe('the payload limit', () => {
  const large = (count: number, bytes: number): { body: string }[] =>
    Array.from({ length: count }, (_, index) => ({ body: String(index).padEnd(bytes, '.') }));

  it('cuts a batch below BatchSize, and the rest follows in order', async () => {
    const queue = world.queue();
    queue.sendBatch(large(10, 900_000));
    await world.started(queue, ONE_SLOT);
    await world.idle();
    expect(sizes()).toEqual([6, 4]);
    expect(world.batches.flat().map((body) => body.charAt(0))).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
    expect(world.invoked.flatMap(({ counts }) => counts)).toEqual(Array.from({ length: 10 }, () => 1));
    for (const { event } of world.invoked) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(PAYLOAD_BYTES_MAX);
  });

  it('counts what is really sent: a text that grows in JSON fills a batch sooner', async () => {
    const queue = world.queue();
    queue.sendBatch(large(10, 900_000).map(({ body }) => ({ body: body.replaceAll('.', '\u0001') })));
    await world.started(queue, ONE_SLOT);
    await world.idle();
    expect(sizes()).toEqual(Array.from({ length: 10 }, () => 1));
    for (const { event } of world.invoked) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(PAYLOAD_BYTES_MAX);
  });

  it('does not end the window of a small batch: what fits is collected until then', async () => {
    const queue = world.queue();
    queue.sendBatch(large(3, 1_000_000));
    await world.started(queue, { ...ONE_SLOT, batchSize: 1000, maximumBatchingWindowInSeconds: 5 });
    await world.clock.advance(4999);
    expect(sizes()).toEqual([]);
    await world.clock.advance(2);
    expect(sizes()).toEqual([3]);
  });

  it('is a terminal error for a message that alone is larger: never invoked, on to the dead-letter queue, no other disturbed', async () => {
    const dead = world.queue('dead');
    const queue = world.queue('orders', { maximumMessageBytes: 10_000_000, redrive: { queue: dead, maxReceiveCount: 2 } });
    queue.sendBatch([{ body: 'before' }, { body: 'x'.repeat(7_000_000) }, { body: 'after' }]);
    await world.started(queue);
    await world.clock.advance(1000);
    expect(world.batches.flat()).toEqual(['before', 'after']);
    await world.idle();
    expect(world.batches.flat()).toEqual(['before', 'after']);
    expect(dead.peek().map(({ body, receiveCount }) => [body.length, receiveCount])).toEqual([[7_000_000, 2]]);
    const [oversized, again, ...more] = world.of('message.oversized');
    expect(oversized).toMatchObject({ mapping: 'm', limit: PAYLOAD_BYTES_MAX - 14 });
    expect(oversized?.bytes).toBeGreaterThan(7_000_000);
    expect([again?.messageId, more]).toEqual([oversized?.messageId, []]);
  });

  it('does not take the rest of its FIFO group along to the dead-letter queue', async () => {
    const dead = world.queue('dead.fifo');
    const queue = world.queue('orders.fifo', { maximumMessageBytes: 10_000_000, redrive: { queue: dead, maxReceiveCount: 3 } });
    const messages = ['a-first', 'a'.repeat(7_000_000), 'a-after', 'b-other'];
    queue.sendBatch(messages.map((body) => ({ body, messageGroupId: body.charAt(0) })));
    await world.started(queue);
    await world.idle();
    expect(world.batches).toEqual([['a-first', 'a-after', 'b-other']]);
    expect(dead.peek().map(({ body }) => body.length)).toEqual([7_000_000]);
  });
});
