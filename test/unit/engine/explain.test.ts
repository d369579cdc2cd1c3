import { describe, expect, it } from 'vitest';
import { explanationTable, type Outcome, type QueueSource } from '../../../src/index.ts';
import { bodies, QueueWorld } from '../../support/queue-world.ts';
import { StreamWorld } from '../../support/stream-world.ts';

const START = Date.UTC(2026, 0, 1);

describe('an explanation of a stream mapping', () => {
  it('says for each shard how far it is, how much is left, since when it waits for what, the last error and the next try', async () => {
    const world = new StreamWorld({ shards: 2 });
    world.map({ batchSize: 10, maximumRetryAttempts: -1 }, (records) => {
      if (records.some(({ text }) => text === '3')) throw new Error('poison');
    });
    world.put(0, 5, 1);
    await world.engine.start();
    await world.clock.advance(600_000);
    const { mappings, findings, at } = world.engine.explanation();
    const [explanation] = mappings;
    expect(findings).toEqual([]);
    expect(at).toBe(START + 600_000);
    expect(explanation).toMatchObject({
      name: 'm',
      state: 'Enabled',
      inFlight: 5,
      lag: { records: 5, isAtLeast: false, seconds: 600 },
      lastError: { message: 'Error: poison' },
      credits: { inUse: 0, limit: undefined },
      breaker: undefined,
    });
    const busy = explanation?.shards.find(({ inFlight }) => inFlight > 0);
    const idle = explanation?.shards.find(({ inFlight }) => inFlight === 0);
    expect(busy).toMatchObject({ position: 'TRIM_HORIZON', lag: { records: 5, seconds: 600 }, lastError: { message: 'Error: poison' } });
    const retry = busy?.waits.find(({ reason }) => reason === 'retry');
    expect(retry?.until).toBeGreaterThan(at);
    expect(retry?.since).toBeLessThanOrEqual(at);
    expect(busy?.nextRetryAt).toBe(retry?.until);
    expect(explanation?.nextRetryAt).toBe(retry?.until);
    expect(idle).toMatchObject({ lag: { records: 0, isAtLeast: false, seconds: 0 }, lastError: undefined, nextRetryAt: undefined });
    // Idle since it was begun, however often it was looked at.
    expect(idle?.waits.find(({ reason }) => reason === 'no-records')?.since).toBe(START);
    await world.stop();
  });

  it('is JSON as it is', async () => {
    const world = new StreamWorld();
    world.map({}, () => undefined);
    world.put(0, 3);
    await world.engine.start();
    await world.idle();
    const explanation = world.mapping?.explanation();
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(JSON.parse(JSON.stringify(await world.mapping?.explain())));
    expect(explanation?.shards[0]?.position).toMatch(/^\d+$/);
    await world.stop();
    expect(world.mapping?.explanation()).toMatchObject({ state: 'Disabled', shards: [], waits: [{ part: 'mapping', reason: 'disabled' }] });
  });

  it('names the time that is left before records are trimmed, when a function does nothing', async () => {
    const world = new StreamWorld({ retentionMs: 3_600_000 });
    world.map({ maximumRetryAttempts: -1 }, () => {
      throw new Error('down');
    });
    world.put(0, 3);
    await world.engine.start();
    for (let minute = 0; minute < 15; minute += 1) {
      await world.clock.advance(60_000);
      world.engine.look();
    }
    // Nothing is done, so a second comes nearer with each second.
    expect(world.mapping?.explanation().secondsToLoss).toBeCloseTo(45 * 60, 0);
    expect(world.engine.findings).toMatchObject([{ kind: 'loss-ahead', mapping: 'm', severity: 'warning' }]);
    await world.stop();
  });
});

describe('an explanation of a queue mapping', () => {
  const refused: Outcome = { kind: 'service-error', message: 'connect ECONNREFUSED 127.0.0.1:9', retryAfterMs: undefined };

  it('tells the breaker, the credits, the depth of the queue and the last error', async () => {
    const world = new QueueWorld();
    const queue = world.queue();
    queue.sendBatch(bodies(30));
    const target = {
      remote: true,
      invoke: () => ({ outcome: Promise.resolve(refused), ended: Promise.resolve() }),
      close: () => Promise.resolve(),
    };
    const mapping = await world.started(queue, { target, reservedConcurrentExecutions: 2 });
    await world.clock.advance(90_000);
    const explanation = await world.clock.run(mapping.explain());
    expect(explanation).toMatchObject({
      lag: { records: 30, isAtLeast: false },
      breaker: { state: 'open', cause: `service-error: ${refused.message}` },
      credits: { limit: 2, inUse: 0 },
      shards: [],
    });
    expect(explanation.lastError?.message).toContain(refused.message);
    expect(explanation.waits.map(({ reason }) => reason)).toContain('breaker');
    expect(explanation.breaker?.until).toBeGreaterThan(explanation.at);
    expect(await world.stop()).toBe(0);
  });

  it('comes although the queue does not answer, without its depth', async () => {
    const world = new QueueWorld();
    const queue = world.queue();
    const silent: QueueSource = {
      ...asSource(queue),
      depth: () => new Promise(() => undefined),
    };
    const mapping = world.engine.map({ name: 'm', source: silent, target: world.target() });
    await world.engine.start();
    await world.clock.advance(1000);
    expect((await world.clock.run(mapping.explain())).lag).toEqual({ records: undefined, isAtLeast: true, seconds: undefined });
    expect(await world.stop()).toBe(0);
  });

  it('reads as a table that names every part, since when it waits and what for', async () => {
    const world = new QueueWorld();
    const mapping = await world.started(world.queue(), { reservedConcurrentExecutions: 1 });
    await world.clock.advance(65_000);
    const text = explanationTable(await world.clock.run(mapping.explain()));
    expect(text).toContain('m: orders -> ');
    expect(text).toMatch(/credits {4}1 of 1 in use, 1 by this mapping; 0 wait/);
    expect(text).toMatch(/slot 0 {2}1 min 5 s {2}the source has nothing; the next look is in/);
    expect(text).not.toContain('undefined');
    expect(await world.stop()).toBe(0);
  });
});

function asSource(queue: ReturnType<QueueWorld['queue']>): QueueSource {
  return {
    kind: 'queue',
    label: queue.label,
    fifo: queue.fifo,
    describe: () => queue.describe(),
    receive: (request) => queue.receive(request),
    delete: (receipts) => queue.delete(receipts),
    changeVisibility: (receipts, seconds) => queue.changeVisibility(receipts, seconds),
    depth: () => queue.depth(),
    toEvent: (messages, options) => queue.toEvent(messages, options),
    eventBytes: (message, options) => queue.eventBytes(message, options),
    close: () => queue.close(),
  };
}
