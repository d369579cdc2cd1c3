import type { KinesisStreamEvent } from 'aws-lambda';
import {
  type BatchInfo,
  type FilterView,
  type ReadRequest,
  type SequenceNumber,
  SourceError,
  type StreamDescription,
  type StreamShard,
  type StreamSource,
  type StreamStep,
} from '../../../src/index.ts';
import {
  eventBytes,
  type KinesisEventSource,
  type KinesisRecord,
  kinesisBatchInfo,
  kinesisFilterView,
  toKinesisEvent,
} from '../../shared/kinesis-event.ts';
import { streamNotFound } from './errors.ts';
import { type EmbeddedStreamOptions, resolveOptions, type StreamSettings } from './options.ts';
import { type CheckedPut, checkPut, type PutInput, type PutResult } from './put-input.ts';
import { ReadSide } from './read-side.ts';
import { Reading } from './reading.ts';
import { bytesOf, type Holdings } from './shard.ts';
import { Shards } from './shards.ts';

/** One shard as {@link EmbeddedStream.peek} shows it. */
export interface PeekedShard extends StreamShard {
  /** The hash keys that it takes, in decimal, both included. */
  readonly hashKeyRange: { readonly startingHashKey: string; readonly endingHashKey: string };
  /** What it keeps, the oldest first. */
  readonly records: readonly KinesisRecord[];
}

/**
 * A stream in this process with the semantics of Kinesis. Made for a first run, for tests and for simulations: what it
 * holds is lost with the process. README.md beside this file lists what it does and does not.
 */
