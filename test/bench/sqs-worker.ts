/** One measurement of the SQS suite, in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { answer } from './child.ts';
import { contestants, type Handle } from './sqs-contestants.ts';

/** What is measured. */
export interface SqsJob {
  readonly contestant: keyof typeof contestants;
  readonly endpoint: string;
  readonly queueUrl: string;
  /** Consumers, loops, or Millrace's MaximumConcurrency. */
  readonly parallel: number;
  /** How long the handler of a batch takes; 0: no time at all. */
  readonly handlerMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Does the job and answers. */
export async function work(text: string): Promise<void> {
  const { contestant, endpoint, queueUrl, parallel, handlerMs, warmUpMs, measureMs } = JSON.parse(text) as SqsJob;
  let handled = 0;
  const handle: Handle =
    handlerMs === 0
      ? async (records) => {
          handled += records;
        }
      : async (records) => {
          await sleep(handlerMs);
          handled += records;
        };
  const stop = await contestants[contestant]({ endpoint, queueUrl, parallel, handle });
  await sleep(warmUpMs);
  const before = handled;
  const since = performance.now();
  const cpu = process.cpuUsage();
  await sleep(measureMs);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - since) / 1000;
  const messages = handled - before;
  await stop();
  answer({ messages, seconds, cpuMicros: user + system, total: handled });
}
