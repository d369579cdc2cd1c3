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
import { call, cross, isOut, pass, type Surroundings, strikes, unavailable } from './faulty.ts';
import type { MappingJudge } from './judge/index.ts';

/** How far above the exact size the bound of a large record may be, bytes. */
const BOUND_STEP = 30_000;
const BOUND_STEPS = 7;

/** An embedded stream as one mapping of one life of the engine reaches it. */
export class FaultyStream implements StreamSource<KinesisStreamEvent, KinesisRecord> {
  readonly kind = 'stream';
  readonly label: string;
  readonly startingPositions;
  readonly filtering;
  readonly #around: Surroundings;
  readonly #stream: EmbeddedStream;
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #judge: MappingJudge;
  readonly #pageRecords: number;
  readonly #onEvent: (event: KinesisStreamEvent) => void;

  /** `onEvent` hears of every event that is made: it does not say for which mapping. */
  constructor(around: Surroundings, judge: MappingJudge, pageRecords: number, onEvent: (event: KinesisStreamEvent) => void) {
    const { stream } = judge.bench;
    this.#around = around;
    this.#judge = judge;
    this.#stream = stream.embedded;
    this.#sizes = stream.sizes;
    this.#pageRecords = pageRecords;
    this.#onEvent = onEvent;
    this.label = stream.embedded.label;
    this.startingPositions = stream.embedded.startingPositions;
    this.filtering = stream.embedded.filtering;
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
    const { clock, random, faults, life } = this.#around;
    const maxRecords = Math.min(request.maxRecords, this.#pageRecords);
    this.#judge.opened(life, request);
    const inner = this.#stream.read({ ...request, maxRecords });
    for (;;) {
      if (isOut(this.#around, 'reads')) throw unavailable('a read');
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
      this.#judge.delivered(life, request.shardId, step.value);
      yield this.#sized(step.value);
    }
  }

  toEvent(shardId: string, records: readonly KinesisRecord[]): KinesisStreamEvent {
    const event = this.#stream.toEvent(shardId, records);
    this.#onEvent(event);
    return event;
  }

  eventBytes(shardId: string, record: KinesisRecord): number {
    return this.#sizes.get(record.sequenceNumber) ?? this.#stream.eventBytes(shardId, record);
  }

  /** Large records are as large as they claim to be. */
  #sized(step: StreamStep<KinesisRecord>): StreamStep<KinesisRecord> {
    if (step.kind !== 'page' || this.#sizes.size === 0) return step;
    const records = step.records.map((record) => {
      const bytes = this.#sizes.get(record.sequenceNumber);
      return bytes === undefined ? record : { ...record, sizeBound: bytes + (bytes % BOUND_STEPS) * BOUND_STEP };
    });
    return { ...step, records };
  }

  batchInfo(shardId: string, records: readonly KinesisRecord[]): BatchInfo {
    return this.#stream.batchInfo(shardId, records);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
