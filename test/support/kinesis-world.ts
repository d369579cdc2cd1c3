import { randomUUID } from 'node:crypto';
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { KinesisStreamEvent } from 'aws-lambda';
import { pinoLogger } from '../../adapters/logger/pino/index.ts';
import { type KinesisOptions, kinesis } from '../../adapters/source/kinesis/index.ts';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { type FunctionContext, handler } from '../../adapters/target/function/index.ts';
import {
  type Clock,
  CoreEngine,
  type EngineEvents,
  type Mapping,
  type StateStore,
  type StreamMapOptions,
  type StreamSource,
  silentMeter,
  systemClock,
  systemRandom,
} from '../../src/index.ts';
import { emulatorKinesisOptions } from './backends/index.ts';
import { KinesisStreams } from './kinesis-streams.ts';

/** Runs something when the test that asked is over: Vitest's onTestFinished. */
type OnTestFinished = (callback: () => Promise<void>) => void;

/** A record to put. */
export interface Outgoing {
  readonly key: string;
  readonly value: string;
}

/** A record as the stream took it. */
export interface Placed extends Outgoing {
  readonly shardId: string;
  readonly sequenceNumber: string;
}

/** A record as a function got it. */
export interface SeenRecord extends Placed {
  /** As the event tells it, epoch seconds. */
  readonly arrival: number;
}

/** One invocation, as it begins. */
export interface SeenBatch {
  readonly mapping: string;
  readonly requestId: string;
  readonly shardId: string;
  readonly records: readonly SeenRecord[];
  readonly event: KinesisStreamEvent;
}

/** What a test says of its mapping: all but source and target. */
export type Fields = Omit<StreamMapOptions<KinesisStreamEvent>, 'source' | 'target' | 'startingPosition'> & {
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
};

/** What a function does with a batch. */
export type Work = (batch: SeenBatch, context: FunctionContext) => unknown;

/** What an engine runs on, where a test wants it otherwise. */
export interface RunOptions {
  /** Default: a memory of its own. */
  readonly store?: StateStore;
  /** Default: the world's. */
  readonly endpoint?: string;
  /** Default: the process's. Arrivals are the service's, on the process's clock. */
  readonly clock?: Clock;
}

/** The most that a test waits for something that must come, ms. */
const PATIENCE_MS = 60_000;
const PER_CALL = 500;
/** What emulators accept. */
export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
/** Retries wait for so much of what they would by chance: their rules are the same, and tests are shorter. */
const HASTE = 0.1;

/** Streams of one Kinesis, each with a name of its own, and engines that read them. */
export class KinesisWorld {
  readonly endpoint: string;
  readonly client: KinesisClient;
  readonly streams: KinesisStreams;
  readonly #made = new Set<string>();

  constructor(endpoint: string) {
    this.endpoint = endpoint;
    this.client = new KinesisClient(emulatorKinesisOptions(endpoint));
    this.streams = new KinesisStreams(endpoint);
  }

  async stream(shards = 1): Promise<WorldStream> {
    const stream = this.unmade(shards);
    await stream.create();
    return stream;
  }

  /** The name of a stream that does not exist yet. */
  unmade(shards = 1): WorldStream {
    const name = `whole-${randomUUID()}`;
    this.#made.add(name);
    return new WorldStream(this, name, shards);
  }

  /** An engine that stops when the test is over. */
  run(onTestFinished: OnTestFinished, options: RunOptions = {}): KinesisRun {
    const run = new KinesisRun({ endpoint: this.endpoint, ...options });
    onTestFinished(() => run.end());
    return run;
  }

