/** One engine that works on topics of a real broker, what it was told and what it did. */
import { randomUUID } from 'node:crypto';
import type { MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import { pinoLogger } from '../../adapters/logger/pino/index.ts';
import { type KafkaOptions, kafka } from '../../adapters/source/kafka/index.ts';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { type FunctionContext, handler } from '../../adapters/target/function/index.ts';
import {
  CoreEngine,
  type EngineEvents,
  type Mapping,
  silentMeter,
  systemClock,
  systemRandom,
  type TopicMapOptions,
} from '../../src/index.ts';

const PATIENCE_MS = 60_000;
/** Waits that grow stay short: a tenth of their range. */
const HASTE = 0.1;

type Event = MSKEvent | SelfManagedKafkaEvent;

/** One invocation. */
export interface TopicBatch {
  readonly partition: number;
  readonly offsets: readonly number[];
  readonly keys: readonly string[];
  readonly values: readonly string[];
  readonly event: Event;
}

type Work = (batch: TopicBatch, context: FunctionContext) => unknown;

/** What a test says of its mapping. */
export type TopicRunFields = Omit<TopicMapOptions<Event>, 'source' | 'target'>;

export class KafkaRun {
  readonly engine: CoreEngine;
  /** All invocations, in the order of their beginnings. */
  readonly batches: TopicBatch[] = [];
  readonly events: { readonly name: keyof EngineEvents; readonly event: EngineEvents[keyof EngineEvents] }[] = [];
  /** One line each, JSON. */
  readonly logs: string[] = [];
  readonly #closing: (() => Promise<void>)[] = [];

  constructor(stopTimeoutMs = 5_000) {
    const logger = pinoLogger({ level: 'debug', output: { write: (line) => this.logs.push(line) } });
    const random = { next: () => systemRandom.next() * HASTE, uuid: () => systemRandom.uuid() };
    const platform = { clock: systemClock, random, logger, meter: silentMeter, store: memoryStore(), ownerLabel: 'a whole mapping' };
    this.engine = new CoreEngine(platform, { stopTimeoutMs, idlePollMs: 50 });
    this.engine.on((name, event) => {
      this.events.push({ name, event });
    });
    this.#logger = logger;
  }

  readonly #logger: ReturnType<typeof pinoLogger>;

  /** A mapping of a topic, named `m` unless told otherwise, in a group of its own unless told which. */
  map(options: KafkaOptions, fields: TopicRunFields, work: Work): Mapping {
    const source = kafka({ logger: this.#logger, metadataMaxAgeMs: 500, ...options });
    this.#closing.push(() => source.close());
    const target = handler((event: Event, context: FunctionContext) => {
      const batch = batchOf(event);
      this.batches.push(batch);
      return work(batch, context);
    });
    return this.engine.map({ name: 'm', consumerGroupId: `g-${randomUUID()}`, timeout: 30, ...fields, source, target });
  }

  /** All values that were handed to the function, in the order in which they came. */
  get values(): string[] {
    return this.batches.flatMap(({ values }) => values);
  }

  /** All events of a name. */
  of<Name extends keyof EngineEvents>(wanted: Name): EngineEvents[Name][] {
    return this.events.flatMap(({ name, event }) => (name === wanted ? [event as EngineEvents[Name]] : []));
  }

  /** Records that are done. */
  get settledRecords(): number {
    return this.of('range.settled').reduce((sum, { records }) => sum + records, 0);
  }

  start(): Promise<void> {
    return this.engine.start();
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
        reject(new Error(`not so after ${String(patienceMs)} ms:\n  ${this.engine.explain().join('\n  ')}\n  handled: ${this.#shown}`));
      }, patienceMs);
    });
  }

  /** The last invocations. */
  get #shown(): string {
    return this.batches
      .slice(-20)
      .map(({ partition, values }) => `${String(partition)} [${values.join(', ')}]`)
      .join('; ');
  }

  /** Until so many records are done. */
  settled(records: number, patienceMs?: number): Promise<void> {
    return this.until(() => this.settledRecords >= records, patienceMs);
  }

  /** The end of a test: stopped, connections freed, and nothing threw that never should. */
  async end(): Promise<void> {
    await this.engine.stop();
    await Promise.all(this.#closing.map((close) => close()));
    const defects = this.of('engine.defect');
    if (defects.length > 0) throw new Error(`the engine reported defects: ${defects.map(({ error }) => String(error)).join(', ')}`);
  }
}

function batchOf(event: Event): TopicBatch {
  const records = Object.values(event.records).flat();
  const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString();
  return {
    partition: records[0]?.partition ?? -1,
    offsets: records.map(({ offset }) => offset),
    keys: records.map(({ key }) => text(key)),
    values: records.map(({ value }) => text(value)),
    event,
  };
}
