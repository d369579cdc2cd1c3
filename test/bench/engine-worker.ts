/** One measurement of the engine suite, in a process of its own. */
import { PerformanceObserver } from 'node:perf_hooks';
import { Engine, type QueueMessage } from '../../adapters/index.ts';
import { type EmbeddedQueue, embeddedQueue } from '../../adapters/source/embedded-queue/index.ts';
import { answer } from './child.ts';
import { type Passed, Span } from './span.ts';

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

/** What `drain` puts in at a time: few enough that the queue's own memory does not shape the measurement. */
const PORTION = 20_000;

/** Does the job and answers. */
export async function work(text: string): Promise<void> {
  const job = JSON.parse(text) as EngineJob;
  const queue = embeddedQueue({ name: 'bench', visibilityTimeoutSeconds: 600 });
  if (job.mode === 'drain') answer(await drain(queue, job));
  else {
    // More than is measured, so that nobody waits for the window of a last batch that is not full.
    const spare = job.mode === 'hold' ? 0 : 2 * job.parallel * job.batchSize;
    send(queue, job.warmUp + job.messages + spare);
    answer(job.mode === 'hold' ? await hold(queue, job) : await allocate(queue, job));
  }
}

function send(queue: EmbeddedQueue, count: number): void {
  for (let index = 0; index < count; index += 1) queue.send({ body: BODY });
}

/** Moves messages through a function that does nothing, the warm-up first. What it takes to put them in is not counted. */
function drain(queue: EmbeddedQueue, job: EngineJob): Promise<Passed> {
  return new Promise((resolve) => {
    let span: Span | undefined;
    let inQueue = PORTION;
    let handled = 0;
    send(queue, PORTION);
    run(queue, job, (records) => {
      handled += records;
      inQueue -= records;
      if (span === undefined && handled >= job.warmUp) {
        global.gc?.();
        handled = 0;
        span = new Span();
      } else if (span !== undefined && handled >= job.messages) resolve({ ...span.end(), messages: handled });
      if (inQueue > PORTION / 4) return;
      inQueue += PORTION;
      span?.pause();
      send(queue, PORTION);
      span?.resume();
    });
  });
}

/** As `drain`, and counts bytes: everything is in the queue before. */
async function allocate(queue: EmbeddedQueue, job: EngineJob): Promise<Passed> {
  const collections: number[] = [];
  new PerformanceObserver((list) => collections.push(...list.getEntries().map(({ startTime }) => startTime))).observe({
    entryTypes: ['gc'],
  });
  let span: Span | undefined;
  let heap = 0;
  let handled = 0;
  const passed = await new Promise<Passed>((resolve) => {
    run(queue, job, (records) => {
      handled += records;
      if (span === undefined && handled >= job.warmUp) {
        global.gc?.();
        handled = 0;
        heap = process.memoryUsage().heapUsed;
        span = new Span();
      } else if (span !== undefined && handled >= job.messages) {
        resolve({ ...span.end(), messages: handled, allocated: process.memoryUsage().heapUsed - heap });
      }
    });
  });
  // The observer hears of collections in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const since = span?.since ?? 0;
  return { ...passed, collections: collections.filter((at) => at >= since).length };
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
async function hold(queue: EmbeddedQueue, job: EngineJob): Promise<Passed> {
  const span = new Span();
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
  return { ...span.end(), heldBytes: (await settledHeap()) - before, messages: job.messages, kept: held.length };
}

async function settledHeap(): Promise<number> {
  for (let index = 0; index < 3; index += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    global.gc?.();
  }
  return process.memoryUsage().heapUsed;
}