export class EmbeddedStream implements StreamSource<KinesisStreamEvent, KinesisRecord> {
  readonly kind = 'stream';
  readonly label: string;
  readonly arn: string;
  readonly startingPositions = ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const;
  readonly filtering = {
    kind: 'kinesis' as const,
    view: (shardId: string, record: KinesisRecord): FilterView => kinesisFilterView(shardId, record, this.#eventSource),
  };
  readonly #settings: StreamSettings;
  readonly #eventSource: KinesisEventSource;
  readonly #readSide: ReadSide;
  #generation = 0;
  #shards: Shards | undefined;

  /** Throws a ConfigError that lists every option that is wrong. */
  constructor(options: EmbeddedStreamOptions) {
    const settings = resolveOptions(options);
    const { name, region, account, roleArn } = settings;
    this.label = name;
    this.arn = `arn:aws:kinesis:${region}:${account}:stream/${name}`;
    this.#settings = settings;
    this.#eventSource = { arn: this.arn, region, roleArn };
    this.#readSide = new ReadSide(settings, () => this.#shards);
    this.recreate();
  }

  /**
   * Puts a record in; it can be read at once. Throws a SourceError: `invalid` when the record breaks a rule, `throttled` when the
   * stream is full, `not-found` when it was deleted.
   */
  put(input: PutInput): PutResult {
    const checked = checkPut(input, this.#settings.maximumRecordBytes);
    const shards = this.#existing();
    this.#checkRoom(shards, checked);
    const { shard, record } = shards.put(checked);
    return { shardId: shard.shardId, sequenceNumber: record.sequenceNumber };
  }

  /** Puts one after the other, any number. The first that is refused throws; those before it are in the stream. */
  putMany(inputs: readonly PutInput[]): PutResult[] {
    return inputs.map((input) => this.put(input));
  }

  describe(): Promise<StreamDescription> {
    return this.#answer(({ incarnation }) => ({ arn: this.arn, incarnation, retentionMs: this.#settings.retentionMs }));
  }

  listShards(): Promise<readonly StreamShard[]> {
    return this.#answer((shards) =>
      shards.list().map(({ shardId, parents, closedAt }) => ({ shardId, parents, isClosed: closedAt !== undefined })),
    );
  }

  /**
   * As the port says. A record is old enough for AT_TIMESTAMP and LATEST when it arrived at the instant or later, in whole
   * ms. `trimmed` means that at least one record behind the position was removed; a position whose own record is gone
   * is good as long as nothing behind it is. A read throws `not-found` when the stream was deleted, also if there is a
   * new one under its name, and `unavailable` when the stream was closed after the read began.
   */
  read(request: ReadRequest): AsyncIterableIterator<StreamStep<KinesisRecord>, undefined> {
    return new Reading(this.#readSide, request);
  }

  toEvent(shardId: string, records: readonly KinesisRecord[]): KinesisStreamEvent {
    return toKinesisEvent(shardId, records, this.#eventSource);
  }

  eventBytes(shardId: string, record: KinesisRecord): number {
    return eventBytes(shardId, record, this.#eventSource);
  }

  batchInfo(shardId: string, records: readonly KinesisRecord[]): BatchInfo {
    return kinesisBatchInfo(shardId, records, this.arn);
  }

  /** Ends open reads that are asked on with an `unavailable` error. The records stay, and the stream can be read again. */
  close(): Promise<void> {
    this.#readSide.closings += 1;
    this.#shards?.wake();
    return Promise.resolve();
  }

  /** The ids of all shards that are still known, closed ones too, the oldest first. */
  get shardIds(): string[] {
    return this.#existing()
      .list()
      .map(({ shardId }) => shardId);
  }

  /** What is in a shard, without reading it. For tests; copies the list of its records. Throws `gone`. */
  peek(shardId: string): PeekedShard {
    const { parents, range, closedAt, records } = this.#existing().shard(shardId);
    return {
      shardId,
      parents,
      isClosed: closedAt !== undefined,
      hashKeyRange: { startingHashKey: String(range.start), endingHashKey: String(range.end) },
      records,
    };
  }

  /**
   * Closes an open shard and opens two in its place; gives their ids. `newStartingHashKey` (decimal) is where the keys of the
   * second begin, the middle unless given. Throws a SourceError: `gone`, or `invalid` when the shard is closed or cannot be split there.
   */
  splitShard(shardId: string, newStartingHashKey?: string): readonly [string, string] {
    return this.#existing().split(shardId, newStartingHashKey);
  }

  /** Closes two open shards that are neighbours and opens one in their place; gives its id. Throws as {@link splitShard}. */
  mergeShards(shardId: string, adjacentShardId: string): string {
    return this.#existing().merge(shardId, adjacentShardId);
  }

  /** Removes the records of a shard up to a sequence number, that one included; all of them unless a number is given. Throws `gone`. */
  trim(shardId: string, upTo?: SequenceNumber): void {
    this.#existing().trim(shardId, upTo);
  }

  /** Makes open reads find their places anew from their positions, as after {@link EmbeddedStreamOptions.iteratorLifetimeMs}. */
  expireIterators(): void {
    this.#readSide.iteratorEpoch += 1;
  }

  /** Deletes the stream with all it holds. Every call then says `not-found`, until it is made again. */
  delete(): void {
    const deleted = this.#shards;
    this.#shards = undefined;
    deleted?.wake();
  }

  /** Deletes the stream if it is there and makes an empty one under its name: another incarnation, with shards as at first. */
  recreate(): void {
    this.delete();
    this.#generation += 1;
    this.#shards = new Shards(this.#generation, this.#settings, this.#eventSource);
  }

  #existing(): Shards {
    if (this.#shards === undefined) throw streamNotFound(this.label);
    return this.#shards;
  }

  #answer<Value>(ask: (shards: Shards) => Value): Promise<Value> {
    const shards = this.#shards;
    return shards === undefined ? Promise.reject(streamNotFound(this.label)) : Promise.resolve(ask(shards));
  }

  #checkRoom(shards: Shards, record: CheckedPut): void {
    if (this.#hasRoom(shards.holdings, record)) return;
    shards.list();
    if (this.#hasRoom(shards.holdings, record)) return;
    const { maximumRecords, maximumBytes } = this.#settings;
    const { records, bytes } = shards.holdings;
    const limits = `maximumRecords is ${String(maximumRecords)}, maximumBytes ${String(maximumBytes)}`;
    const held = `it holds ${String(records)} records with ${String(bytes)} bytes`;
    const message = `stream ${this.label} is full: ${held}; ${limits}. Raise the limit, or lower retentionMs: reading removes nothing`;
    throw new SourceError('throttled', 'StreamFull', message);
  }

  #hasRoom({ records, bytes }: Holdings, record: CheckedPut): boolean {
    return records < this.#settings.maximumRecords && bytes + bytesOf(record) <= this.#settings.maximumBytes;
  }
}

/** Makes an {@link EmbeddedStream}. */
export function embeddedStream(options: EmbeddedStreamOptions): EmbeddedStream {
  return new EmbeddedStream(options);
}
