/** One measurement of the engine suite, in a process of its own. */
import { PerformanceObserver } from 'node:perf_hooks';
import { Engine, type QueueMessage } from '../../adapters/index.ts';
import { type EmbeddedQueue, embeddedQueue } from '../../adapters/source/embedded-queue/index.ts';
import { answer } from './child.ts';

/** What is measured. */
export interface EngineJob {
  /** The engine, or its limit: receives and deletes without it. */
  readonly subject: 'engine' | 'bare';
  /** `drain`: time and CPU; `allocate`: bytes, with room enough that nothing is collected; `hold`: bytes of messages in flight. */
  readonly mode: 'drain' | 'allocate' | 'hold';
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly parallel: number;
  readonly warmUp: number;
  readonly messages: number;
}

const BODY = JSON.stringify({ order: 4711, customer: 'c'.repeat(20), lines: 'x'.repeat(140) }).padEnd(200);
const NEVER = new AbortController().signal;
const RECEIVE = { max: 10, waitSeconds: 0, visibilitySeconds: undefined, attemptId: undefined, signal: NEVER };

/** Does the job and answers. */
export async function work(text: string): Promise<void> {
  const job = JSON.parse(text) as EngineJob;
  const queue = embeddedQueue({ name: 'bench', visibilityTimeoutSeconds: 600 });
  // More than is measured, so that nobody waits for the window of a last batch that is not full.
  const spare = job.mode === 'hold' ? 0 : 2 * job.parallel * job.batchSize;
  for (let index = 0; index < job.warmUp + job.messages + spare; index += 1) queue.send({ body: BODY });
  answer(job.mode === 'hold' ? await hold(queue, job) : await drain(queue, job));
}

/** Readings at two instants. */
class Span {
  readonly #cpu = process.cpuUsage();
  readonly #heap = process.memoryUsage().heapUsed;
  readonly since = performance.now();

  end(messages: number): Record<string, number> {
    const seconds = (performance.now() - this.since) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const allocated = process.memoryUsage().heapUsed - this.#heap;
    return { messages, seconds, cpuMicros: user + system, allocated };
  }
}

/** Moves the warm-up, then the measured messages, through a function that does nothing. */
async function drain(queue: EmbeddedQueue, job: EngineJob): Promise<Record<string, number>> {
  const collections: number[] = [];
  new PerformanceObserver((list) => collections.push(...list.getEntries().map(({ startTime }) => startTime))).observe({
    entryTypes: ['gc'],
  });
  let span: Span | undefined;
  let handled = 0;
  const result = await new Promise<Record<string, number>>((resolve) => {
    run(queue, job, (records) => {
      handled += records;
      if (span === undefined && handled >= job.warmUp) {
        global.gc?.();
        handled -= job.warmUp;
        span = new Span();
      } else if (span !== undefined && handled >= job.messages) resolve(span.end(handled));
    });
  });
  // The observer hears of collections in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const since = span?.since ?? 0;
  return { ...result, collections: collections.filter((at) => at >= since).length };
}

function run(queue: EmbeddedQueue, job: EngineJob, onBatch: (records: number) => void): void {
  if (job.subject === 'bare') {
    for (let index = 0; index < job.parallel; index += 1) void bareLoop(queue, onBatch);
    return;
  }
  const engine = new Engine();
  engine.map({
    source: queue,
    batchSize: job.batchSize,
    maximumBatchingWindowInSeconds: job.windowSeconds,
    scalingConfig: { maximumConcurrency: job.parallel },
    target: async (event) => {
      onBatch(event.Records.length);
    },
  });
  void engine.start();
}

async function bareLoop(queue: EmbeddedQueue, onBatch: (records: number) => void): Promise<void> {
  for (;;) {
    const messages = await queue.receive(RECEIVE);
    if (messages.length === 0) return;
    onBatch(messages.length);
    await queue.delete(messages);
  }
}

/** Takes all messages and keeps them in flight, the engine's in handlers that do not end. */
async function hold(queue: EmbeddedQueue, job: EngineJob): Promise<Record<string, number>> {
  const before = await settledHeap();
  const held: QueueMessage[] = [];
  if (job.subject === 'bare') {
    while (held.length < job.messages) held.push(...(await queue.receive(RECEIVE)));
  } else {
    let handled = 0;
    await new Promise<void>((resolve) => {
      const engine = new Engine();
      engine.map({
        source: queue,
        batchSize: job.batchSize,
        maximumBatchingWindowInSeconds: job.windowSeconds,
        scalingConfig: { maximumConcurrency: job.parallel },
        timeout: 600,
        target: async (event) => {
          handled += event.Records.length;
          if (handled >= job.messages) resolve();
          await new Promise<never>(() => undefined);
        },
      });
      void engine.start();
    });
  }
  return { heldBytes: (await settledHeap()) - before, messages: job.messages, kept: held.length };
}

async function settledHeap(): Promise<number> {
  for (let index = 0; index < 3; index += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    global.gc?.();
  }
  return process.memoryUsage().heapUsed;
}
