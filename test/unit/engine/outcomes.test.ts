import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/index.ts';
import { between, bodies, failing, QueueWorld } from '../../support/queue-world.ts';

const PARTIAL = { functionResponseTypes: ['ReportBatchItemFailures' as const] };
const ONE_SLOT = { reservedConcurrentExecutions: 1 };

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

/** A target that gives these outcomes one after the other, then success. */
function scripted(...outcomes: readonly Outcome[]): {
  readonly invocations: { at: number; attempt: number }[];
  readonly target: ReturnType<QueueWorld['target']>;
} {
  const invocations: { at: number; attempt: number }[] = [];
  const target: ReturnType<QueueWorld['target']> = {
    invoke: (_event, { attempt }) => {
      const outcome = outcomes[invocations.length] ?? { kind: 'success', text: () => '' };
      invocations.push({ at: world.clock.monotonic(), attempt });
      return { outcome: Promise.resolve(outcome), ended: Promise.resolve() };
    },
    close: () => Promise.resolve(),
  };
  return { invocations, target };
}

const throttled: Outcome = { kind: 'throttled', message: 'busy', retryAfterMs: undefined };

describe('a batch that succeeded', () => {
  it('is deleted whatever was returned, without partial mode', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(3));
    await world.started(queue, ONE_SLOT, (invoked) => failing(invoked, '1'));
    expect(await world.idle()).toBeLessThan(1000);
    expect(world.batches).toEqual([['1', '2', '3']]);
  });
});

describe('a batch that failed', () => {
  it("comes back on the queue's own cadence, not at once, and with a higher receive count", async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 40 });
    queue.sendBatch(bodies(2));
    await world.started(queue, ONE_SLOT, async () => {
      await world.sleep(1000);
      if (world.invoked.length === 1) throw new Error('boom');
    });
    await world.idle();
    expect(world.invoked.map(({ counts }) => counts)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(world.invoked[1]?.at).toBeGreaterThanOrEqual(40_000);
    expect(world.invoked[1]?.at).toBeLessThan(42_000);
  });

  it('keeps that cadence though a window made it hidden for longer', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 10 });
    queue.send({ body: '1' });
    await world.started(queue, { ...ONE_SLOT, maximumBatchingWindowInSeconds: 2 }, () => {
      if (world.invoked.length === 1) throw new Error('boom');
    });
    await world.idle();
    expect(world.invoked[1]?.at).toBeLessThan(14_000);
  });

  it('comes back at once when the cadence passed while the handler ran, thanks to beats only one at a time', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 10 });
    queue.send({ body: '1' });
    await world.started(queue, { timeout: 60 }, async () => {
      if (world.invoked.length > 1) return;
      await world.sleep(45_000);
      throw new Error('boom');
    });
    await world.idle();
    expect(world.invoked.map(({ counts }) => counts)).toEqual([[1], [2]]);
    expect(world.invoked[1]?.at).toBeLessThan(46_500);
  });

  it('backs off by receive count when that is asked for', async () => {
    const dead = world.queue('dead');
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 30, redrive: { queue: dead, maxReceiveCount: 4 } });
    queue.send({ body: '1' });
    await world.started(queue, { ...ONE_SLOT, retryBackoff: { baseSeconds: 60, maxSeconds: 200 } }, () => {
      throw new Error('boom');
    });
    await world.idle();
    const waits = world.invoked.slice(1).map(({ at }, index) => Math.round((at - (world.invoked[index]?.at ?? 0)) / 1000));
    expect(waits).toEqual([60, 120, 200]);
    expect(dead.peek()).toHaveLength(1);
  });

  it('goes to the dead-letter queue after maxReceiveCount, with id and body', async () => {
    const dead = world.queue('dead');
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5, redrive: { queue: dead, maxReceiveCount: 3 } });
    const { messageId } = queue.send({ body: 'poison' });
    await world.started(queue, {}, () => {
      throw new Error('boom');
    });
    await world.idle();
    expect(world.invoked.map(({ counts }) => counts)).toEqual([[1], [2], [3]]);
    expect(dead.peek()).toMatchObject([{ messageId, body: 'poison' }]);
  });

  it('takes only its failed records back in partial mode, and all for a malformed answer', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5 });
    queue.sendBatch(bodies(4));
    const answers = [{ batchItemFailures: [{ foo: 'notvalid' }] }, ['2', '4'], [], undefined];
    await world.started(queue, { ...ONE_SLOT, ...PARTIAL }, (invoked) => {
      const answer = answers[world.invoked.length - 1];
      return Array.isArray(answer) ? failing(invoked, ...answer) : answer;
    });
    await world.idle();
    expect(world.batches).toEqual([
      ['1', '2', '3', '4'],
      ['1', '2', '3', '4'],
      ['2', '4'],
    ]);
  });
});

