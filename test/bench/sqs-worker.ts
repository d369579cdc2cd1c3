/** One contestant of the SQS suite, in a process of its own: works only while it is told to. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer } from './child.ts';
import { type Passed, Span } from './span.ts';
import { contestants } from './sqs-contestants.ts';

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
/** How long the work gets to find its pace again after a pause, and to come to rest before one, ms. */
const SETTLE_MS = 500;
const REST_MS = 100;

/** Obeys the lines `warm` and `measure`, an answer each, until there are no more. */
export async function work(text: string): Promise<void> {
  const job = JSON.parse(text) as SqsJob;
  const desk = new Desk(job.handlerMs);
  const { contestant, endpoint, queueUrl, parallel } = job;
  await contestants[contestant]({ endpoint, queueUrl, parallel, handle: (records) => desk.handle(records) });
  for await (const line of createInterface(process.stdin)) {
    desk.open();
    answer(line === 'warm' ? await warm(desk, job) : await measure(desk, job));
    desk.close();
    await sleep(REST_MS);
  }
}

/** The ramp of concurrency takes time; the compiler wants messages, which a slow machine or a slow handler brings late. */
async function warm(desk: Desk, { warmUpMs, broker }: SqsJob): Promise<Passed> {
  const span = new Span([broker]);
  const passedMs = (): number => performance.now() - span.since;
  while (passedMs() < warmUpMs || (desk.messages < WARM_MESSAGES && passedMs() < 3 * warmUpMs)) await sleep(LOOK_MS);
  return span.end();
}

async function measure(desk: Desk, { measureMs, broker }: SqsJob): Promise<Passed> {
  await sleep(SETTLE_MS);
  const { messages, batches } = desk;
  const span = new Span([broker]);
  await sleep(measureMs);
  return { ...span.end(), messages: desk.messages - messages, batches: desk.batches - batches };
}

/** Where batches are handled. While it is closed they wait, and so, with every hand full, does whoever receives them. */
class Desk {
  readonly #handlerMs: number;
  #closed: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  messages = 0;
  batches = 0;

  constructor(handlerMs: number) {
    this.#handlerMs = handlerMs;
    this.close();
  }

  async handle(records: number): Promise<void> {
    if (this.#closed !== undefined) await this.#closed.opened;
    if (this.#handlerMs > 0) await sleep(this.#handlerMs);
    this.messages += records;
    this.batches += 1;
  }

  close(): void {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#closed = { opened, open };
  }

  open(): void {
    this.#closed?.open();
    this.#closed = undefined;
  }
}
