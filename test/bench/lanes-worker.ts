/** One measurement of the lanes: handlers that take a known time, in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../adapters/index.ts';
import { type EmbeddedStream, embeddedStream } from '../../adapters/source/embedded-stream/index.ts';
import { laneOf } from '../../src/lanes/index.ts';
import { SeededRandom } from '../../src/testing/index.ts';
import { answer } from './child.ts';
import { errorLog } from './error-log.ts';
import { type Passed, Span } from './span.ts';

/** What is measured. */
export interface LanesJob {
  /** The engine, or its limit: one loop a lane that knows all its records beforehand. */
  readonly subject: 'engine' | 'bare';
  readonly keys: number;
  readonly records: number;
  readonly parallelizationFactor: number;
  readonly batchSize: number;
  readonly seed: number;
}

/** One record: how long its handler works. */
interface Task {
  readonly key: string;
  /** Its place among those of its key. */
  readonly turn: number;
  readonly workMs: number;
}

/** A record takes from nothing to this, whole ms, because timers know no parts. */
const WORK_MS_MAX = 5;

/** Does the job and answers. Throws when the order of a key was broken. */
export async function work(text: string): Promise<void> {
  const job = JSON.parse(text) as LanesJob;
  const tasks = plan(job);
  const ideals = idealMs(tasks, job.parallelizationFactor);
  const passed = await (job.subject === 'engine' ? throughEngine(tasks, job) : throughLoops(tasks, job));
  answer({ ...passed, ...ideals });
}

/** The same for the same seed. */
function plan({ keys, records, seed }: LanesJob): readonly Task[] {
  const random = new SeededRandom(seed);
  const turns = new Map<string, number>();
  return Array.from({ length: records }, () => {
    const key = `customer-${String(Math.floor(random.next() * keys))}`;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return { key, turn, workMs: random.integer(0, WORK_MS_MAX) };
  });
}

/** The least time that anybody needs: with records bound to lanes by a hash, and with keys that may run anywhere. */
function idealMs(tasks: readonly Task[], lanes: number): { readonly idealMs: number; readonly hashFreeIdealMs: number } {
  const keys = new Map<string, number>();
  const byLane = new Map<number, number>();
  let total = 0;
  for (const { key, workMs } of tasks) {
    const lane = laneOf(key, lanes);
    keys.set(key, (keys.get(key) ?? 0) + workMs);
    byLane.set(lane, (byLane.get(lane) ?? 0) + workMs);
    total += workMs;
  }
  const hashFreeIdealMs = Math.max(total / lanes, ...keys.values());
  return { idealMs: Math.max(hashFreeIdealMs, ...byLane.values()), hashFreeIdealMs };
}

/** Works on batches and watches the order. */
class Desk {
  readonly #turns = new Map<string, number>();
  readonly #expected: number;
  #handled = 0;
  #finish: () => void = () => undefined;
  readonly complete = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  constructor(expected: number) {
    this.#expected = expected;
  }

  async handle(batch: readonly Task[]): Promise<void> {
    let workMs = 0;
    for (const task of batch) {
      const turn = this.#turns.get(task.key) ?? 0;
      if (task.turn !== turn) throw new Error(`${task.key}: record ${String(task.turn)} came when ${String(turn)} was due`);
      this.#turns.set(task.key, turn + 1);
      workMs += task.workMs;
    }
    await sleep(workMs);
    this.#handled += batch.length;
    if (this.#handled >= this.#expected) this.#finish();
  }
}

async function throughEngine(tasks: readonly Task[], { parallelizationFactor, batchSize }: LanesJob): Promise<Passed> {
  const stream: EmbeddedStream = embeddedStream({ name: 'bench' });
  const byNumber = new Map<string, Task>();
  for (const task of tasks) byNumber.set(stream.put({ partitionKey: task.key, data: 'work' }).sequenceNumber, task);
  const desk = new Desk(tasks.length);
  const engine = new Engine({ logger: errorLog });
  engine.map({
    source: stream,
    batchSize,
    parallelizationFactor,
    startingPosition: 'TRIM_HORIZON',
    maximumRetryAttempts: 0,
    timeout: 900,
    target: async ({ Records }) => {
      const batch = Records.flatMap(({ kinesis }) => byNumber.get(kinesis.sequenceNumber) ?? []);
      // What is wrong here is no failure of a function: it ends the process.
      await desk.handle(batch).catch((error: unknown) => {
        setImmediate(() => {
          throw error;
        });
      });
    },
  });
  const span = new Span();
  await engine.start();
  await desk.complete;
  return span.end();
}

async function throughLoops(tasks: readonly Task[], { parallelizationFactor, batchSize }: LanesJob): Promise<Passed> {
  const lanes = Array.from({ length: parallelizationFactor }, (): Task[] => []);
  for (const task of tasks) lanes[laneOf(task.key, parallelizationFactor)]?.push(task);
  const desk = new Desk(tasks.length);
  const span = new Span();
  await Promise.all(
    lanes.map(async (lane) => {
      for (let from = 0; from < lane.length; from += batchSize) await desk.handle(lane.slice(from, from + batchSize));
    }),
  );
  return span.end();
}