describe('a throttled batch', () => {
  it('is tried again inside its visibility, counts nothing and keeps its receive count', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(3));
    const { invocations, target } = scripted(throttled, { kind: 'service-error', message: 'down', retryAfterMs: undefined }, throttled);
    await world.started(queue, { ...ONE_SLOT, target });
    expect(await world.idle()).toBeLessThan(25_000);
    expect(invocations.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(world.of('source.polled').filter(({ records }) => records > 0)).toHaveLength(1);
    expect(world.of('batch.settled')).toMatchObject([{ deleted: 3, returned: 0 }]);
  });

  it('goes back to the queue when the visibility granted at receive is over, though beats go on', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 30 });
    queue.send({ body: '1' });
    const { invocations, target } = scripted(...Array.from({ length: 1000 }, () => throttled));
    await world.started(queue, { ...ONE_SLOT, target });
    await world.clock.advance(29_000);
    const inFirst = invocations.length;
    expect(inFirst).toBeGreaterThan(3);
    expect(world.of('batch.settled')).toMatchObject([{ deleted: 0, returned: 1 }]);
    await world.clock.advance(10_000);
    expect(invocations.slice(inFirst)[0]?.attempt).toBe(1);
    expect(queue.peek()).toMatchObject([{ receiveCount: 2 }]);
    world.queue();
    queue.purge();
  });

  it('waits as long as the function asked', async () => {
    const queue = world.queue();
    queue.send({ body: '1' });
    const { invocations, target } = scripted({ kind: 'throttled', message: '', retryAfterMs: 12_000 });
    await world.started(queue, { ...ONE_SLOT, target });
    await world.idle();
    expect((invocations[1]?.at ?? 0) - (invocations[0]?.at ?? 0)).toBeGreaterThanOrEqual(12_000);
  });
});

describe('a handler that overruns its time-out', () => {
  it('keeps its permit until it has stopped, and the mapping says what it waits for', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5 });
    queue.sendBatch(bodies(2));
    const mapping = await world.started(queue, { ...ONE_SLOT, batchSize: 1, timeout: 2 }, () =>
      world.invoked.length === 1 ? world.sleep(60_000) : undefined,
    );
    await world.clock.advance(50_000);
    expect(world.invoked).toHaveLength(1);
    expect(mapping.waits()).toMatchObject([
      { part: 'slot 0', reason: { kind: 'handler-did-not-stop', since: expect.closeTo(2000, -2) as number } },
    ]);
    await expect(world.clock.run(world.engine.idle({ timeoutMs: 100 }))).rejects.toThrow(/overran its time-out 4\d\.\d s ago/);
    await world.idle();
    expect(world.of('handler.overrun').map(({ stopped }) => stopped)).toEqual([false, true]);
    expect(world.most).toBe(1);
    expect(world.invoked[0]?.context.signal.aborted).toBe(true);
  });

  it('is given up after abandonAfterSeconds, and that is said', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5 });
    queue.sendBatch(bodies(2));
    await world.started(queue, { ...ONE_SLOT, batchSize: 1, timeout: 2, abandonAfterSeconds: 8 }, () =>
      world.invoked.length === 1 ? world.sleep(600_000) : undefined,
    );
    await world.clock.advance(9990);
    expect(world.invoked).toHaveLength(1);
    await world.clock.advance(1000);
    expect(world.invoked.length).toBeGreaterThan(1);
    expect(world.of('handler.abandoned')).toHaveLength(1);
    await world.idle();
    await world.clock.advance(600_000);
  });
});

describe('deletes', () => {
  it('that fail for some entries are tried again for those only', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(10));
    const calls: number[] = [];
    const source = between(queue, {
      delete: async (receipts) => {
        calls.push(receipts.length);
        const results = await queue.delete(calls.length === 1 ? receipts.slice(0, 7) : receipts);
        const rest = receipts
          .slice(results.length)
          .map(() => ({ ok: false, code: 'InternalError', message: '', retryable: true }) as const);
        return [...results, ...rest];
      },
    });
    await world.started(source, ONE_SLOT);
    await world.idle();
    expect(calls).toEqual([10, 3]);
    expect(world.of('settle.failed')).toEqual([]);
    expect(world.invoked).toHaveLength(1);
  });
});
