import type { SQSEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { Engine } from '../../adapters/index.ts';
import { sqs } from '../../adapters/source/sqs/index.ts';
import { silentLogger } from '../../src/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { EMPTY, SqsWorld } from '../support/sqs-world.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describeWithBackend('localstack', 'idle()', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test('resolves when every queue of every mapping is empty and nothing runs, retries included', async ({ onTestFinished }) => {
    const queues = [await world.queue({ visibilitySeconds: 2 }), await world.queue({ visibilitySeconds: 2 })];
    const engine = world.engine(onTestFinished);
    const done = new Map<string, number>();
    let running = 0;
    for (const queue of queues) {
      engine.map({
        source: engine.sqs(queue.arn),
        target: async ({ Records }: SQSEvent) => {
          running += 1;
          await pause(200);
          running -= 1;
          if (Records.some(({ attributes }) => attributes.ApproximateReceiveCount === '1')) throw new Error('the first time fails');
          done.set(queue.arn, (done.get(queue.arn) ?? 0) + Records.length);
        },
      });
    }
    for (const queue of queues) await queue.send(numbered(5));
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect(running).toBe(0);
    expect([...done.values()]).toEqual([5, 5]);
    for (const queue of queues) expect(await queue.counts()).toEqual(EMPTY);
    // A second time at once, and again after new input.
    await engine.idle({ timeoutMs: 60_000 });
    await queues[0]?.send(['one more']);
    await engine.idle({ timeoutMs: 60_000 });
    expect(done.get(queues[0]?.arn ?? '')).toBe(6);
  });

  test('rejects with the reasons while a message awaits redelivery', async ({ onTestFinished }) => {
    const queue = await world.queue({ visibilitySeconds: 300 });
    await queue.send(['it fails']);
    const engine = world.engine(onTestFinished);
    engine.map({ name: 'orders', source: engine.sqs(queue.arn), target: () => Promise.reject(new Error('no')) });
    await engine.start();
    await engine.finished();
    await expect(engine.idle({ timeoutMs: 4_000 })).rejects.toThrow(
      /^not idle after 4000 ms: orders: the queue reports 0 visible, 1 hidden and 0 delayed messages[^]*\n {2}orders slot \d: the source has nothing/,
    );
  });

  test('rejects with the invocation that still runs', async ({ onTestFinished }) => {
    const queue = await world.queue();
    await queue.send(['slow']);
    const engine = world.engine(onTestFinished);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    engine.map({ name: 'orders', source: engine.sqs(queue.arn), timeout: 60, target: () => held });
    await engine.start();
    await expect.poll(() => engine.invocations.length).toBe(1);
    await expect(engine.idle({ timeoutMs: 500 })).rejects.toThrow(/1 records in flight[^]*the function has been working on 1 records for/);
    release();
    await engine.idle({ timeoutMs: 60_000 });
  });
});

describeWithBackend('localstack', 'stop()', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test('lets what runs end, deletes it, and receives nothing new', async ({ onTestFinished }) => {
    const queue = await world.queue();
    await queue.send(numbered(40));
    const engine = world.engine(onTestFinished);
    let begun = 0;
    let ended = 0;
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: 1,
      scalingConfig: { maximumConcurrency: 2 },
      timeout: 10,
      target: async () => {
        begun += 1;
        await pause(700);
        ended += 1;
      },
    });
    await engine.start();
    await expect.poll(() => begun, { interval: 5 }).toBeGreaterThan(0);
    await engine.stop();
    expect(ended).toBe(begun);
    // Deleted, or visible for the next reader: nothing hangs in between.
    expect(await queue.counts()).toEqual({ visible: 40 - ended, hidden: 0, delayed: 0 });
    expect(engine.mappings.map(({ state, inFlight }) => [state, inFlight])).toEqual([['Disabled', 0]]);
  });

  test('at the deadline tells the handler by its signal and gives its messages back at once', async ({ onTestFinished }) => {
    const queue = await world.queue({ visibilitySeconds: 300 });
    await queue.send(numbered(3));
    const engine = world.engine(onTestFinished);
    let told = 0;
    engine.map({
      source: engine.sqs(queue.arn),
      timeout: 60,
      // One slot, so that no poll is open: one that a hard stop aborts may swallow what is given back.
      reservedConcurrentExecutions: 1,
      target: (_event: SQSEvent, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            told += 1;
            reject(new Error('told to stop'));
          });
        }),
    });
    await engine.start();
    await expect.poll(() => engine.invocations.length).toBe(1);
    await engine.stop({ timeoutMs: 200 });
    expect([told, engine.invocations.length]).toEqual([1, 1]);
    expect(await queue.counts()).toEqual({ ...EMPTY, visible: 3 });
    const again = await queue.take();
    expect(again.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(['2', '2', '2']);
  });

  test.for([
    [6_000, 'hands an open batch over early and deletes it', 8, 0],
    [0, 'begins nothing: an open batch stays in the queue', 0, 8],
  ] as const)('with %i ms left %s', async ([timeoutMs, , handled, left], { onTestFinished }) => {
    const queue = await world.queue({ visibilitySeconds: 300 });
    await queue.send(numbered(8));
    const engine = world.engine(onTestFinished);
    let count = 0;
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: 100,
      maximumBatchingWindowInSeconds: 60,
      reservedConcurrentExecutions: 1,
      target: async ({ Records }: SQSEvent) => {
        count += Records.length;
      },
    });
    await engine.start();
    await expect.poll(() => engine.explain().join()).toContain('a batch of 8 is open');
    await engine.stop({ timeoutMs });
    expect(count).toBe(handled);
    const { visible, hidden } = await queue.counts();
    expect(visible + hidden).toBe(left);
  });

  test('never aborts a long poll before the deadline: what is sent meanwhile is handled or still visible', async () => {
    for (let round = 0; round < 6; round += 1) {
      const queue = await world.queue({ visibilitySeconds: 300 });
      const source = sqs({ queue: queue.arn, endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
      const engine = new Engine({ stopTimeoutMs: 3_000, logger: silentLogger });
      let handled = 0;
      const settled = new Promise((resolve) => {
        engine.on('batch.settled', resolve);
      });
      engine.map({
        source,
        target: async ({ Records }: SQSEvent) => {
          handled += Records.length;
        },
      });
      await engine.start();
      await expect.poll(() => engine.explain().join(), { interval: 5 }).toContain('the source has nothing');
      const stopping = engine.stop();
      await pause(round * 60);
      await queue.send(['late']);
      await stopping;
      await source.close();
      if (handled === 1) await settled;
      expect(await queue.counts()).toEqual({ ...EMPTY, visible: 1 - handled });
    }
  });

  test('is idempotent, and a call with a shorter time shortens the one under way', async ({ onTestFinished }) => {
    const queue = await world.queue();
    await queue.send(['long']);
    const engine = world.engine(onTestFinished);
    engine.map({
      source: engine.sqs(queue.arn),
      timeout: 60,
      target: (_event: SQSEvent, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    });
    await engine.start();
    await expect.poll(() => engine.invocations.length).toBe(1);
    const startedAt = performance.now();
    await Promise.all([engine.stop({ timeoutMs: 50_000 }), engine.stop({ timeoutMs: 40_000 }), engine.stop({ timeoutMs: 100 })]);
    await engine.stop();
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    const { visible, hidden } = await queue.counts();
    expect(visible + hidden).toBeLessThanOrEqual(1);
  });
});
