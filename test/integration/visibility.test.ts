/** When a message comes again (spec e.3 and e.4), on real time. Lower bounds are the promise; upper bounds leave room for a busy machine. */
import type { SQSEvent } from 'aws-lambda';
import { afterAll, type TestContext, test } from 'vitest';
import type { TestEngine } from '../../adapters/testing.ts';
import type { QueueMapOptions } from '../../src/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { EMPTY, type QueueShape, SqsWorld, type WorldQueue } from '../support/sqs-world.ts';

/** How much later than asked a receive may begin on a busy machine, ms. */
const SLACK_MS = 4_000;
/** Between the receive at the queue and the invocation, ms: what a handler measures is so much shorter. */
const TRAVEL_MS = 1_500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What one run came to. */
interface Ran {
  readonly engine: TestEngine;
  readonly queue: WorldQueue;
  /** When each invocation began, ms since the first. */
  readonly began: readonly number[];
  /** Receive counts, invocation by invocation. */
  readonly counts: readonly number[];
}

describeWithBackend('localstack', 'a message comes again', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  /** Sends one message and runs a mapping until the queue is empty. */
  async function run(
    { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
    shape: QueueShape,
    fields: Partial<QueueMapOptions<SQSEvent>>,
    work: (invocation: number) => Promise<void>,
  ): Promise<Ran> {
    const queue = await world.queue(shape);
    await queue.send(['one']);
    const engine = world.engine(onTestFinished);
    const times: number[] = [];
    const counts: number[] = [];
    engine.map<SQSEvent>({
      source: engine.sqs(queue.arn),
      ...fields,
      target: async ({ Records }: SQSEvent) => {
        times.push(performance.now());
        counts.push(...Records.map(({ attributes }) => Number(attributes.ApproximateReceiveCount)));
        await work(times.length);
      },
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    return { engine, queue, counts, began: times.map((time) => time - (times[0] ?? 0)) };
  }

  const failFirst = async (invocation: number): Promise<void> => {
    if (invocation === 1) throw new Error('it failed');
  };

  test.concurrent("a function error: after the queue's own visibility, not at once", async (context) => {
    const { began, counts } = await run(context, { visibilitySeconds: 4 }, {}, failFirst);
    context.expect(counts).toEqual([1, 2]);
    context.expect(began[1]).toBeGreaterThan(4_000 - TRAVEL_MS);
    context.expect(began[1]).toBeLessThan(4_000 + SLACK_MS);
  });

  test.concurrent("with a window too, though a longer visibility was asked for: on the queue's own cadence", async (context) => {
    const window = { maximumBatchingWindowInSeconds: 1 };
    const { began, counts } = await run(context, { visibilitySeconds: 6 }, window, failFirst);
    context.expect(counts).toEqual([1, 2]);
    // Both invocations came a window after their receives.
    context.expect(began[1]).toBeGreaterThan(6_000 - TRAVEL_MS);
    context.expect(began[1]).toBeLessThan(6_000 + 1_000 + SLACK_MS);
  });

  test.concurrent('after a beat: on the same cadence, not when the beat ends', async (context) => {
    // The beat at 6 s renews until 18 s; the queue's own time is up at 12 s.
    const { began, counts } = await run(context, { visibilitySeconds: 12 }, { timeout: 30 }, async (invocation) => {
      if (invocation > 1) return;
      await pause(8_000);
      throw new Error('it failed');
    });
    context.expect(counts).toEqual([1, 2]);
    context.expect(began[1]).toBeGreaterThan(12_000 - TRAVEL_MS);
    context.expect(began[1]).toBeLessThan(12_000 + SLACK_MS);
  });

  test.concurrent('a handler longer than the visibility has its message to itself: beats keep it', async (context) => {
    const { counts, queue } = await run(context, { visibilitySeconds: 4 }, { timeout: 20 }, () => pause(10_000));
    context.expect(counts).toEqual([1]);
    context.expect(await queue.counts()).toEqual(EMPTY);
  });

  test.concurrent('without heartbeat a longer visibility is asked for instead', async (context) => {
    const fields = { timeout: 10, heartbeat: false };
    const { counts } = await run(context, { visibilitySeconds: 2 }, fields, () => pause(5_000));
    context.expect(counts).toEqual([1]);
  });

  test.concurrent('retryBackoff: by receive count, whatever the queue says', async (context) => {
    const fields = { retryBackoff: { baseSeconds: 1, maxSeconds: 3 } };
    const { began, counts } = await run(context, { visibilitySeconds: 300 }, fields, async (invocation) => {
      if (invocation <= 3) throw new Error('it failed');
    });
    context.expect(counts).toEqual([1, 2, 3, 4]);
    const gaps = began.slice(1).map((time, index) => time - (began[index] ?? 0));
    for (const [index, seconds] of [1, 2, 3].entries()) {
      context.expect(gaps[index]).toBeGreaterThan(seconds * 1_000 - 200);
      context.expect(gaps[index]).toBeLessThan(seconds * 1_000 + SLACK_MS);
    }
  });

  test.concurrent('maxReceiveCount times, then it is in the dead-letter queue with its id and body; others are handled', async (context) => {
    const { onTestFinished, expect } = context;
    const queue = await world.queue({ visibilitySeconds: 2, maxReceiveCount: 3 });
    const [poison, ...good] = await queue.send(['poison', 'good', 'better']);
    const engine = world.engine(onTestFinished);
    const seen: string[] = [];
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: 1,
      target: async ({ Records }: SQSEvent) => {
        for (const { body, attributes } of Records) {
          seen.push(`${body} ${attributes.ApproximateReceiveCount}`);
          if (body === 'poison') throw new Error('it cannot be handled');
        }
      },
    });
    await engine.start();
    await expect.poll(() => queue.dead.counts(), { interval: 200 }).toEqual({ ...EMPTY, visible: 1 });
    await engine.idle({ timeoutMs: 60_000 });
    expect(seen.sort()).toEqual(['better 1', 'good 1', 'poison 1', 'poison 2', 'poison 3']);
    const dead = await queue.dead.take();
    expect(dead.map(({ MessageId, Body }) => [MessageId, Body])).toEqual([[poison?.messageId, 'poison']]);
    expect(good.map(({ messageId }) => messageId)).not.toContain(dead[0]?.MessageId);
  });
});
