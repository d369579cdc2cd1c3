/** Queues that are not there and networks that fail: the mapping says so, waits, and goes on by itself; nothing is lost. */
import type { SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SeededRandom, type TestEngine } from '../../adapters/testing.ts';
import { startLocalStack } from '../support/backends/index.ts';
import { describeWithBackend, describeWithOwnLocalStack } from '../support/backends/inject.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { EMPTY, SqsWorld, type WorldQueue } from '../support/sqs-world.ts';

const BATCH_SIZE = 5;
const CONCURRENCY = 5;
/** At the function at one moment, messages. */
const MOST_IN_FLIGHT = BATCH_SIZE * CONCURRENCY;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

/** Waits until one of the engine's sentences says so. */
async function untilExplained(engine: TestEngine, pattern: RegExp): Promise<void> {
  await expect.poll(() => engine.explain().join('\n'), { interval: 50 }).toMatch(pattern);
}

/** Counts how often each body was handled. */
class Tally {
  readonly counts = new Map<string, number>();

  readonly handler = async ({ Records }: SQSEvent): Promise<void> => {
    for (const { body } of Records) this.counts.set(body, (this.counts.get(body) ?? 0) + 1);
    await pause(5);
  };

  get handled(): string[] {
    return [...this.counts.keys()].sort();
  }

  get repeated(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count - 1, 0);
  }
}

describeWithBackend('localstack', 'a queue', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test.for(['name', 'arn', 'url'] as const)(
    'that does not exist yet, known by its %s, is waited for with the reason',
    async (by, context) => {
      const queue = world.unmade();
      const engine = world.engine(context.onTestFinished);
      const tally = new Tally();
      const mapping = engine.map({ name: 'orders', source: engine.sqs(queue[by]), target: tally.handler });
      await engine.start();
      await untilExplained(engine, /^orders mapping: the source cannot be used \(not-found: .*\); the next look is in \d+\.\d s$/m);
      expect(mapping.state).toBe('Creating');
      expect(mapping.problem).toMatchObject({ kind: 'source', error: 'not-found' });
      await queue.create();
      await queue.send(['there now']);
      await engine.finished();
      await engine.idle({ timeoutMs: 60_000 });
      expect(tally.handled).toEqual(['there now']);
      expect(mapping.state).toBe('Enabled');
      expect(mapping.problem).toBeUndefined();
    },
  );

  test('that is deleted while it is polled and made again is read again', async ({ onTestFinished }) => {
    const queue = await world.queue();
    const engine = world.engine(onTestFinished);
    const tally = new Tally();
    engine.map({ source: engine.sqs(queue.arn), target: tally.handler });
    await engine.start();
    await queue.send(['before']);
    await engine.idle({ timeoutMs: 60_000 });
    await queue.remove();
    await untilExplained(engine, /not-found/);
    await expect(engine.idle({ timeoutMs: 300 })).rejects.toThrow(/the queue cannot be asked[^]*not-found/);
    await queue.create();
    await queue.send(['after']);
    await engine.finished(({ event }) => (event as SQSEvent).Records[0]?.body === 'after');
    await engine.idle({ timeoutMs: 60_000 });
    expect(tally.handled).toEqual(['after', 'before']);
  });

  test('that is deleted while its message is worked on: the mapping goes on once there is one again', async ({ onTestFinished }) => {
    const queue = await world.queue({ visibilitySeconds: 2 });
    await queue.send(['orphan']);
    const engine = world.engine(onTestFinished);
    const failures: string[] = [];
    engine.on('settle.failed', ({ action, code }) => failures.push(`${action} ${code}`));
    engine.on('engine.defect', ({ error }) => failures.push(String(error)));
    const tally = new Tally();
    engine.map({
      source: engine.sqs(queue.arn),
      target: async (event: SQSEvent) => {
        if (event.Records[0]?.body === 'orphan') await queue.remove();
        await tally.handler(event);
      },
    });
    await engine.start();
    await expect.poll(() => failures).toEqual([expect.stringMatching(/^delete .*(NonExistent|DoesNotExist)/)]);
    await queue.create();
    await queue.send(['next']);
    await engine.finished(({ event }) => (event as SQSEvent).Records[0]?.body === 'next');
    await engine.idle({ timeoutMs: 60_000 });
    expect(tally.handled).toEqual(['next', 'orphan']);
    expect(tally.repeated).toBe(0);
  });
});

