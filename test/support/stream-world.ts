import type { KinesisStreamEvent } from 'aws-lambda';
import { memoryDestination } from '../../adapters/destination/memory/index.ts';
import { EmbeddedStream, type EmbeddedStreamOptions } from '../../adapters/source/embedded-stream/index.ts';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { handler } from '../../adapters/target/function/index.ts';
import type { CoreEngine as Engine, EngineEvents, Mapping, StateStore, StreamMapOptions } from '../../src/index.ts';
import { CoreEngine, SeededRandom, silentLogger, silentMeter, VirtualClock } from '../../src/index.ts';

/** One record as a function of a test sees it. */
export interface SeenRecord {
  readonly key: string;
  readonly text: string;
  readonly sequenceNumber: string;
  readonly shardId: string;
}

/** What a test says of its mapping. */
export type Fields = Omit<StreamMapOptions<KinesisStreamEvent>, 'source' | 'target' | 'startingPosition'> & {
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
};

/** An engine over an embedded stream on a virtual clock; engines come and go, stream and store stay. */
export class StreamWorld {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(7);
  readonly stream: EmbeddedStream;
  readonly destination = memoryDestination();
  readonly batches: SeenRecord[][] = [];
  readonly events: { readonly name: keyof EngineEvents; readonly event: unknown }[] = [];
  store: StateStore = memoryStore();
  engine: Engine;
  mapping: Mapping | undefined;

  constructor(options: Partial<EmbeddedStreamOptions> = {}) {
    this.stream = new EmbeddedStream({ name: 'orders', clock: this.clock, random: this.random, ...options });
    this.engine = this.#engine();
  }

  /** A new engine on the same stream and store. */
  renew(): void {
    this.engine = this.#engine();
  }

  map(fields: Fields, work: (records: readonly SeenRecord[], signal: AbortSignal) => unknown): void {
    const target = handler((event: KinesisStreamEvent, { signal }) => {
      const records = event.Records.map(({ kinesis, eventID }) => ({
        key: kinesis.partitionKey,
        text: Buffer.from(kinesis.data, 'base64').toString(),
        sequenceNumber: kinesis.sequenceNumber,
        shardId: eventID.slice(0, eventID.indexOf(':')),
      }));
      this.batches.push(records);
      return work(records, signal);
    });
    this.mapping = this.engine.map({ name: 'm', startingPosition: 'TRIM_HORIZON', ...fields, source: this.stream, target });
  }

  /** Puts records `from` to `to - 1`, their keys taken in turn. */
  put(from: number, to: number, keys = 1): void {
    for (let number = from; number < to; number += 1) {
      this.stream.put({ partitionKey: `key ${String(number % keys)}`, data: String(number) });
    }
  }

  async idle(): Promise<void> {
    await this.clock.run(this.engine.idle({ timeoutMs: 3_000_000 }), 3_100_000);
  }

  async stop(): Promise<void> {
    await this.clock.run(this.engine.stop());
  }

  /** The texts of all records that were handed to the function, in order. */
  get texts(): string[] {
    return this.batches.flat().map(({ text }) => text);
  }

  #engine(): Engine {
    const { clock, random, store } = this;
    const engine = new CoreEngine({ clock, random, logger: silentLogger, meter: silentMeter, store, ownerLabel: 'a test' });
    engine.on((name, event) => {
      this.events.push({ name, event });
    });
    return engine;
  }
}
