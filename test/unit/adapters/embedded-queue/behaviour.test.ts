import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedQueue, embeddedQueue } from '../../../../adapters/source/embedded-queue/index.ts';
import { type QueueMessage, type ReceiveRequest, SeededRandom, VirtualClock } from '../../../../src/index.ts';

const HOUR_MS = 3_600_000;
const FIVE_MINUTES_MS = 300_000;

let clock: VirtualClock;
let random: SeededRandom;

beforeEach(() => {
  clock = new VirtualClock();
  random = new SeededRandom(3);
});

function open(queue: EmbeddedQueue, request: Partial<ReceiveRequest> = {}): Promise<readonly QueueMessage[]> {
  const { signal } = new AbortController();
  return queue.receive({ max: 10, waitSeconds: 0, visibilitySeconds: undefined, attemptId: undefined, signal, ...request });
}

function receive(queue: EmbeddedQueue, request: Partial<ReceiveRequest> = {}): Promise<readonly QueueMessage[]> {
  return clock.run(open(queue, request));
}

async function one(queue: EmbeddedQueue, request: Partial<ReceiveRequest> = {}): Promise<QueueMessage> {
  const [message] = await receive(queue, { max: 1, ...request });
  if (message === undefined) throw new Error('no message came');
  return message;
}

const bodies = (messages: readonly { readonly body: string }[]): string[] => messages.map(({ body }) => body);
const grouped = (...names: string[]): { body: string; messageGroupId: string }[] =>
  names.map((body) => ({ body, messageGroupId: body.charAt(0) }));
const fifo = (): EmbeddedQueue => embeddedQueue({ name: 'orders.fifo', contentBasedDeduplication: true, clock, random });

describe('visibility in an embedded queue', () => {
  it('can be prolonged until 12 hours after the receive, not beyond', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    queue.send({ body: 'a' });
    const message = await one(queue, { visibilitySeconds: 43_200 });
    await clock.advance(11 * HOUR_MS);
    expect(await queue.changeVisibility([message], 3600)).toEqual([{ ok: true }]);
    expect(await queue.changeVisibility([message], 3601)).toMatchObject([{ ok: false, code: 'InvalidParameterValue' }]);
    await clock.advance(HOUR_MS);
    expect(queue.peek()).toMatchObject([{ state: 'visible' }]);
  });

  it('is not changed by the handle of an earlier receive', async () => {
    const queue = embeddedQueue({ name: 'orders', visibilityTimeoutSeconds: 1, clock, random });
    queue.send({ body: 'a' });
    const first = await one(queue);
    await clock.advance(1000);
    await one(queue);
    expect(await queue.changeVisibility([first], 0)).toMatchObject([{ ok: false, code: 'InvalidParameterValue' }]);
    expect(queue.peek()).toMatchObject([{ state: 'in-flight', visibleInMs: 1000 }]);
  });

  it('takes no fraction of a second and no more than ten entries', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    await expect(queue.changeVisibility([{ messageId: 'm', receiptHandle: 'h' }], 1.5)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(queue.delete([])).rejects.toMatchObject({ kind: 'invalid' });
    await expect(queue.delete(new Array(11).fill({ messageId: 'm', receiptHandle: 'h' }))).rejects.toMatchObject({ kind: 'invalid' });
  });

  it.each([{ max: 0 }, { max: 11 }, { max: 1.5 }, { waitSeconds: 21 }, { waitSeconds: -1 }, { visibilitySeconds: 1.5 }])(
    'refuses the receive %j',
    async (request) => {
      await expect(open(embeddedQueue({ name: 'orders', clock, random }), request)).rejects.toMatchObject({
        name: 'SourceError',
        kind: 'invalid',
      });
    },
  );

  it('does not let a handle act that was never given out', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    queue.send({ body: 'a' });
    const message = await one(queue);
    for (const receiptHandle of [message.receiptHandle.replace(/-1$/u, '-2'), `${message.receiptHandle.slice(0, 9)}x`, '']) {
      expect(await queue.delete([{ ...message, receiptHandle }])).toMatchObject([{ ok: false, code: 'ReceiptHandleIsInvalid' }]);
    }
    expect(queue.peek()).toHaveLength(1);
  });

  it('does not let a handle of one queue act on another', async () => {
    const [left, right] = [embeddedQueue({ name: 'left', clock, random }), embeddedQueue({ name: 'right', clock, random })];
    left.send({ body: 'a' });
    expect(await right.delete([await one(left)])).toMatchObject([{ ok: false, code: 'ReceiptHandleIsInvalid' }]);
  });
});

