import type { SQSEvent } from 'aws-lambda';
import { EmbeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import {
  CoreEngine,
  type EngineEvents,
  type FunctionTarget,
  type Invocation,
  type QueueMapOptions,
  type QueueReceipt,
  SeededRandom,
  silentLogger,
  silentMeter,
  VirtualClock,
} from '../../../src/index.ts';

/** One engine with one mapping of one embedded queue, on a virtual clock. */
export interface OneMapping {
  readonly clock: VirtualClock;
  readonly queue: EmbeddedQueue;
  readonly engine: CoreEngine;
  /** Visibility changes, as the queue was asked for them. */
  readonly visibility: { readonly receipts: readonly QueueReceipt[]; readonly seconds: number }[];
  readonly told: { readonly name: keyof EngineEvents; readonly event: EngineEvents[keyof EngineEvents] }[];
}

/** Makes it; `change` may replace methods of the queue before the engine sees it. */
export function oneMapping(
  fields: Omit<QueueMapOptions<SQSEvent>, 'source'> & { readonly visibilityTimeoutSeconds?: number },
  change?: (queue: EmbeddedQueue) => void,
): OneMapping {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const { visibilityTimeoutSeconds = 30, ...mapping } = fields;
  const queue = new EmbeddedQueue({ name: 'orders', clock, random, visibilityTimeoutSeconds });
  change?.(queue);
  const visibility: { receipts: readonly QueueReceipt[]; seconds: number }[] = [];
  const changeVisibility = queue.changeVisibility.bind(queue);
  queue.changeVisibility = (receipts, seconds) => {
    visibility.push({ receipts, seconds });
    return changeVisibility(receipts, seconds);
  };
  const engine = new CoreEngine(
    { clock, random, logger: silentLogger, meter: silentMeter, store: memoryStore(), ownerLabel: 'test' },
    { stopTimeoutMs: 2000 },
  );
  const told: OneMapping['told'] = [];
  engine.on((name, event) => told.push({ name, event }));
  engine.map({ ...mapping, name: 'orders', source: queue });
  void engine.start();
  return { clock, queue, engine, visibility, told };
}

/** A function that answers and stops when `run` says so, and counts how many run at once. */
export class ManualTarget implements FunctionTarget<SQSEvent> {
  readonly #run: (nth: number) => { readonly answerMs: number; readonly endMs: number };
  readonly #clock: () => VirtualClock;
  #count = 0;
  running = 0;
  most = 0;

  constructor(clock: () => VirtualClock, run: (nth: number) => { readonly answerMs: number; readonly endMs: number }) {
    this.#clock = clock;
    this.#run = run;
  }

  invoke(): Invocation {
    const clock = this.#clock();
    this.#count += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    const { answerMs, endMs } = this.#run(this.#count);
    const at = <Value>(ms: number, act: () => Value): Promise<Value> =>
      new Promise((resolve) => {
        clock.timer(ms, () => {
          resolve(act());
        });
      });
    return {
      outcome: at(answerMs, () => ({ kind: 'success', text: () => '' })),
      ended: at(endMs, () => {
        this.running -= 1;
      }),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
