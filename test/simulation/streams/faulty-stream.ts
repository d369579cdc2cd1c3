import type { KinesisStreamEvent } from 'aws-lambda';
import type { EmbeddedStream, KinesisRecord } from '../../../adapters/source/embedded-stream/index.ts';
import {
  type BatchInfo,
  type ReadRequest,
  SourceError,
  type StreamDescription,
  type StreamShard,
  type StreamSource,
  type StreamStep,
} from '../../../src/index.ts';
import { call, cross, pass, type Surroundings, strikes, unavailable } from './faulty.ts';

/** The embedded stream as one life of the engine reaches it. */
export class FaultyStream implements StreamSource<KinesisStreamEvent, KinesisRecord> {
  readonly kind = 'stream';
  readonly label: string;
  readonly startingPositions;
  readonly #around: Surroundings;
  readonly #stream: EmbeddedStream;
  readonly #pageRecords: number;

  constructor(around: Surroundings, stream: EmbeddedStream, pageRecords: number) {
    this.#around = around;
    this.#stream = stream;
    this.#pageRecords = pageRecords;
    this.label = stream.label;
    this.startingPositions = stream.startingPositions;
  }

  describe(): Promise<StreamDescription> {
    const error = this.#around.faults.listError;
    return call(this.#around, 'describe', { error, lostReply: 0 }, () => this.#stream.describe());
  }

  listShards(): Promise<readonly StreamShard[]> {
    const error = this.#around.faults.listError;
    return call(this.#around, 'listShards', { error, lostReply: 0 }, () => this.#stream.listShards());
  }

  async *read(request: ReadRequest): AsyncIterableIterator<StreamStep<KinesisRecord>, undefined> {
    const { clock, random, faults } = this.#around;
    const maxRecords = Math.min(request.maxRecords, this.#pageRecords);
    const inner = this.#stream.read({ ...request, maxRecords });
    for (;;) {
      if (strikes(this.#around, faults.readError / 2)) throw unavailable('a read');
      if (strikes(this.#around, faults.slowRead)) await pass(clock, random.integer(1, 5000));
      if (strikes(this.#around, faults.trouble)) {
        const ms = random.integer(1, 3000);
        const error = new SourceError('throttled', 'ProvisionedThroughputExceededException', 'a fault of the simulation');
        yield { kind: 'trouble', error, retryAt: clock.monotonic() + ms };
        await pass(clock, ms);
        await cross(this.#around);
      }
      if (strikes(this.#around, faults.emptyPage)) {
        yield { kind: 'page', records: [], readThrough: undefined, millisBehindLatest: 1, ended: false };
        await pass(clock, 1);
        await cross(this.#around);
      }
      const step = await inner.next();
      await cross(this.#around);
      if (step.done === true || request.signal.aborted) {
        await inner.return?.();
        return undefined;
      }
      if (strikes(this.#around, faults.readError / 2)) throw unavailable('a page');
      yield step.value;
    }
  }

  toEvent(shardId: string, records: readonly KinesisRecord[]): KinesisStreamEvent {
    return this.#stream.toEvent(shardId, records);
  }

  eventBytes(shardId: string, record: KinesisRecord): number {
    return this.#stream.eventBytes(shardId, record);
  }

  batchInfo(shardId: string, records: readonly KinesisRecord[]): BatchInfo {
    return this.#stream.batchInfo(shardId, records);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