describe('long polls of an embedded queue', () => {
  it('hold one timer for all, none when nobody waits', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    queue.send({ body: 'a' });
    const message = await one(queue);
    expect(clock.pendingTimers).toBe(0);
    const polls = [open(queue, { waitSeconds: 20 }), open(queue, { waitSeconds: 10 }), open(queue, { waitSeconds: 5 })];
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(1);
    await queue.delete([message]);
    expect(await clock.run(Promise.all(polls))).toEqual([[], [], []]);
    expect(clock.monotonic()).toBe(20_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('are woken by what becomes visible, at its instant', async () => {
    const queue = embeddedQueue({ name: 'orders', visibilityTimeoutSeconds: 7, clock, random });
    queue.send({ body: 'a' });
    await one(queue);
    expect(bodies(await receive(queue, { waitSeconds: 20 }))).toEqual(['a']);
    expect(clock.monotonic()).toBe(7000);
  });

  it('are woken earlier when a visibility timeout is shortened', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    queue.send({ body: 'a' });
    const message = await one(queue);
    const waiting = open(queue, { waitSeconds: 20 });
    await clock.advance(1000);
    await queue.changeVisibility([message], 3);
    expect(bodies(await clock.run(waiting))).toEqual(['a']);
    expect(clock.monotonic()).toBe(4000);
  });

  it('let go of the signal when they end', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    const { signal } = new AbortController();
    const polls = [open(queue, { waitSeconds: 20, signal }), open(queue, { waitSeconds: 1, signal })];
    await clock.advance(2000);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    queue.send({ body: 'a' });
    await clock.run(Promise.all(polls));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('are woken by the release and by the delete that unlock a group', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1', 'a2', 'a3'));
    const first = await one(queue);
    const waiting = open(queue, { max: 1, waitSeconds: 20 });
    await clock.advance(1000);
    await queue.delete([first]);
    const [second] = await clock.run(waiting);
    const again = open(queue, { waitSeconds: 20 });
    await clock.advance(1000);
    await queue.changeVisibility([second ?? first], 0);
    expect(bodies(await clock.run(again))).toEqual(['a2', 'a3']);
    expect(clock.monotonic()).toBe(2000);
  });

  it('get all that a producer sends in one go, the first that waits first', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    const polls = [open(queue, { waitSeconds: 20, max: 2 }), open(queue, { waitSeconds: 20, max: 2 })];
    await clock.advance(1000);
    for (const body of ['a', 'b', 'c']) queue.send({ body });
    const [first, second] = await clock.run(Promise.all(polls));
    expect([bodies(first ?? []), bodies(second ?? [])]).toEqual([['a', 'b'], ['c']]);
    expect(clock.monotonic()).toBe(1000);
  });

  it('end with an error when the queue is closed, and the messages stay', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    const rejected = expect(open(queue, { waitSeconds: 20 })).rejects.toMatchObject({ kind: 'unavailable', code: 'QueueClosed' });
    await clock.advance(1000);
    await queue.close();
    await rejected;
    expect(clock.pendingTimers).toBe(0);
    queue.send({ body: 'a' });
    expect(bodies(await receive(queue))).toEqual(['a']);
  });

  it('swallow nothing when they are aborted', async () => {
    const queue = embeddedQueue({ name: 'orders', clock, random });
    const stop = new AbortController();
    const rejected = expect(open(queue, { waitSeconds: 20, signal: stop.signal })).rejects.toMatchObject({ code: 'RequestAborted' });
    await clock.advance(1000);
    queue.send({ body: 'a' });
    stop.abort();
    await rejected;
    await clock.advance(0);
    expect(queue.peek()).toMatchObject([{ state: 'visible', receiveCount: 0 }]);
  });

  it('never keep others from running, however tight the loop', async () => {
    const queue = embeddedQueue({ name: 'orders' });
    const others = { haveRun: false };
    setImmediate(() => {
      others.haveRun = true;
    });
    let polls = 0;
    for (; !others.haveRun && polls < 1000; polls++) await open(queue);
    expect(polls).toBeLessThan(1000);
  });
});