describeWithBackend('localstack', 'a network between mapping and queue', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  let proxy: TcpProxy;
  beforeAll(async () => {
    proxy = await startProxy(endpoint);
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await proxy.close();
    world.close();
  });

  test('that is cut during a long poll: told, and over by itself', async ({ onTestFinished }) => {
    // LocalStack gives the next message to the poll that was cut, and so hides it until its visibility ends.
    const queue = await world.queue({ visibilitySeconds: 3 });
    const engine = world.engine(onTestFinished, { endpoint: proxy.endpoint });
    const tally = new Tally();
    engine.map({ source: engine.sqs(queue.arn), target: tally.handler });
    await engine.start();
    await untilExplained(engine, /the source has nothing/);
    await proxy.cut();
    await untilExplained(engine, /the source cannot be used \(unavailable: .*ECONN(RESET|REFUSED)/);
    await queue.send(['sent while it was cut']);
    await proxy.heal();
    await engine.idle({ timeoutMs: 60_000 });
    expect(tally.handled).toEqual(['sent while it was cut']);
    expect(engine.explain().join()).not.toContain('cannot be used');
  });

  test.for([
    ['shorter than the tries of a delete', 500],
    ['longer than them: the message comes again and is deleted, not handled again', 7_000],
  ] as const)('that is cut before the delete, %s', async ([, cutMs], { onTestFinished }) => {
    const queue = await world.queue({ visibilitySeconds: 4 });
    await queue.send(['once']);
    const engine = world.engine(onTestFinished, { endpoint: proxy.endpoint });
    const tally = new Tally();
    let lost = 0;
    engine.on('settle.failed', ({ messages }) => (lost += messages));
    engine.map({
      source: engine.sqs(queue.arn),
      target: async (event: SQSEvent) => {
        await proxy.cut();
        void pause(cutMs).then(() => proxy.heal());
        await tally.handler(event);
      },
    });
    await engine.start();
    await engine.finished();
    await engine.idle({ timeoutMs: 60_000 });
    expect([...tally.counts]).toEqual([['once', 1]]);
    expect(lost).toBe(cutMs > 5_000 ? 1 : 0);
    expect(await queue.counts()).toEqual(EMPTY);
  });

  test('that is cut again and again under load: nothing is lost, and what repeats was in flight', async ({ onTestFinished }) => {
    const random = new SeededRandom(7);
    const queue = await world.queue({ visibilitySeconds: 3 });
    const bodies = numbered(300);
    await queue.send(bodies);
    const engine = world.engine(onTestFinished, { endpoint: proxy.endpoint });
    const tally = new Tally();
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: BATCH_SIZE,
      scalingConfig: { maximumConcurrency: CONCURRENCY },
      target: tally.handler,
    });
    let cuts = 0;
    const next = (): number => tally.counts.size + random.integer(1, 40);
    let at = next();
    await engine.start();
    while (tally.counts.size < bodies.length) {
      await expect.poll(() => tally.counts.size, { interval: 1 }).toBeGreaterThanOrEqual(Math.min(at, bodies.length));
      await proxy.cut();
      cuts += 1;
      await pause(random.integer(0, 400));
      await proxy.heal();
      at = next();
    }
    await engine.idle({ timeoutMs: 60_000 });
    expect(tally.handled).toEqual([...bodies].sort());
    expect(cuts).toBeGreaterThan(5);
    // What is in flight is recognised when it comes again; only an answer that crosses a delete on its way can repeat one.
    expect(tally.repeated).toBeLessThanOrEqual(MOST_IN_FLIGHT);
    expect(await queue.counts()).toEqual(EMPTY);
    console.log(`${String(bodies.length)} messages handled through ${String(cuts)} cuts, ${String(tally.repeated)} handled twice`);
  });

  test('that passes nothing: a server that does not answer is given up after the time-out, and goes on when it does', async (context) => {
    const queue = await world.queue({ visibilitySeconds: 3 });
    const engine = world.engine(context.onTestFinished, { endpoint: proxy.endpoint });
    const tally = new Tally();
    engine.map({ source: engine.sqs(queue.arn, { requestTimeoutMs: 600 }), target: tally.handler });
    await engine.start();
    await queue.send(numbered(20));
    await engine.finished();
    proxy.stall();
    await untilExplained(engine, /the source cannot be used \(unavailable: .*(time|Time)/);
    await queue.send(['late']);
    await proxy.heal();
    await engine.idle({ timeoutMs: 60_000 });
    expect(tally.handled).toEqual([...numbered(20), 'late'].sort());
    expect(await queue.counts()).toEqual(EMPTY);
  });
});

describeWithOwnLocalStack('LocalStack itself', () => {
  let own: Awaited<ReturnType<typeof startLocalStack>>;
  let world: SqsWorld;
  beforeAll(async () => {
    own = await startLocalStack();
    world = new SqsWorld(own.endpoint);
  });
  afterAll(async () => {
    world.close();
    await own.stop();
  });

  const start = async (
    queue: WorldQueue,
    onTestFinished: (callback: () => Promise<void>) => void,
  ): Promise<{ readonly engine: TestEngine; readonly tally: Tally }> => {
    const engine = world.engine(onTestFinished);
    const tally = new Tally();
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: BATCH_SIZE,
      scalingConfig: { maximumConcurrency: CONCURRENCY },
      target: tally.handler,
    });
    await engine.start();
    return { engine, tally };
  };

  test('frozen for five seconds in the middle of the work, longer than a visibility: it goes on, and nothing is lost', async (context) => {
    const queue = await world.queue({ visibilitySeconds: 3 });
    const bodies = numbered(200);
    await queue.send(bodies);
    const { engine, tally } = await start(queue, context.onTestFinished);
    await expect.poll(() => tally.counts.size, { interval: 5 }).toBeGreaterThan(20);
    await own.freeze();
    const before = tally.counts.size;
    expect(before).toBeLessThan(bodies.length);
    await pause(5_000);
    await own.thaw();
    await engine.idle({ timeoutMs: 60_000 });
    expect(tally.handled).toEqual([...bodies].sort());
    expect(await queue.counts()).toEqual(EMPTY);
    console.log(`frozen after ${String(before)} of ${String(bodies.length)} messages; ${String(tally.repeated)} were handled twice`);
  });

  test('restarted without its queues: the mapping waits until the queue exists again, with the reason', async (context) => {
    const queue = await world.queue();
    const { engine, tally } = await start(queue, context.onTestFinished);
    await queue.send(['before']);
    await engine.idle({ timeoutMs: 60_000 });
    await own.restart();
    await untilExplained(engine, /the source cannot be used \(not-found: /);
    await queue.create();
    await queue.send(['after']);
    await engine.finished(({ event }) => (event as SQSEvent).Records[0]?.body === 'after');
    await engine.idle({ timeoutMs: 60_000 });
    expect(tally.handled).toEqual(['after', 'before']);
  });
});
