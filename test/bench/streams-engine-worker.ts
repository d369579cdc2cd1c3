/** One measurement of the engine between a stream and a function of the same process, in a process of its own. */
import type { KinesisStreamEvent } from 'aws-lambda';
import { Engine, type StreamPosition, sequenceNumber } from '../../adapters/index.ts';
import { type EmbeddedStream, embeddedStream } from '../../adapters/source/embedded-stream/index.ts';
import { answer } from './child.ts';
import { errorLog } from './error-log.ts';
import { type Passed, Span } from './span.ts';

/** What is measured. */
export interface StreamsEngineJob {
  /** The engine, or its limit: pages cut into events without it. */
  readonly subject: 'engine' | 'bare';
  readonly parallelizationFactor: number;
  readonly batchSize: number;
  readonly warmUp: number;
  readonly records: number;
}

/** 200 bytes, as of a small business event. */
const DATA = JSON.stringify({ order: 4711, customer: 'c'.repeat(20), lines: 'x'.repeat(140) }).padEnd(200);
const KEYS = Array.from({ length: 1000 }, (_, index) => `customer-${String(index)}`);
/** What is put in at a time: few enough that the stream's own memory does not shape the measurement. */
const PORTION = 20_000;
/** The most that is in no batch yet when more is put in. */
const LEFT = PORTION / 4;
/** The most that one page of the stream holds. */
const PAGE = 10_000;
const START: StreamPosition = { kind: 'start', start: { kind: 'trim-horizon' } };

/** Does the job and answers. */
export async function work(text: string): Promise<void> {
  const job = JSON.parse(text) as StreamsEngineJob;
  answer(await drain(new Supply(), job));
}

/** Moves records through a function that does nothing, the warm-up first. What it takes to put them in is not counted. */
function drain(supply: Supply, job: StreamsEngineJob): Promise<Passed> {
  return new Promise((resolve) => {
    let span: Span | undefined;
    let handled = 0;
    run(supply, job, (records) => {
      handled += records;
      const isTimeToFill = supply.taken(records);
      if (span === undefined && handled >= job.warmUp) {
        global.gc?.();
        handled = 0;
        span = new Span();
      } else if (span !== undefined && handled >= job.records) resolve({ ...span.end(), records: handled });
      if (!isTimeToFill) return;
      span?.pause();
      supply.fill();
      span?.resume();
    });
  });
}

function run(supply: Supply, job: StreamsEngineJob, onBatch: (records: number) => void): void {
  if (job.subject === 'bare') {
    void bareLoop(supply, job.batchSize, onBatch);
    return;
  }
  const engine = new Engine({ logger: errorLog });
  engine.map({
    source: supply.stream,
    batchSize: job.batchSize,
    parallelizationFactor: job.parallelizationFactor,
    startingPosition: 'TRIM_HORIZON',
    target: async (event) => {
      onBatch(event.Records.length);
    },
  });
  void engine.start();
}

/** Reads pages, cuts them into events and hands each to the function. */
async function bareLoop({ stream, shardId }: Supply, batchSize: number, onBatch: (records: number) => void): Promise<void> {
  const target = async (event: KinesisStreamEvent): Promise<void> => {
    onBatch(event.Records.length);
  };
  const request = { shardId, position: START, maxRecords: PAGE, signal: new AbortController().signal };
  for await (const step of stream.read(request)) {
    if (step.kind !== 'page') continue;
    for (let from = 0; from < step.records.length; from += batchSize) {
      await target(stream.toEvent(shardId, step.records.slice(from, from + batchSize)));
    }
  }
}

/** A stream of one shard that is filled and trimmed in portions. */
class Supply {
  readonly stream: EmbeddedStream = embeddedStream({ name: 'bench', maximumRecords: 10 * PORTION });
  readonly shardId: string;
  /** The last numbers of the portion put in last, and of the one before. */
  readonly #ends: string[] = [];
  #waiting = 0;
  #put = 0;

  constructor() {
    const [shardId = ''] = this.stream.shardIds;
    this.shardId = shardId;
    this.fill();
  }

  /** So many records were handled. True: it is time to fill. */
  taken(records: number): boolean {
    this.#waiting -= records;
    return this.#waiting <= LEFT;
  }

  /** Puts a portion in. The one before the last has been read long since, and goes. */
  fill(): void {
    let last = '';
    for (let index = 0; index < PORTION; index += 1) {
      this.#put += 1;
      last = this.stream.put({ partitionKey: KEYS[this.#put % KEYS.length] ?? '', data: DATA }).sequenceNumber;
    }
    this.#waiting += PORTION;
    this.#ends.push(last);
    const gone = this.#ends.length > 2 ? this.#ends.shift() : undefined;
    if (gone !== undefined) this.stream.trim(this.shardId, sequenceNumber(gone));
  }
}
