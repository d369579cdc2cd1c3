/** Defects of others in this field that concern queues: each is a promise here, by the name of what went wrong there. */
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryResult, QueueMessage, QueueReceipt, QueueSource } from '../../../src/index.ts';
import { between, bodies, QueueWorld } from '../../support/queue-world.ts';

const TRANSIENT: EntryResult = { ok: false, code: 'InternalError', message: 'try later', retryable: true };

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

describe('a message that is received again while it is in flight', () => {
  it('is not delivered a second time, and its newest handle is the one that is deleted', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 10 });
    queue.send({ body: '1' });
    const deleted: string[] = [];
    const received: string[] = [];
    const source = between(queue, {
      receive: async (request) => {
        const messages = await queue.receive(request);
        received.push(...messages.map(({ receiptHandle }) => receiptHandle));
        return messages;
      },
      // A beat that is answered and has no effect: the message becomes visible under the running handler.
      changeVisibility: (receipts) => Promise.resolve(receipts.map(() => ({ ok: true }))),
      delete: (receipts: readonly QueueReceipt[]) => {
        deleted.push(...receipts.map(({ receiptHandle }) => receiptHandle));
        return queue.delete(receipts);
      },
    });
    await world.started(source, { timeout: 60 }, () => world.sleep(15_000));
    await world.idle();
    expect(world.batches).toEqual([['1']]);
    expect(received).toHaveLength(2);
    expect(deleted).toEqual([received[1]]);
    expect(world.of('source.duplicates')).toEqual([{ mapping: 'm', messages: 1 }]);
  });

  it('is still known when the first copy has been deleted and a delete was lost', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5 });
    queue.send({ body: '1' });
    let isLosing = true;
    const source = between(queue, {
      delete: (receipts) => (isLosing ? Promise.resolve(receipts.map(() => TRANSIENT)) : queue.delete(receipts)),
    });
    await world.started(source);
    await world.clock.advance(30_000);
    expect(world.of('settle.failed').length).toBeGreaterThan(0);
    isLosing = false;
    await world.idle();
    expect(world.batches).toEqual([['1']]);
  });
});

describe('a heartbeat', () => {
  it('has ended before the delete, so that it never touches a deleted message', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 10 });
    queue.sendBatch(bodies(3));
    const log: string[] = [];
    const source = between(queue, {
      changeVisibility: async (receipts, seconds) => {
        log.push('beat begins');
        await world.sleep(3000);
        const results = await queue.changeVisibility(receipts, seconds);
        log.push('beat ends');
        return results;
      },
      delete: (receipts) => {
        log.push('delete');
        return queue.delete(receipts);
      },
    });
    await world.started(source, { timeout: 60 }, () => world.sleep(6000));
    await world.idle();
    await world.clock.advance(60_000);
    expect(log).toEqual(['beat begins', 'beat ends', 'delete']);
  });

  it('has an end: 12 hours after the receive, though the handler still holds its group', async () => {
    const HOUR_MS = 3_600_000;
    const queue = world.queue('orders.fifo', { visibilityTimeoutSeconds: 600 });
    queue.send({ body: '1', messageGroupId: 'g' });
    const hiddenUntil: number[] = [];
    const source = between(queue, {
      changeVisibility: (receipts, seconds) => {
        hiddenUntil.push(world.clock.monotonic() + seconds * 1000);
        return queue.changeVisibility(receipts, seconds);
      },
    });
    await world.started(source, { timeout: 900 }, () => (world.invoked.length === 1 ? world.sleep(13 * HOUR_MS) : undefined));
    await world.clock.advance(11.99 * HOUR_MS);
    expect(queue.peek()).toMatchObject([{ state: 'in-flight', receiveCount: 1 }]);
    expect(Math.max(...hiddenUntil)).toBeLessThanOrEqual(12 * HOUR_MS);
    await world.clock.advance(HOUR_MS);
    expect(queue.peek()).toMatchObject([{ receiveCount: 2 }]);
    expect(world.invoked).toHaveLength(1);
    await world.idle();
    expect(world.invoked).toHaveLength(2);
  });

  it('renews what waits in an open batch and what a slow function works on: it comes only once', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 30 });
    queue.sendBatch(bodies(5));
    await world.started(queue, { batchSize: 100, maximumBatchingWindowInSeconds: 200, timeout: 900, reservedConcurrentExecutions: 1 }, () =>
      world.sleep(600_000),
    );
    await world.idle();
    expect(world.invoked.map(({ counts }) => counts)).toEqual([[1, 1, 1, 1, 1]]);
    expect(world.of('source.duplicates')).toEqual([]);
  });
});

describe('a stop', () => {
  it('does not abort deletes that are under way', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(10));
    const source = between(queue, {
      delete: async (receipts) => {
        await world.sleep(2000);
        return queue.delete(receipts);
      },
    });
    await world.started(source);
    await world.clock.advance(100);
    expect(await world.stop()).toBe(0);
    expect(await queue.depth()).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
  });
});

describe('a batch handler', () => {
  it('has a time-out', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 60 });
    queue.sendBatch(bodies(2));
    await world.started(queue, { timeout: 3 }, ({ context: { signal } }) =>
      world.invoked.length > 1
        ? undefined
        : new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('aborted'));
            });
          }),
    );
    await world.clock.advance(3100);
    expect(world.of('batch.ended')).toMatchObject([{ outcome: 'timeout', returned: 2, durationMs: 3000 }]);
    await world.idle();
  });
});

describe('the entries of a delete call that failed', () => {
  /** Deletes all but one entry of each call, `times` times, then everything. */
  const losing = (queue: ReturnType<QueueWorld['queue']>, times: number, calls: number[]): QueueSource<SQSEvent> =>
    between(queue, {
      delete: async (receipts) => {
        calls.push(receipts.length);
        if (calls.length > times) return queue.delete(receipts);
        const [, ...others] = receipts;
        return [TRANSIENT, ...(others.length > 0 ? await queue.delete(others) : [])];
      },
    });

  it('are noticed and tried again, only those', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(10));
    const calls: number[] = [];
    await world.started(losing(queue, 2, calls), { reservedConcurrentExecutions: 1 });
    await world.idle();
    expect(calls).toEqual([10, 1, 1]);
    expect(world.batches).toHaveLength(1);
    expect(world.meter.sum('DeletedEventCount')).toBe(10);
  });

  it('are reported when they go on failing, and counted as not deleted', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 60 });
    queue.sendBatch(bodies(10));
    const calls: number[] = [];
    await world.started(losing(queue, 6, calls), { reservedConcurrentExecutions: 1 });
    await world.clock.advance(30_000);
    expect(world.of('settle.failed')).toEqual([
      { mapping: 'm', action: 'delete', messages: 1, code: 'InternalError', message: 'try later' },
    ]);
    expect(world.of('batch.settled')).toMatchObject([{ deleted: 9 }]);
    expect(world.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    await world.idle();
    expect(world.batches).toHaveLength(1);
  });
});

describe('visibility', () => {
  it('does not run out because the function may take longer than the queue hides a message', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 10 });
    queue.send({ body: '1' });
    const seen: QueueMessage[] = [];
    const source = between(queue, {
      receive: async (request) => {
        const messages = await queue.receive(request);
        seen.push(...messages);
        return messages;
      },
    });
    await world.started(source, { timeout: 300 }, () => world.sleep(240_000));
    await world.idle();
    expect(seen).toHaveLength(1);
    expect(world.invoked.map(({ counts }) => counts)).toEqual([[1]]);
  });
});
