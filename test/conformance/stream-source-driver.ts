/** How the cases of the StreamSource suite drive a stream, on a virtual clock or in real time. */
import { expect } from 'vitest';
import {
  compareSequence,
  type ReadRequest,
  SourceError,
  type SourceErrorKind,
  type StreamPosition,
  type StreamRecord,
  type StreamShard,
  type StreamSource,
  type StreamStart,
  type StreamStep,
} from '../../src/index.ts';

/** A record as a case puts it: a change of the item `key` on DynamoDB. No two records of a case have the same value. */
export interface SuiteRecord {
  readonly key: string;
  readonly value: string;
}

/** The stream that a case asks for. */
export interface StreamSetup {
  /** How many open shards; a case that needs more than one says that it needs `reshard`. */
  readonly shards: number;
}

/** A stream of its own for one case, empty at first. */
export interface StreamUnderTest {
  readonly source: StreamSource;
  /** Puts one call after the other, in this order. When it resolves, a read finds them. */
  put(records: readonly SuiteRecord[]): Promise<void>;
  /** What a record that was read had been put as. */
  decode(record: StreamRecord): SuiteRecord;
  /** One record as the function must see it in the event, its keys in their order. Not made with the adapter's own code. */
  expectedInEvent(shardId: string, record: StreamRecord): unknown;
  /** Gives what `promise` gives. A virtual clock is moved on until it settles. */
  run<Value>(promise: Promise<Value>): Promise<Value>;
  /** Lets so much time pass. */
  pause(ms: number): Promise<void>;
  /** The wall clock by which the stream stamps arrivals, epoch ms. */
  now(): number;
  /** What reads have left behind, such as timers; empty after each was ended. */
  leftovers(): readonly string[];
  /** Feature `reshard`. Resolves when the children can be put to. */
  split?(shardId: string): Promise<void>;
  /** Feature `reshard`. */
  merge?(shardId: string, adjacentShardId: string): Promise<void>;
  /** Feature `expire`: makes every iterator of now expire. */
  expire?(): Promise<void>;
  /** Feature `trim`: removes all records that are in the stream now. */
  trim?(): Promise<void>;
  /** Feature `remove`: deletes the stream. */
  remove?(): Promise<void>;
  /** Feature `recreate`: deletes the stream and makes another under its name, which `source` then reads. */
  recreate?(): Promise<void>;
  /** Closes the source and removes the stream. */
  cleanup(): Promise<void>;
}

/** What an adapter and its back end can do; steers which cases run. */
export interface StreamFeatures {
  /** AT_TIMESTAMP is offered. */
  readonly atTimestamp: boolean;
  /** Streams of more than one shard, split and merge. */
  readonly reshard: boolean;
  /** Pages say readThrough and millisBehindLatest. */
  readonly tellsTime: boolean;
  /** Iterators can be made to expire. */
  readonly expire: boolean;
  /** Records can be removed. */
  readonly trim: boolean;
  /** The stream can be deleted while it is read. */
  readonly remove: boolean;
  /** The stream can be created again under its name. */
  readonly recreate: boolean;
  /** World.missing gives a source on a stream that does not exist. */
  readonly missingStream: boolean;
  /** What an invocation record calls a batch. */
  readonly batchInfoName: 'KinesisBatchInfo' | 'DDBStreamBatchInfo';
  /** Arrivals in it are told to the `ms` or to the `s`. */
  readonly arrivalPrecision: 'ms' | 's';
  /** Cases that this adapter cannot hold, by their exact name, each with the reason. */
  readonly waivers?: Readonly<Record<string, string>>;
}

/** The features that a case may need. */
export type StreamFeature = Exclude<keyof StreamFeatures, 'waivers' | 'batchInfoName' | 'arrivalPrecision' | 'missingStream'>;

/** One promise: its name, what it needs, and the proof. */
export interface StreamCase {
  readonly promise: string;
  readonly needs?: readonly StreamFeature[];
  readonly setup?: Partial<StreamSetup>;
  readonly prove: (driver: StreamDriver, features: StreamFeatures) => Promise<void>;
}

export type Page = Extract<StreamStep, { kind: 'page' }>;

/** Positions as cases write them. */
export const TRIM_HORIZON = startAt({ kind: 'trim-horizon' });
export const SHARD_END: StreamPosition = { kind: 'end' };

export function startAt(start: StreamStart): StreamPosition {
  return { kind: 'start', start };
}

export function after(record: StreamRecord | undefined): StreamPosition {
  if (record === undefined) throw new Error('there is no record to go on behind');
  return { kind: 'after', sequenceNumber: record.sequenceNumber };
}

/** Longer than any clock of a back end is coarse: instants so far apart are told apart. */
export const APART_MS = 2100;
/** The longest that a case waits for something that must come. */
const PATIENCE_MS = 20_000;

/** One stream and the ways in which cases talk to it. */
export class StreamDriver {
  readonly stream: StreamUnderTest;
  readonly #readers: StreamReader[] = [];

  constructor(stream: StreamUnderTest) {
    this.stream = stream;
  }

  get source(): StreamSource {
    return this.stream.source;
  }

  run<Value>(promise: Promise<Value>): Promise<Value> {
    return this.stream.run(promise);
  }