describe('FIFO in an embedded queue', () => {
  it('forgets a deduplication id after five minutes', async () => {
    const queue = fifo();
    const [message] = grouped('a1');
    if (message === undefined) throw new Error('a message was expected');
    const first = queue.send(message);
    await clock.advance(FIVE_MINUTES_MS - 1);
    expect(queue.send(message)).toEqual(first);
    await clock.advance(1);
    expect(queue.send(message).messageId).not.toBe(first.messageId);
    expect(queue.peek()).toHaveLength(2);
  });

  it('hides the messages anew when a receive attempt is repeated, at the same count', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1'));
    const first = await receive(queue, { attemptId: 'x' });
    await clock.advance(20_000);
    expect(await receive(queue, { attemptId: 'x' })).toEqual(first);
    expect(queue.peek()).toMatchObject([{ visibleInMs: 30_000, receiveCount: 1 }]);
  });

  it('gives the messages as received again once the visibility timeout of the attempt has ended', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1'));
    const [first] = await receive(queue, { attemptId: 'x' });
    await clock.advance(30_000);
    const [again] = await receive(queue, { attemptId: 'x' });
    expect(again).toMatchObject({ messageId: first?.messageId, receiveCount: 2 });
  });

  it('takes an attempt id for a new one once the visibility of a message was changed', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1', 'b1'));
    await queue.changeVisibility([await one(queue, { attemptId: 'x' })], 60);
    expect(bodies(await receive(queue, { attemptId: 'x' }))).toEqual(['b1']);
  });

  it('keeps a group locked when the first of its messages in flight is released', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1', 'a2', 'a3'));
    const [first, second] = await receive(queue, { max: 2 });
    if (first === undefined || second === undefined) throw new Error('two messages were expected');
    await queue.changeVisibility([first], 0);
    expect(await receive(queue)).toEqual([]);
    await queue.delete([second]);
    expect(bodies(await receive(queue))).toEqual(['a1', 'a3']);
  });

  it('takes an attempt id for a new one after five minutes', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1', 'b1'));
    await one(queue, { attemptId: 'x', visibilitySeconds: 3600 });
    await clock.advance(FIVE_MINUTES_MS);
    expect(bodies(await receive(queue, { attemptId: 'x' }))).toEqual(['b1']);
  });

  it('lets groups take turns', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1', 'a2', 'b1', 'c1'));
    const seen: string[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const message = await one(queue);
      seen.push(message.body);
      await queue.delete([message]);
    }
    expect(seen).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  it('delays every message by the delay of the queue and keeps the order', async () => {
    const queue = embeddedQueue({ name: 'orders.fifo', contentBasedDeduplication: true, delaySeconds: 5, clock, random });
    queue.sendBatch(grouped('a1', 'a2'));
    await clock.advance(1000);
    queue.sendBatch(grouped('a3'));
    expect(await queue.depth()).toEqual({ visible: 0, notVisible: 0, delayed: 3 });
    expect(bodies(await receive(queue, { waitSeconds: 20 }))).toEqual(['a1', 'a2']);
    expect(clock.monotonic()).toBe(5000);
  });
});

