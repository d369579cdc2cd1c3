import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bodies, failing, grouped, type Invoked, QueueWorld } from '../../support/queue-world.ts';

const PARTIAL = { functionResponseTypes: ['ReportBatchItemFailures' as const] };

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

/** Invocations that hold a message of the group. */
const of = (group: string): Invoked[] => world.invoked.filter((one) => one.bodies.some((body) => body.startsWith(group)));
const overlap = (a: Invoked, b: Invoked): boolean =>
  a.at < (b.endedAt ?? Number.POSITIVE_INFINITY) && b.at < (a.endedAt ?? Number.POSITIVE_INFINITY);

describe('a FIFO mapping', () => {
  it('takes several groups into one batch, each in its order', async () => {
    const queue = world.queue('orders.fifo');
    queue.sendBatch(grouped('a1', 'b1', 'a2', 'c1', 'b2', 'a3'));
    await world.started(queue, { reservedConcurrentExecutions: 1 });
    await world.idle();
    expect(world.invoked).toHaveLength(1);
    for (const group of ['a', 'b', 'c']) {
      const inGroup = world.batches.flat().filter((body) => body.startsWith(group));
      expect(inGroup).toEqual([...inGroup].sort());
    }
  });

  it('never runs a group twice at once, and runs groups side by side', async () => {
    const queue = world.queue('orders.fifo');
    queue.sendBatch(grouped('a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3'));
    await world.started(queue, { batchSize: 1 }, () => world.sleep(1000));
    await world.idle();
    for (const group of ['a', 'b', 'c']) {
      const runs = of(group);
      expect(runs.map((one) => one.bodies)).toEqual([[`${group}1`], [`${group}2`], [`${group}3`]]);
      for (const one of runs) for (const other of runs) expect(one !== other && overlap(one, other)).toBe(false);
    }
    expect(world.most).toBe(3);
  });

  it('runs one group of five messages one after the other, as AWS was seen to', async () => {
    const queue = world.queue('orders.fifo');
    queue.sendBatch(bodies(5).map(({ body }) => ({ body, messageGroupId: 'g' })));
    await world.started(queue, { batchSize: 1 }, () => world.sleep(500));
    await world.idle();
    expect(world.batches).toEqual([['1'], ['2'], ['3'], ['4'], ['5']]);
    expect(world.most).toBe(1);
  });

  it('keeps the order of a group through failures, and lets no other group wait for it', async () => {
    const queue = world.queue('orders.fifo', { visibilityTimeoutSeconds: 10 });
    queue.sendBatch(grouped('a1', 'a2', 'b1'));
    let failures = 0;
    await world.started(queue, { batchSize: 1 }, ({ bodies: [body] }) => {
      if (body === 'a1' && failures++ < 2) throw new Error('not yet');
    });
    await world.idle();
    expect(of('a').map((one) => one.bodies)).toEqual([['a1'], ['a1'], ['a1'], ['a2']]);
    expect(of('b')[0]?.at).toBeLessThan(100);
    expect(of('a')[2]?.at).toBeGreaterThanOrEqual(20_000);
  });

  it('returns and deletes as AWS was seen to: 1-4, then 2-4, then 4 in the dead-letter queue', async () => {
    const dead = world.queue('dead.fifo');
    const queue = world.queue('orders.fifo', { visibilityTimeoutSeconds: 10, redrive: { queue: dead, maxReceiveCount: 2 } });
    queue.sendBatch(bodies(4).map(({ body }) => ({ body, messageGroupId: 'g' })));
    await world.started(queue, PARTIAL, (invoked) =>
      world.invoked.length === 1 ? failing(invoked, '2', '3', '4') : failing(invoked, '4'),
    );
    await world.idle();
    expect(world.batches).toEqual([
      ['1', '2', '3', '4'],
      ['2', '3', '4'],
    ]);
    expect(world.invoked.map(({ counts }) => counts)).toEqual([
      [1, 1, 1, 1],
      [2, 2, 2],
    ]);
    expect(dead.peek().map(({ body }) => body)).toEqual(['4']);
  });

  it('deletes what is not listed though an earlier one of its group failed (AWS), but not with quarantine', async () => {
    const run = async (groupQuarantine: boolean): Promise<string[][]> => {
      world = new QueueWorld();
      const queue = world.queue('orders.fifo', { visibilityTimeoutSeconds: 10 });
      queue.sendBatch(grouped('a1', 'a2', 'a3', 'b1', 'b2'));
      let isFirst = true;
      await world.started(queue, { ...PARTIAL, groupQuarantine }, (invoked) => {
        const answer = isFirst ? failing(invoked, 'a2') : undefined;
        isFirst = false;
        return answer;
      });
      await world.idle();
      expect(await world.stop()).toBe(0);
      return world.batches;
    };
    expect(await run(false)).toEqual([['a1', 'a2', 'a3', 'b1', 'b2'], ['a2']]);
    expect(await run(true)).toEqual([
      ['a1', 'a2', 'a3', 'b1', 'b2'],
      ['a2', 'a3'],
    ]);
  });

  it('keeps a group locked while its handler overruns the time-out, longer than the visibility too', async () => {
    const queue = world.queue('orders.fifo', { visibilityTimeoutSeconds: 5 });
    queue.sendBatch(grouped('a1', 'a2', 'b1'));
    let isFirst = true;
    await world.started(queue, { batchSize: 1, timeout: 1, heartbeat: false }, async ({ bodies: [body] }) => {
      if (body !== 'a1' || !isFirst) return;
      isFirst = false;
      await world.sleep(120_000);
    });
    await world.clock.advance(100_000);
    expect(of('a')).toHaveLength(1);
    expect(of('b')).toHaveLength(1);
    await world.idle();
    expect(of('a').map((one) => one.bodies)).toEqual([['a1'], ['a1'], ['a2']]);
    const [first, second] = of('a');
    expect(second?.at).toBeGreaterThanOrEqual(first?.endedAt ?? Number.POSITIVE_INFINITY);
  });

  it('never starts later messages of a group whose first one came again behind a lost deadline', async () => {
    const queue = world.queue('orders.fifo', { visibilityTimeoutSeconds: 5 });
    queue.sendBatch(grouped('a1', 'a2', 'a3', 'a4'));
    await world.started(queue, { batchSize: 2, timeout: 20, heartbeat: false }, () => world.sleep(4000));
    await world.idle();
    const firsts = [...new Set(world.batches.flat())];
    expect(firsts).toEqual(['a1', 'a2', 'a3', 'a4']);
  });
});