  /** Removes every stream that was made. */
  async close(): Promise<void> {
    await Promise.all([...this.#made].map((name) => this.streams.remove(name)));
    this.client.destroy();
    this.streams.close();
  }
}

/** One stream as a test sees it, beside the engine. */
export class WorldStream {
  readonly name: string;
  readonly arn: string;
  readonly #world: KinesisWorld;
  readonly #shards: number;

  constructor(world: KinesisWorld, name: string, shards: number) {
    this.#world = world;
    this.#shards = shards;
    this.name = name;
    this.arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`;
  }

  async create(): Promise<void> {
    await this.#world.streams.create(this.name, this.#shards);
  }

  /** Puts all; gives what the stream took, each shard in its order. Records of one key go one call after the other, as given. */
  async put(records: readonly Outgoing[]): Promise<readonly Placed[]> {
    const placed: Placed[] = [];
    for (let rest = records; rest.length > 0; ) {
      const keys = new Set<string>();
      const repeated = rest.findIndex(({ key }) => keys.size === keys.add(key).size);
      const count = Math.min(PER_CALL, repeated < 0 ? rest.length : repeated);
      placed.push(...(await this.#putOnce(rest.slice(0, count))));
      rest = rest.slice(count);
    }
    return placed.sort((a, b) => (BigInt(a.sequenceNumber) < BigInt(b.sequenceNumber) ? -1 : 1));
  }

  /** Puts texts of one key. */
  say(...values: readonly string[]): Promise<readonly Placed[]> {
    return this.put(values.map((value) => ({ key: 'key', value })));
  }

  async #putOnce(records: readonly Outgoing[]): Promise<readonly Placed[]> {
    const Records = records.map(({ key, value }) => ({ PartitionKey: key, Data: Buffer.from(value) }));
    const answer = await this.#world.client.send(new PutRecordsCommand({ StreamName: this.name, Records }));
    return records.map((record, index) => {
      const { ShardId: shardId, SequenceNumber: sequenceNumber, ErrorCode } = answer.Records?.[index] ?? {};
      if (shardId === undefined || sequenceNumber === undefined) throw new Error(`PutRecords failed: ${String(ErrorCode)}`);
      return { ...record, shardId, sequenceNumber };
    });
  }

  /** The ids of the shards that take records, in the order of their hash keys. */
  async openShards(): Promise<readonly string[]> {
    const shards = await this.#world.streams.shards(this.name);
    const start = (key: string | undefined): bigint => BigInt(key ?? '0');
    return shards
      .filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
      .sort((a, b) => (start(a.HashKeyRange?.StartingHashKey) < start(b.HashKeyRange?.StartingHashKey) ? -1 : 1))
      .map(({ ShardId }) => ShardId ?? '');
  }

  split(shardId: string): Promise<void> {
    return this.#world.streams.split(this.name, shardId);
  }

  merge(shardId: string, adjacentShardId: string): Promise<void> {
    return this.#world.streams.merge(this.name, shardId, adjacentShardId);
  }

  /** Deletes it and makes another under its name. */
  async recreate(): Promise<void> {
    await this.#world.streams.remove(this.name);
    await this.create();
  }
}

/** One engine, what it was told and what it did. */
export class KinesisRun {
  readonly engine: CoreEngine;
  /** All invocations, in the order of their beginnings. */
  readonly batches: SeenBatch[] = [];
  readonly events: { readonly name: keyof EngineEvents; readonly event: EngineEvents[keyof EngineEvents] }[] = [];
  /** One line each, JSON. */
  readonly logs: string[] = [];
  readonly #endpoint: string;
  readonly #sources: StreamSource[] = [];

  constructor({ endpoint, store = memoryStore(), clock = systemClock }: RunOptions & { readonly endpoint: string }) {
    this.#endpoint = endpoint;
    const logger = pinoLogger({ level: 'info', output: { write: (line) => this.logs.push(line) } });
    const random = { next: () => systemRandom.next() * HASTE, uuid: () => systemRandom.uuid() };
    const platform = { clock, random, logger, meter: silentMeter, store, ownerLabel: 'a whole mapping' };
    this.engine = new CoreEngine(platform, { stopTimeoutMs: 5_000, idlePollMs: 50 });
    this.engine.on((name, event) => {
      this.events.push({ name, event });
    });
  }

  /** A mapping of a stream: TRIM_HORIZON and named `m` unless told otherwise. */
  map(stream: WorldStream, fields: Fields, work: Work, options?: Partial<KinesisOptions>): Mapping {
    const named = { name: 'm', startingPosition: 'TRIM_HORIZON' as const, timeout: 30, ...fields };
    const target = handler((event: KinesisStreamEvent, context) => {
      const batch = seen(named.name, event, context.awsRequestId);
      this.batches.push(batch);
      return work(batch, context);
    });
    return this.engine.map({ ...named, source: this.source(stream, options), target });
  }

  /** A stream as a source, where a test needs a target or options of its own. */
  source({ arn }: WorldStream, options: Partial<KinesisOptions> = {}): StreamSource<KinesisStreamEvent> {
    const own = { pollMs: 100, readLimits: 'none', ...options } as const;
    const source = kinesis({ ...own, stream: arn, endpoint: this.#endpoint, credentials: CREDENTIALS });
    this.#sources.push(source);
    return source;
  }

  /** What was handed to the function, as texts: a list for each invocation. */
  texts(mapping = 'm'): string[][] {
    return this.batches.filter((batch) => batch.mapping === mapping).map(({ records }) => records.map(({ value }) => value));
  }

  /** All events of a name. */
  of<Name extends keyof EngineEvents>(wanted: Name): EngineEvents[Name][] {
    return this.events.flatMap(({ name, event }) => (name === wanted ? [event as EngineEvents[Name]] : []));
  }

  start(): Promise<void> {
    return this.engine.start();
  }

  /** Drains, and frees the connections. */
  async stop(): Promise<void> {
    await this.engine.stop();
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  /** Resolves at the event after which it is so. Rejects with the wait reasons when it takes too long. */
  until(isSo: () => boolean, patienceMs = PATIENCE_MS): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(timer);
        forget();
      };
      const forget = this.engine.on(() => {
        if (!isSo()) return;
        over();
        resolve();
      });
      const timer = setTimeout(() => {
        over();
        reject(new Error(`not so after ${String(patienceMs)} ms:\n  ${this.engine.explain().join('\n  ')}`));
      }, patienceMs);
    });
  }

  /** Until so many records have been settled. */
  settled(records: number, mapping = 'm'): Promise<void> {
    return this.until(() => {
      const counts = this.of('range.settled').filter((event) => event.mapping === mapping);
      return counts.reduce((sum, event) => sum + event.records, 0) >= records;
    });
  }

  /** The end of a test: stopped, and nothing threw that never should. */
  async end(): Promise<void> {
    await this.stop();
    const defects = this.of('engine.defect');
    if (defects.length > 0) throw new Error(`the engine reported defects: ${defects.map(({ error }) => String(error)).join(', ')}`);
  }
}

/** An event as an invocation shows it. */
export function seen(mapping: string, event: KinesisStreamEvent, requestId: string): SeenBatch {
  const records = event.Records.map(({ kinesis: record, eventID }) => ({
    key: record.partitionKey,
    value: Buffer.from(record.data, 'base64').toString(),
    sequenceNumber: record.sequenceNumber,
    shardId: eventID.slice(0, eventID.indexOf(':')),
    arrival: record.approximateArrivalTimestamp,
  }));
  return { mapping, requestId, shardId: records[0]?.shardId ?? '', records, event };
}
