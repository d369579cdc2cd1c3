/**
 * The adapters by name, each loaded when a configuration names it: a process that reads only SQS loads only SQS.
 */
import { type FunctionTarget, type Logger, type QueueSource, type StateStore, systemClock, systemRandom } from '../src/index.ts';
import type { LogLevel } from './logger/pino/index.ts';
import type { PrometheusMeter } from './meter/prometheus/index.ts';
import type { EmbeddedQueue, EmbeddedQueueOptions, Redrive } from './source/embedded-queue/index.ts';
import type { SqsOptions } from './source/sqs/index.ts';
import type { FunctionHandler } from './target/function/index.ts';

/** An embedded queue of a configuration; its redrive policy names a queue that stands earlier in the list. */
interface QueuePlan extends Omit<EmbeddedQueueOptions, 'redrive'> {
  readonly redrive?: (Omit<Redrive, 'queue'> & { readonly queue: string }) | undefined;
}

async function logger(options: { readonly level: LogLevel; readonly pretty: boolean }): Promise<Logger> {
  const { pinoLogger } = await import('./logger/pino/index.ts');
  return pinoLogger(options);
}

async function meter(): Promise<PrometheusMeter> {
  const { prometheusMeter } = await import('./meter/prometheus/index.ts');
  return prometheusMeter({ processMetrics: true });
}

async function memory(): Promise<StateStore> {
  const { memoryStore } = await import('./store/memory/index.ts');
  return memoryStore();
}

async function sqlite(options: { readonly path: string }): Promise<StateStore> {
  const { sqliteStore } = await import('./store/sqlite/index.ts');
  return sqliteStore(options);
}

async function embeddedQueues(plans: readonly QueuePlan[]): Promise<ReadonlyMap<string, EmbeddedQueue>> {
  const { embeddedQueue } = await import('./source/embedded-queue/index.ts');
  const queues = new Map<string, EmbeddedQueue>();
  for (const { redrive, ...plan } of plans) {
    const target = redrive === undefined ? undefined : queues.get(redrive.queue);
    if (redrive !== undefined && target === undefined) throw new Error(`queue ${redrive.queue} must stand before ${plan.name}`);
    queues.set(plan.name, embeddedQueue({ ...plan, redrive: redrive && target && { ...redrive, queue: target } }));
  }
  return queues;
}

async function sqs(options: SqsOptions): Promise<QueueSource> {
  const source = await import('./source/sqs/index.ts');
  return source.sqs(options);
}

async function inProcess(fn: FunctionHandler<unknown>): Promise<FunctionTarget> {
  const { handler } = await import('./target/function/index.ts');
  return handler(fn);
}

async function http(options: { readonly url: string }): Promise<FunctionTarget> {
  const target = await import('./target/http/index.ts');
  return target.http(options);
}

/** What the daemon finds adapters by. */
export const catalog = {
  clock: systemClock,
  random: systemRandom,
  logger,
  meter,
  stores: { memory, sqlite },
  sources: { embeddedQueues, sqs },
  targets: { function: inProcess, http },
};
