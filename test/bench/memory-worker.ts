/** What the engine holds of a stream without end when its function hangs, in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KinesisStreamEvent } from 'aws-lambda';
import {
  type BatchInfo,
  Engine,
  type ReadRequest,
  type StreamDescription,
  type StreamShard,
  type StreamSource,
  type StreamStep,
  sequenceNumber,
} from '../../adapters/index.ts';
import {
  eventBytes,
  fixedBytes,
  type KinesisRecord,
  kinesisBatchInfo,
  kinesisRecord,
  toKinesisEvent,
} from '../../adapters/shared/kinesis-event.ts';
import { answer } from './child.ts';
import { errorLog } from './error-log.ts';
import { Span } from './span.ts';

/** What is measured. */
export interface MemoryJob {
  readonly shards: number;
  readonly parallelizationFactor: number;
  readonly bufferBytes: number;
  readonly pageRecords: number;
  /** How long it is looked whether it grows on, ms. */
  readonly watchMs: number;
}

const EVENT_SOURCE = {
  arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/endless',
  region: 'us-east-1',
  roleArn: 'arn:aws:iam::0:role/bench',
};
/** Nothing was read for so long: the engine is full, ms. */
const QUIET_MS = 300;
const KEYS = 1000;

/** Does the job and answers. */
export async function work(text: string): Promise<void> {
  const { shards, parallelizationFactor, bufferBytes, pageRecords, watchMs } = JSON.parse(text) as MemoryJob;
  const stream = new EndlessStream(shards, pageRecords);
  const engine = new Engine({ bufferBytes, logger: errorLog });
  engine.map({
    source: stream,
    startingPosition: 'TRIM_HORIZON',
    parallelizationFactor,
    timeout: 900,
    target: () => new Promise<never>(() => undefined),
  });
  const span = new Span();
  const before = await settledHeap();
  await engine.start();
  let seen: number;
  do {
    seen = stream.records;
    await sleep(QUIET_MS);
  } while (seen !== stream.records);
  const full = await settledHeap();
  const { records, bytes } = stream;
  await sleep(watchMs);
  const later = await settledHeap();
  answer({
    ...span.end(),
    heldBytes: later - before,
    grownBytes: later - full,
    records,
    countedBytes: bytes,
    readLater: stream.records - records,
    pageBytes: stream.pageBytes,
  });
}

/** Every page is full, and there is always another. */
class EndlessStream implements StreamSource<KinesisStreamEvent, KinesisRecord> {
  readonly kind = 'stream';
  readonly label = 'endless';
  readonly startingPositions = ['TRIM_HORIZON'] as const;
  readonly #shards: number;
  readonly #pageRecords: number;
  /** What was read. */
  records = 0;
  bytes = 0;
  /** The largest page. */
  pageBytes = 0;

  constructor(shards: number, pageRecords: number) {
    this.#shards = shards;
    this.#pageRecords = pageRecords;
  }

  describe(): Promise<StreamDescription> {
    return Promise.resolve({ arn: EVENT_SOURCE.arn, incarnation: 'only', retentionMs: 86_400_000 });
  }

  listShards(): Promise<readonly StreamShard[]> {
    const shard = (_: unknown, index: number): StreamShard => ({ shardId: `shard-${String(index)}`, parents: [], isClosed: false });
    return Promise.resolve(Array.from({ length: this.#shards }, shard));
  }

  async *read({ shardId, maxRecords, signal }: ReadRequest): AsyncIterable<StreamStep<KinesisRecord>> {
    const fixed = fixedBytes(shardId, EVENT_SOURCE);
    while (!signal.aborted) {
      await sleep(1);
      const records = Array.from({ length: Math.min(maxRecords, this.#pageRecords) }, () => this.#next(fixed));
      const bytes = records.reduce((sum, { sizeBound }) => sum + sizeBound, 0);
      this.bytes += bytes;
      this.pageBytes = Math.max(this.pageBytes, bytes);
      yield { kind: 'page', records, readThrough: Date.now(), millisBehindLatest: 1000, ended: false };
    }
  }

  toEvent(shardId: string, records: readonly KinesisRecord[]): KinesisStreamEvent {
    return toKinesisEvent(shardId, records, EVENT_SOURCE);
  }

  eventBytes(shardId: string, record: KinesisRecord): number {
    return eventBytes(shardId, record, EVENT_SOURCE);
  }

  batchInfo(shardId: string, records: readonly KinesisRecord[]): BatchInfo {
    return kinesisBatchInfo(shardId, records, EVENT_SOURCE.arn);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #next(fixed: number): KinesisRecord {
    this.records += 1;
    const number = String(this.records).padStart(56, '4');
    const data = Buffer.from(number.padEnd(200)).toString('base64');
    const partitionKey = `customer-${String(this.records % KEYS)}`;
    return kinesisRecord({ sequenceNumber: sequenceNumber(number), partitionKey, data, arrivedAt: Date.now() }, fixed);
  }
}

async function settledHeap(): Promise<number> {
  for (let index = 0; index < 3; index += 1) {
    await sleep(10);
    global.gc?.();
  }
  return process.memoryUsage().heapUsed;
}
