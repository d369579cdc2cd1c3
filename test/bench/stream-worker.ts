/** One contestant of a suite on a real stream, in a process of its own: reads the stream from its beginning whenever it is told to. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer } from './child.ts';
import { type Passed, Span } from './span.ts';
import type { StreamPlace, StreamReader } from './stream-readers.ts';

/** What is measured. */
export interface StreamJob extends StreamPlace {
  readonly service: 'kinesis' | 'dynamodb-streams' | 'kafka';
  readonly contestant: string;
  /** How many records the stream holds. */
  readonly records: number;
  /** Of these, how many come in the first page of each shard: the pace is that of what lies between the first page and the last. */
  readonly pageRecords: number;
  /** Process ids of those who serve. */
  readonly partners: readonly number[];
}

/** Longer than any turn takes, ms. */
const PATIENCE_MS = 120_000;
/** What a reader that was ended needs to come to rest, ms. */
const REST_MS = 100;

/** Obeys lines, one reading and one answer each, until there are no more. */
export async function work(text: string): Promise<void> {
  const job = JSON.parse(text) as StreamJob;
  const reader = await readerOf(job);
  for await (const _line of createInterface(process.stdin)) answer(await measure(reader, job));
}

const SERVICES = {
  kinesis: () => import('./kinesis-contestants.ts'),
  'dynamodb-streams': () => import('./dynamodb-contestants.ts'),
  kafka: () => import('./kafka-contestants.ts'),
};

async function readerOf({ service, contestant }: StreamJob): Promise<StreamReader> {
  const { contestants } = await SERVICES[service]();
  const found = (contestants as Readonly<Record<string, StreamReader>>)[contestant];
  if (found === undefined) throw new Error(`${service} knows no contestant ${contestant}`);
  return found;
}

async function measure(reader: StreamReader, job: StreamJob): Promise<Passed> {
  const tally = new Tally(job);
  const end = await reader(job, tally);
  const patience = setTimeout(() => {
    throw new Error(`${job.contestant}: ${String(tally.records)} of ${String(job.records)} records in ${String(PATIENCE_MS)} ms`);
  }, PATIENCE_MS);
  const passed = await tally.complete;
  clearTimeout(patience);
  await end();
  await sleep(REST_MS);
  return passed;
}

/** What a shard has given so far. */
interface ShardTally {
  records: number;
  /** When its first record came, ms. */
  readonly since: number;
  /** When its latest page came, ms. */
  lastPageAt: number;
}

/** Counts what is handled, from the beginning of the reading until all of the stream has been seen. */
class Tally {
  readonly #job: StreamJob;
  readonly #shards = new Map<string, ShardTally>();
  #span: Span | undefined;
  #finish: (passed: Passed) => void = () => undefined;
  readonly complete = new Promise<Passed>((resolve) => {
    this.#finish = resolve;
  });
  records = 0;

  constructor(job: StreamJob) {
    this.#job = job;
  }

  begin(): void {
    global.gc?.();
    this.#span = new Span(this.#job.partners);
  }

  handle(records: number, shardId: string): Promise<void> {
    this.records += records;
    const now = performance.now();
    const shard = this.#shards.get(shardId) ?? { records: 0, since: now, lastPageAt: now };
    const pageBefore = Math.floor(Math.max(0, shard.records - 1) / this.#job.pageRecords);
    shard.records += records;
    if (Math.floor((shard.records - 1) / this.#job.pageRecords) > pageBefore) shard.lastPageAt = now;
    this.#shards.set(shardId, shard);
    if (this.records >= this.#job.records) this.#finish({ ...(this.#span ?? new Span()).end(), records: this.records, ...this.#pace() });
    return Promise.resolve();
  }

  /** Records a second of a shard from its first page to its last, that one left out; the mean of all shards. */
  #pace(): { readonly pace: number } {
    const { pageRecords } = this.#job;
    const paces = [...this.#shards.values()].map(({ records, since, lastPageAt }) => {
      const pages = Math.ceil(records / pageRecords);
      return ((pages - 1) * pageRecords * 1000) / (lastPageAt - since);
    });
    return { pace: paces.reduce((sum, pace) => sum + pace, 0) / paces.length };
  }
}
