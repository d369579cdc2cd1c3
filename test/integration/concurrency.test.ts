/** Reserved concurrency and the circuit breaker on a real queue service: throttling burns no receive count, idle queues take nothing. */
import { createServer, type Server } from 'node:http';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { handler } from '../../adapters/target/function/index.ts';
import { http } from '../../adapters/target/http/index.ts';
import { freePort } from '../support/backends/free-port.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { EMPTY, SqsWorld } from '../support/sqs-world.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

/** Receive counts of everything that was handed to a function. */
const countsOf = ({ Records }: SQSEvent): number[] => Records.map(({ attributes }) => Number(attributes.ApproximateReceiveCount));

describeWithBackend('localstack', 'a function with reserved concurrency 1', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test('and two busy queues receives nothing that it cannot run: no receive count rises', async (context) => {
    const queues = [await world.queue({ visibilitySeconds: 2 }), await world.queue({ visibilitySeconds: 2 })];
    for (const queue of queues) await queue.send(numbered(12));
    const engine = world.engine(context.onTestFinished);
    const counts: number[] = [];
    let running = 0;
    let most = 0;
    const work = async (event: SQSEvent): Promise<void> => {
      counts.push(...countsOf(event));
      running += 1;
      most = Math.max(most, running);
      await pause(250);
      running -= 1;
    };
    const target = engine.function({ name: 'shared', target: handler(work), reservedConcurrentExecutions: 1 });
    for (const queue of queues) engine.map({ source: engine.sqs(queue.arn), target, batchSize: 1, heartbeat: false });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect(counts).toEqual(Array.from({ length: 24 }, () => 1));
    expect(most).toBe(1);
  });

  test('keeps at least 0.9 of the rate of a busy queue while another one is idle', async (context) => {
    const rate = async (idleQueues: number): Promise<number> => {
      const busy = await world.queue();
      await busy.send(numbered(60));
      const engine = world.engine(context.onTestFinished);
      const work = (): Promise<void> => pause(100);
      const target = engine.function({ name: 'shared', target: handler(work), reservedConcurrentExecutions: 1 });
      engine.map({ source: engine.sqs(busy.arn), target, batchSize: 1 });
      for (let index = 0; index < idleQueues; index += 1) {
        engine.map({ source: engine.sqs((await world.queue()).arn), target, batchSize: 1 });
      }
      const at: number[] = [];
      engine.on('batch.ended', () => at.push(performance.now()));
      await engine.start();
      await expect.poll(() => at.length, { interval: 20 }).toBe(60);
      await engine.stop();
      // Without the first ones, which wait for clients to be made.
      return 50_000 / ((at[59] ?? 0) - (at[9] ?? 0));
    };
    // What else the machine does lowers either of them at times, so the best of three counts.
    let best = 0;
    for (let round = 0; round < 3 && best < 0.9; round += 1) {
      const alone = await rate(0);
      best = Math.max(best, (await rate(1)) / alone);
    }
    expect(best).toBeGreaterThanOrEqual(0.9);
  });
});

describeWithBackend('localstack', 'a function behind HTTP that is down', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test('is left alone: nothing is received until it is back, then everything is handled', async (context) => {
    const queue = await world.queue({ visibilitySeconds: 5 });
    await queue.send(numbered(100));
    const port = await freePort();
    const engine = world.engine(context.onTestFinished);
    const breaker = { failures: 2, pauseMs: 200, maxPauseMs: 1000 };
    const target = http({ url: `http://127.0.0.1:${String(port)}/` });
    context.onTestFinished(() => target.close());
    engine.map({ name: 'orders', source: engine.sqs(queue.arn), target, breaker });
    const states: string[] = [];
    engine.on('breaker.state', ({ state }) => states.push(state));
    await engine.start();
    await expect.poll(() => states.filter((state) => state === 'open').length, { interval: 50 }).toBeGreaterThan(3);
    expect(engine.explain().join('\n')).toMatch(/the breaker of function orders is (open|half-open).*ECONNREFUSED/);
    // Those of the first batches are in flight or hidden; the others were never touched.
    expect((await queue.counts()).visible).toBeGreaterThanOrEqual(40);
    const handled = new Set<string>();
    const server = await listen(port, (event) => {
      for (const { body } of event.Records) handled.add(body);
    });
    context.onTestFinished(() => close(server));
    await engine.idle({ timeoutMs: 60_000 });
    expect(handled.size).toBe(100);
    expect(states.at(-1)).toBe('closed');
    expect(await queue.counts()).toEqual(EMPTY);
  });
});

function listen(port: number, take: (event: SQSEvent) => void): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      take(JSON.parse(Buffer.concat(chunks).toString()) as SQSEvent);
      response.end('null');
    });
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => {
      resolve();
    });
  });
}