  /** Waits for a control that the declared features promise, such as `did(stream.split?.(shardId))`. */
  did(control: Promise<void> | undefined): Promise<void> {
    return control === undefined ? Promise.reject(new Error('the stream under test lacks a control of its features')) : this.run(control);
  }

  /** Puts values of one key. */
  async put(...values: readonly string[]): Promise<void> {
    await this.stream.put(values.map((value) => ({ key: 'key', value })));
  }

  /** What the records had as values when they were put. */
  values(records: readonly StreamRecord[]): string[] {
    return records.map((record) => this.stream.decode(record).value);
  }

  shards(): Promise<readonly StreamShard[]> {
    return this.run(this.source.listShards());
  }

  /** The one shard of a stream that has one. */
  async shardId(): Promise<string> {
    const [shard, ...others] = await this.shards();
    if (shard === undefined || others.length > 0) throw new Error('a stream with one shard was expected');
    return shard.shardId;
  }

  /** Begins a read; of the only shard unless told otherwise. Ended with the case. */
  async reader(position: StreamPosition = TRIM_HORIZON, request: Partial<ReadRequest> = {}): Promise<StreamReader> {
    const shardId = request.shardId ?? (await this.shardId());
    const reader = new StreamReader(this.stream, { maxRecords: 1000, ...request, shardId, position });
    this.#readers.push(reader);
    return reader;
  }

  /** Reads from a position until `count` records have come. */
  async collect(count: number, position: StreamPosition = TRIM_HORIZON, request: Partial<ReadRequest> = {}): Promise<StreamRecord[]> {
    const reader = await this.reader(position, request);
    const records = await reader.collect(count);
    await reader.end();
    return records;
  }

  /** What the only shard gives from a position, as values. */
  async read(count: number, position: StreamPosition = TRIM_HORIZON): Promise<string[]> {
    return this.values(await this.collect(count, position));
  }

  /** A closed shard from the beginning to its end. */
  async toEnd(shardId: string): Promise<StreamRecord[]> {
    return (await this.reader(TRIM_HORIZON, { shardId })).toEnd();
  }

  /** Ends the reads that are still open. */
  async end(): Promise<void> {
    for (const reader of this.#readers) await reader.end();
  }
}

/** One read, page by page. */
export class StreamReader {
  readonly #stream: StreamUnderTest;
  readonly #stop = new AbortController();
  readonly #iterator: AsyncIterator<StreamStep>;

  constructor(stream: StreamUnderTest, request: Omit<ReadRequest, 'signal'> & { readonly signal?: AbortSignal }) {
    this.#stream = stream;
    const iterable = stream.source.read({ signal: this.#stop.signal, ...request });
    this.#iterator = iterable[Symbol.asyncIterator]();
  }

  /** The next page, troubles left out; `undefined` when the read has ended. */
  page(): Promise<Page | undefined> {
    return this.#stream.run(this.#page());
  }

  /** Asks for the next page without waiting for it. */
  open(): Promise<Page | undefined> {
    return this.#page();
  }

  /** Pages until so many records have come, and no page more. */
  async collect(count: number): Promise<StreamRecord[]> {
    const records: StreamRecord[] = [];
    const deadline = this.#stream.now() + PATIENCE_MS;
    while (records.length < count && this.#stream.now() < deadline) {
      const page = await this.page();
      if (page === undefined) break;
      records.push(...page.records);
      if (page.ended) break;
    }
    expect(records.length, `records read within ${String(PATIENCE_MS)} ms`).toBe(count);
    return records;
  }

  /** All that is left in a closed shard. */
  async toEnd(): Promise<StreamRecord[]> {
    const records: StreamRecord[] = [];
    const deadline = this.#stream.now() + PATIENCE_MS;
    while (this.#stream.now() < deadline) {
      const page = await this.page();
      if (page === undefined) throw new Error('the read ended before a page said so');
      records.push(...page.records);
      if (page.ended) return records;
    }
    throw new Error(`the shard did not end within ${String(PATIENCE_MS)} ms`);
  }

  /** Aborts and waits for the end. */
  async end(): Promise<void> {
    this.abort();
    // Whatever ended the read before was the matter of the case.
    await this.#stream.run(this.#iterator.next().catch(() => undefined));
  }

  abort(): void {
    this.#stop.abort();
  }

  /** What leaving a `for await` does. */
  async leave(): Promise<void> {
    await this.#stream.run(Promise.resolve(this.#iterator.return?.()));
  }

  async #page(): Promise<Page | undefined> {
    for (;;) {
      const result = await this.#iterator.next();
      if (result.done === true) return undefined;
      if (result.value.kind === 'page') return result.value;
    }
  }
}

/** Expects a SourceError of one of these kinds. */
export async function expectSourceError(promise: Promise<unknown>, ...kinds: readonly SourceErrorKind[]): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceError);
  expect(kinds).toContain(error instanceof SourceError ? error.kind : undefined);
}

/** Expects that the numbers of records grow as integers. */
export function expectGrowing(records: readonly StreamRecord[]): void {
  const numbers = records.map(({ sequenceNumber }) => sequenceNumber);
  for (const number of numbers) expect(number).toMatch(/^\d+$/u);
  expect([...numbers].sort(compareSequence)).toEqual(numbers);
  expect(new Set(numbers).size).toBe(numbers.length);
}

/** `one1`, `one2`, ... */
export function named(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}${String(index + 1)}`);
}
