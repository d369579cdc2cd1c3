import type { SQSEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { describeWithBackend } from '../support/backends/inject.ts';
import { EMPTY, SqsWorld } from '../support/sqs-world.ts';

const PAYLOAD_MAX = 6_291_456;
/** A figure of a shared machine is printed and not judged. */
const THROUGHPUT_MESSAGES = 3_000;

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

/** Counts what runs at the same time. */
class Together {
  most = 0;
  #now = 0;

  async while(work: () => Promise<void>): Promise<void> {
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
    await work();
    this.#now -= 1;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeWithBackend('localstack', 'batches of a queue', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test('a queue is drained once: every message handled, in batches of at most BatchSize, nothing left', async ({ onTestFinished }) => {
    const queue = await world.queue();
    const sent = await queue.send(numbered(47));
    const engine = world.engine(onTestFinished);
    const seen: string[] = [];
    const sizes: number[] = [];
    engine.map({
      source: engine.sqs(queue.url),
      batchSize: 7,
      target: async ({ Records }: SQSEvent) => {
        sizes.push(Records.length);
        seen.push(...Records.map(({ messageId }) => messageId));
      },
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect(seen.sort()).toEqual(sent.map(({ messageId }) => messageId).sort());
    expect(Math.max(...sizes)).toBe(7);
    expect(await queue.counts()).toEqual(EMPTY);
  });

  test('a batch of 100 is assembled from ten receives or more, and what is left goes when its window is over', async ({
    onTestFinished,
  }) => {
    const queue = await world.queue();
    await queue.send(numbered(230));
    const engine = world.engine(onTestFinished);
    const sizes: number[] = [];
    const seen = new Set<string>();
    let receives = 0;
    engine.on('source.polled', ({ records }) => {
      if (records > 0) receives += 1;
      expect(records).toBeLessThanOrEqual(10);
    });
    engine.map({
      source: engine.sqs(queue.name),
      batchSize: 100,
      maximumBatchingWindowInSeconds: 5,
      reservedConcurrentExecutions: 1,
      target: async ({ Records }: SQSEvent) => {
        sizes.push(Records.length);
        for (const { body } of Records) seen.add(body);
      },
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect(sizes).toEqual([100, 100, 30]);
    expect(seen.size).toBe(230);
    expect(receives).toBeGreaterThanOrEqual(23);
  });

  test('a window begins with the first record, is waited for, and is not stretched by a long poll', async ({ onTestFinished }) => {
    const queue = await world.queue();
    const engine = world.engine(onTestFinished);
    const times: Record<string, number> = {};
    const note = (what: string): void => {
      times[what] ??= performance.now();
    };
    const sizes: number[] = [];
    engine.on('source.polled', ({ records }) => {
      if (records > 0) note('first record');
    });
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: 1_000,
      maximumBatchingWindowInSeconds: 3,
      reservedConcurrentExecutions: 1,
      target: async ({ Records }: SQSEvent) => {
        note('invocation');
        sizes.push(Records.length);
      },
    });
    await engine.start();
    await queue.send(['first']);
    await expect.poll(() => times['first record']).toBeDefined();
    await queue.send(['second', 'third']);
    await engine.idle({ timeoutMs: 60_000 });
    expect(sizes).toEqual([3]);
    const waitedMs = (times['invocation'] ?? 0) - (times['first record'] ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(2_950);
    expect(waitedMs).toBeLessThan(6_000);
  });

  test('a full batch does not wait for its window', async ({ onTestFinished }) => {
    const queue = await world.queue();
    await queue.send(numbered(20));
    const engine = world.engine(onTestFinished);
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: 20,
      maximumBatchingWindowInSeconds: 300,
      reservedConcurrentExecutions: 1,
      target: async () => undefined,
    });
    await engine.start();
    const { event } = await engine.finished();
    expect((event as SQSEvent).Records).toHaveLength(20);
    await engine.idle({ timeoutMs: 60_000 });
  });

  test('no event is above 6 MB: a batch is cut before it', async ({ onTestFinished }) => {
    const queue = await world.queue();
    const engine = world.engine(onTestFinished);
    const bytes: number[] = [];
    const counts: number[] = [];
    // Half of it is escaped in JSON, so the event is larger than what the queue holds.
    const body = `${'x'.repeat(120_000)}${'\t"'.repeat(30_000)}`;
    for (let sent = 0; sent < 40; sent += 1) await queue.send([body]);
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: 40,
      maximumBatchingWindowInSeconds: 5,
      reservedConcurrentExecutions: 1,
      timeout: 30,
      target: async (event: SQSEvent) => {
        counts.push(event.Records.length);
        bytes.push(Buffer.byteLength(JSON.stringify(event)));
        expect(event.Records.every((record) => record.body === body)).toBe(true);
      },
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(PAYLOAD_MAX);
    // The first could have held no further record.
    expect((bytes[0] ?? 0) + (bytes[0] ?? 0) / (counts[0] ?? 1)).toBeGreaterThan(PAYLOAD_MAX);
  });

  test('MaximumConcurrency is reached and never passed', async ({ onTestFinished }) => {
    const queue = await world.queue();
    await queue.send(numbered(60));
    const engine = world.engine(onTestFinished);
    const together = new Together();
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: 2,
      scalingConfig: { maximumConcurrency: 3 },
      target: () => together.while(() => pause(250)),
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect(together.most).toBe(3);
  });

  test("a function's reserved concurrency holds over both its mappings, and neither starves", async ({ onTestFinished }) => {
    const [one, two] = [await world.queue(), await world.queue()];
    await one.send(numbered(30));
    await two.send(numbered(30));
    const engine = world.engine(onTestFinished);
    const together = new Together();
    const order: string[] = [];
    const shared = engine.function<SQSEvent>({
      name: 'shared',
      reservedConcurrentExecutions: 2,
      target: {
        invoke: ({ Records }) => {
          order.push(Records[0]?.eventSourceARN ?? '');
          const ended = together.while(() => pause(150));
          return { outcome: ended.then(() => ({ kind: 'success', text: () => '' })), ended };
        },
        close: () => Promise.resolve(),
      },
    });
    for (const queue of [one, two]) engine.map({ source: engine.sqs(queue.arn), batchSize: 2, target: shared });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect(together.most).toBe(2);
    expect(order).toHaveLength(30);
    const firstHalf = order.slice(0, 15);
    for (const queue of [one, two]) expect(firstHalf).toContain(queue.arn);
  });

  test(`${String(THROUGHPUT_MESSAGES)} messages are drained and none is lost`, async ({ onTestFinished }) => {
    const queue = await world.queue();
    const bodies = numbered(THROUGHPUT_MESSAGES);
    const calls = Array.from({ length: THROUGHPUT_MESSAGES / 100 }, (_, index) => bodies.slice(index * 100, (index + 1) * 100));
    for (let index = 0; index < calls.length; index += 4) {
      await Promise.all(calls.slice(index, index + 4).map((part) => queue.send(part)));
    }
    const engine = world.engine(onTestFinished);
    const seen = new Map<string, number>();
    const times: number[] = [];
    engine.map({
      source: engine.sqs(queue.arn),
      target: async ({ Records }: SQSEvent) => {
        times.push(performance.now());
        for (const { body } of Records) seen.set(body, (seen.get(body) ?? 0) + 1);
      },
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect([...seen.keys()].sort()).toEqual([...bodies].sort());
    expect([...seen.values()].every((count) => count === 1)).toBe(true);
    expect(await queue.counts()).toEqual(EMPTY);
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
    const rate = Math.round(THROUGHPUT_MESSAGES / seconds);
    console.log(`drained ${String(THROUGHPUT_MESSAGES)} messages in ${seconds.toFixed(1)} s, ${String(rate)}/s (LocalStack is the limit)`);
  });
});
