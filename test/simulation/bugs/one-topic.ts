import type { SelfManagedKafkaEvent } from 'aws-lambda';
import { type EmbeddedMembership, EmbeddedTopic, type EmbeddedTopicOptions } from '../../../adapters/source/embedded-topic/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import {
  CoreEngine,
  type EngineEvents,
  type FunctionTarget,
  type JoinRequest,
  type Outcome,
  SeededRandom,
  silentLogger,
  silentMeter,
  type TopicMapOptions,
  VirtualClock,
} from '../../../src/index.ts';

/** The group of all engines. */
const GROUP = 'group-1';

/** An embedded topic that shows who joined. */
class OpenTopic extends EmbeddedTopic {
  readonly memberships: EmbeddedMembership[] = [];

  override join(request: JoinRequest): EmbeddedMembership {
    const membership = super.join(request);
    this.memberships.push(membership);
    return membership;
  }
}

/** What an invocation takes and how it comes out. */
export interface TopicRun {
  readonly afterMs: number;
  readonly outcome?: Outcome;
}

/** Any number of engines in one group on one embedded topic, on a virtual clock. */
export class OneTopic {
  readonly clock = new VirtualClock();
  readonly topic: OpenTopic;
  readonly told: { readonly name: keyof EngineEvents; readonly event: EngineEvents[keyof EngineEvents] }[] = [];
  /** Values of the records of each invocation. */
  readonly invoked: string[][] = [];
  readonly #random = new SeededRandom(1);
  run: (texts: readonly string[]) => TopicRun = () => ({ afterMs: 0 });

  constructor(options: Partial<EmbeddedTopicOptions> = {}) {
    this.topic = new OpenTopic({ name: 'orders', clock: this.clock, random: this.#random, sessionTimeoutMs: 10_000, ...options });
  }

  /** Starts an engine with one mapping of the topic. */
  start(fields: Partial<Omit<TopicMapOptions<SelfManagedKafkaEvent>, 'target' | 'source'>> = {}): CoreEngine {
    const { clock } = this;
    const engine = new CoreEngine(
      { clock, random: this.#random, logger: silentLogger, meter: silentMeter, store: memoryStore(), ownerLabel: 'test' },
      { stopTimeoutMs: 2000 },
    );
    engine.on((name, event) => this.told.push({ name, event }));
    const { topic: source } = this;
    engine.map({
      maximumBatchingWindowInSeconds: 0,
      consumerGroupId: GROUP,
      ...fields,
      name: 'orders',
      source,
      target: this.#target,
      timeout: 800,
    });
    void engine.start();
    return engine;
  }

  /** Events of one name. */
  events<Name extends keyof EngineEvents>(wanted: Name): EngineEvents[Name][] {
    return this.told.filter(({ name }) => name === wanted).map(({ event }) => event as EngineEvents[Name]);
  }

  get #target(): FunctionTarget<SelfManagedKafkaEvent> {
    return {
      invoke: ({ records }) => {
        const texts = Object.values(records).flatMap((shown) => shown.map(({ value }) => Buffer.from(value, 'base64').toString()));
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
