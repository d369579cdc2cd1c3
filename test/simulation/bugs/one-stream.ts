import type { KinesisStreamEvent } from 'aws-lambda';
import { type EmbeddedStream, embeddedStream } from '../../../adapters/source/embedded-stream/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import {
  CoreEngine,
  type EngineEvents,
  type EngineSettings,
  type FunctionTarget,
  type Outcome,
  SeededRandom,
  type StateStore,
  type StreamMapOptions,
  type StreamSource,
  silentLogger,
  silentMeter,
  VirtualClock,
} from '../../../src/index.ts';

/** What an invocation takes and how it comes out; `undefined`: never. */
export interface Run {
  readonly afterMs: number;
  readonly outcome?: Outcome;
}

/** One engine after another on one embedded stream and one store, on a virtual clock. */
export class OneStream {
  readonly clock = new VirtualClock();
  readonly stream: EmbeddedStream;
  readonly store: StateStore = memoryStore();
  readonly told: { readonly name: keyof EngineEvents; readonly event: EngineEvents[keyof EngineEvents] }[] = [];
  /** Data of the records of each invocation. */
  readonly invoked: string[][] = [];
  readonly #random = new SeededRandom(1);
  run: (texts: readonly string[]) => Run = () => ({ afterMs: 0 });

  constructor({ shards = 1, retentionMs = 86_400_000 }: { readonly shards?: number; readonly retentionMs?: number } = {}) {
    this.stream = embeddedStream({ name: 'orders', clock: this.clock, random: this.#random, shards, retentionMs });
  }

  /** Starts an engine with one mapping of the stream, or of `source` in its place. */
  start(
    fields: Partial<Omit<StreamMapOptions<KinesisStreamEvent>, 'target'>> = {},
    settings: EngineSettings = {},
    source: StreamSource<KinesisStreamEvent> = this.stream,
  ): CoreEngine {
    const { clock, store } = this;
    const engine = new CoreEngine(
      { clock, random: this.#random, logger: silentLogger, meter: silentMeter, store, ownerLabel: 'test' },
      { stopTimeoutMs: 2000, ...settings },
    );
    engine.on((name, event) => this.told.push({ name, event }));
    engine.map<KinesisStreamEvent>({
      startingPosition: 'TRIM_HORIZON',
      ...fields,
      name: 'orders',
      source,
      target: this.#target,
      timeout: 900,
    });
    void engine.start();
    return engine;
  }

  /** Events of one name. */
  events<Name extends keyof EngineEvents>(wanted: Name): EngineEvents[Name][] {
    return this.told.filter(({ name }) => name === wanted).map(({ event }) => event as EngineEvents[Name]);
  }

  get #target(): FunctionTarget<KinesisStreamEvent> {
    return {
      invoke: ({ Records }) => {
        const texts = Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
        this.invoked.push(texts);
        const { afterMs, outcome = { kind: 'success', text: () => '' } } = this.run(texts);
        const answer = new Promise<Outcome>((resolve) => {
          this.clock.timer(afterMs, () => {
            resolve(outcome);
          });
        });
        return { outcome: answer, ended: answer.then(() => undefined) };
      },
      close: () => Promise.resolve(),
    };
  }
}
