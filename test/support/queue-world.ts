/** Whole queue mappings on a virtual clock: an engine, embedded queues, and a function that writes down what it was invoked with. */
import type { SQSEvent } from 'aws-lambda';
import { type EmbeddedQueue, type EmbeddedQueueOptions, embeddedQueue } from '../../adapters/source/embedded-queue/index.ts';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { type FunctionContext, handler } from '../../adapters/target/function/index.ts';
import {
  CoreEngine,
  type EngineEvents,
  type EngineSettings,
  type FunctionTarget,
  type LogFields,
  type Logger,
  type Mapping,
  type QueueMapOptions,
  type QueueSource,
  SeededRandom,
  type StateStore,
  VirtualClock,
} from '../../src/index.ts';
import { CountingMeter } from './counting-meter.ts';

/** One invocation. */
export interface Invoked {
  readonly bodies: readonly string[];
  /** ApproximateReceiveCount of each record. */
  readonly counts: readonly number[];
  readonly event: SQSEvent;
  readonly context: FunctionContext;
  /** Virtual ms. */
  readonly at: number;
  endedAt: number | undefined;
}

/** What the function does: by default nothing, successfully. */
export type Work = (invoked: Invoked) => unknown;

/** What a test may say of a mapping. */
export type Given = Omit<QueueMapOptions<SQSEvent>, 'source' | 'target'> & { readonly target?: QueueMapOptions<SQSEvent>['target'] };

/** What differs between two worlds on one clock: engines that share a store. */
export interface WorldParts {
  readonly clock?: VirtualClock;
  readonly store?: StateStore;
  readonly ownerLabel?: string;
  readonly seed?: number;
  readonly settings?: EngineSettings;
}

export class QueueWorld {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly meter = new CountingMeter();
  readonly invoked: Invoked[] = [];
  readonly events: { readonly at: number; readonly name: keyof EngineEvents; readonly event: EngineEvents[keyof EngineEvents] }[] = [];
  readonly lines: { readonly level: string; readonly fields: LogFields; readonly text: string }[] = [];
  readonly engine: CoreEngine;

  constructor({ clock = new VirtualClock(), store = memoryStore(), ownerLabel = 'x', seed = 1, settings = {} }: WorldParts = {}) {
    this.clock = clock;
    this.random = new SeededRandom(seed);
    const platform = { clock, random: this.random, logger: this.#logger(), meter: this.meter, store, ownerLabel };
    this.engine = new CoreEngine(platform, settings);
    this.engine.on((name, event) => this.events.push({ at: clock.monotonic(), name, event }));
  }

  queue(name = 'orders', options: Partial<EmbeddedQueueOptions> = {}): EmbeddedQueue {
    const isFifo = name.endsWith('.fifo');
    const { clock, random } = this;
    return embeddedQueue({ clock, random, ...(isFifo ? { contentBasedDeduplication: true } : {}), ...options, name });
  }

  /** A target that runs `work` and writes down every invocation. */
  target(work: Work = () => undefined): FunctionTarget<SQSEvent> {
    return handler(async (event: SQSEvent, context) => {
      const invoked: Invoked = {
        bodies: event.Records.map(({ body }) => body),
        counts: event.Records.map(({ attributes }) => Number(attributes.ApproximateReceiveCount)),
        event,
        context,
        at: this.clock.monotonic(),
        endedAt: undefined,
      };
      this.invoked.push(invoked);
      try {
        return await work(invoked);
      } finally {
        invoked.endedAt = this.clock.monotonic();
      }
    });
  }

  map(source: QueueSource<SQSEvent>, given: Given = {}, work?: Work): Mapping {
    return this.engine.map({ name: 'm', target: this.target(work), ...given, source });
  }

  /** A mapping that already works. */
  async started(source: QueueSource<SQSEvent>, given: Given = {}, work?: Work): Promise<Mapping> {
    const mapping = this.map(source, given, work);
    await this.engine.start();
    await this.clock.settle();
    return mapping;
  }

  /** Virtual time passes. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.timer(ms, resolve);
    });
  }

  /** Until everything is settled; gives how long it took, ms. */
  async idle(): Promise<number> {
    const since = this.clock.monotonic();
    await this.clock.run(this.engine.idle(), 86_400_000);
    return this.clock.monotonic() - since;
  }

  /** Stops, and gives the number of timers that are left: always 0. */
  async stop(timeoutMs?: number): Promise<number> {
    await this.clock.run(this.engine.stop(timeoutMs === undefined ? {} : { timeoutMs }));
    // Turns that the queues take are no timers of the engine's.
    await this.clock.advance(0);
    return this.clock.pendingTimers;
  }

  /** Events of one name, in order. */
  of<Name extends keyof EngineEvents>(name: Name): EngineEvents[Name][] {
    return this.events.filter((one) => one.name === name).map(({ event }) => event as EngineEvents[Name]);
  }

  /** The bodies of every invocation. */
  get batches(): string[][] {
    return this.invoked.map(({ bodies }) => [...bodies]);
  }

  /** The most invocations that ran at the same time. */
  get most(): number {
    const until = (one: Invoked): number => one.endedAt ?? Number.POSITIVE_INFINITY;
    return Math.max(0, ...this.invoked.map(({ at }) => this.invoked.filter((other) => other.at <= at && until(other) > at).length));
  }

  #logger(): Logger {
    const write = (level: string) => (fields: LogFields, text: string) => void this.lines.push({ level, fields, text });
    const logger: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: () => logger };
    return logger;
  }
}

/** `count` bodies: 1, 2, 3 ... */
export function bodies(count: number): { readonly body: string }[] {
  return Array.from({ length: count }, (_, index) => ({ body: String(index + 1) }));
}

/** Messages of FIFO groups: `a1` is the body of a message of group a. */
export function grouped(...names: readonly string[]): { readonly body: string; readonly messageGroupId: string }[] {
  return names.map((body) => ({ body, messageGroupId: body.charAt(0) }));
}

/** A partial batch response that names the records with these bodies. */
export function failing({ event }: Invoked, ...which: readonly string[]): { batchItemFailures: { itemIdentifier: string }[] } {
  const failed = event.Records.filter(({ body }) => which.includes(body));
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** A source with some of its calls replaced. */
export function between<Event>(source: QueueSource<Event>, replaced: Partial<QueueSource<Event>>): QueueSource<Event> {
  return {
    kind: 'queue',
    label: source.label,
    fifo: source.fifo,
    describe: () => source.describe(),
    receive: (request) => source.receive(request),
    delete: (receipts) => source.delete(receipts),
    changeVisibility: (receipts, seconds) => source.changeVisibility(receipts, seconds),
    depth: () => source.depth(),
    toEvent: (messages, options) => source.toEvent(messages, options),
    eventBytes: (message, options) => source.eventBytes(message, options),
    close: () => source.close(),
    ...replaced,
  };
}