describe('the redrive policy of an embedded queue', () => {
  it('moves in order, says where from, counts on, and leaves the rest of the group to the next receive', async () => {
    const dead = embeddedQueue({ name: 'dead.fifo', clock, random });
    const redrive = { queue: dead, maxReceiveCount: 1 };
    const queue = embeddedQueue({ name: 'orders.fifo', contentBasedDeduplication: true, redrive, clock, random });
    queue.sendBatch(grouped('a1', 'a2', 'a3'));
    await queue.changeVisibility(await receive(queue, { max: 2 }), 0);
    expect(bodies(await receive(queue))).toEqual(['a3']);
    expect(dead.peek()).toMatchObject([{ body: 'a1' }, { body: 'a2' }]);
    expect(await one(dead)).toMatchObject({
      receiveCount: 2,
      attributes: { DeadLetterQueueSourceArn: queue.arn, ApproximateReceiveCount: '2' },
    });
  });

  it('of a dead-letter queue counts the receives there only', async () => {
    const last = embeddedQueue({ name: 'last', clock, random });
    const dead = embeddedQueue({ name: 'dead', redrive: { queue: last, maxReceiveCount: 2 }, clock, random });
    const queue = embeddedQueue({ name: 'orders', redrive: { queue: dead, maxReceiveCount: 3 }, clock, random });
    queue.send({ body: 'a' });
    for (let turn = 0; turn < 3; turn++) await queue.changeVisibility([await one(queue)], 0);
    expect(await receive(queue)).toEqual([]);
    for (let turn = 0; turn < 2; turn++) await dead.changeVisibility([await one(dead)], 0);
    expect(await receive(dead)).toEqual([]);
    expect(last.peek()).toMatchObject([{ body: 'a', receiveCount: 5 }]);
  });

  it('loses nothing when the dead-letter queue is full, and wakes who waits there', async () => {
    const dead = embeddedQueue({ name: 'dead', maximumMessages: 1, clock, random });
    const queue = embeddedQueue({ name: 'orders', redrive: { queue: dead, maxReceiveCount: 1 }, clock, random });
    queue.sendBatch([{ body: 'a' }, { body: 'b' }]);
    await queue.changeVisibility(await receive(queue), 0);
    const waiting = open(dead, { waitSeconds: 20 });
    await clock.advance(1000);
    expect(await receive(queue)).toEqual([]);
    expect(bodies(await clock.run(waiting))).toEqual(['a', 'b']);
    expect(clock.monotonic()).toBe(1000);
  });
});

describe('what an embedded queue holds', () => {
  it('goes after the retention time, in flight or not', async () => {
    const queue = embeddedQueue({ name: 'orders', retentionSeconds: 60, clock, random });
    queue.sendBatch([{ body: 'a' }, { body: 'b' }]);
    const message = await one(queue, { visibilitySeconds: 3600 });
    await clock.advance(30_000);
    queue.send({ body: 'c' });
    await clock.advance(30_000);
    expect(bodies(queue.peek())).toEqual(['c']);
    expect(await queue.delete([message])).toEqual([{ ok: true }]);
    expect(await queue.depth()).toEqual({ visible: 1, notVisible: 0, delayed: 0 });
  });

  it('can be looked at without being received', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1', 'b1'));
    await one(queue);
    await clock.advance(10_000);
    expect(queue.peek()).toMatchObject([
      { body: 'a1', groupId: 'a', state: 'in-flight', receiveCount: 1, visibleInMs: 20_000 },
      { body: 'b1', groupId: 'b', state: 'visible', receiveCount: 0, visibleInMs: 0 },
    ]);
    expect(await queue.depth()).toEqual({ visible: 1, notVisible: 1, delayed: 0 });
  });

  it('goes with a purge, in flight or not', async () => {
    const queue = fifo();
    queue.sendBatch(grouped('a1', 'a2', 'b1'));
    const message = await one(queue);
    queue.purge();
    expect(await queue.depth()).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
    expect(await queue.delete([message])).toEqual([{ ok: true }]);
    queue.sendBatch(grouped('a4'));
    expect(bodies(await receive(queue))).toEqual(['a4']);
  });

  it('tells the time people read apart from the time that passes', async () => {
    const queue = embeddedQueue({ name: 'orders', visibilityTimeoutSeconds: 5, clock, random });
    queue.send({ body: 'a' });
    const sentAt = clock.wall();
    clock.stepWall(-HOUR_MS);
    const first = await one(queue);
    clock.stepWall(2 * HOUR_MS);
    expect(await receive(queue)).toEqual([]);
    await clock.advance(5000);
    const again = await one(queue);
    expect(again.attributes).toMatchObject({ SentTimestamp: String(sentAt), ApproximateFirstReceiveTimestamp: String(sentAt - HOUR_MS) });
    expect(first.attributes['ApproximateFirstReceiveTimestamp']).toBe(String(sentAt - HOUR_MS));
  });
});
