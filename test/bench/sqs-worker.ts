/** One measurement of the SQS suite, in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { answer } from './child.ts';
import { Span } from './span.ts';
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
  /** The process id of the broker. */
  readonly broker: number;
}

/** How many messages make the code warm, if there is time. */
const WARM_MESSAGES = 20_000;
/** Between looks whether it is, ms. */
const LOOK_MS = 50;

/** Does the job and answers. */
export async function work(text: string): Promise<void> {
  const { contestant, endpoint, queueUrl, parallel, handlerMs, warmUpMs, measureMs, broker } = JSON.parse(text) as SqsJob;
  let handled = 0;
  let batches = 0;
  const handle: Handle =
    handlerMs === 0
      ? async (records) => {
          handled += records;
          batches += 1;
        }
      : async (records) => {
          await sleep(handlerMs);
          handled += records;
          batches += 1;
        };
  const stop = await contestants[contestant]({ endpoint, queueUrl, parallel, handle });
  // The ramp of concurrency takes time; the compiler wants messages, which a slow machine or a slow handler brings late.
  const since = performance.now();
  const passedMs = (): number => performance.now() - since;
  while (passedMs() < warmUpMs || (handled < WARM_MESSAGES && passedMs() < 2 * warmUpMs)) await sleep(LOOK_MS);
  const before = { handled, batches };
  const span = new Span([broker]);
  await sleep(measureMs);
  const passed = { ...span.end(), messages: handled - before.handled, batches: batches - before.batches };
  await stop();
  answer(passed);
}
