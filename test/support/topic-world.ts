import { memoryDestination } from '../../adapters/destination/memory/index.ts';
import type { KafkaEvent } from '../../adapters/shared/kafka-event.ts';
import { EmbeddedTopic, type EmbeddedTopicOptions } from '../../adapters/source/embedded-topic/index.ts';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { handler } from '../../adapters/target/function/index.ts';
import type { EngineEvents, Mapping, TopicMapOptions, TopicSource } from '../../src/index.ts';
import { CoreEngine, SeededRandom, silentLogger, silentMeter, VirtualClock } from '../../src/index.ts';

/** One record as a function of a test sees it. */
export interface SeenOffset {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | undefined;
  readonly text: string;
}

/** What a test says of a member's mapping. */
export type TopicTestFields = Omit<TopicMapOptions<KafkaEvent>, 'source' | 'target'>;

/** One process of a test: an engine with one mapping, a member of the group. */
export interface Member {
  readonly engine: CoreEngine;
  readonly mapping: Mapping;
  readonly batches: SeenOffset[][];
  readonly events: { readonly name: keyof EngineEvents; readonly event: unknown }[];
}

/** Engines that share a group of an embedded topic on a virtual clock. */
export class TopicWorld {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(7);
  readonly topic: EmbeddedTopic;
  readonly destination = memoryDestination();
  /** What any member was given, in order. */
  readonly seen: SeenOffset[] = [];

  constructor(options: Partial<EmbeddedTopicOptions> = {}) {
    this.topic = new EmbeddedTopic({ name: 'orders', clock: this.clock, random: this.random, ...options });
  }

  /** Starts another process. */
  member(
    fields: TopicTestFields,
    work: (records: readonly SeenOffset[], signal: AbortSignal) => unknown = () => undefined,
    source: TopicSource<KafkaEvent> = this.topic.client({ clock: this.clock }),
  ): Member {
    const { clock, random } = this;
    const engine = new CoreEngine({ clock, random, logger: silentLogger, meter: silentMeter, store: memoryStore(), ownerLabel: 'a test' });
    const batches: SeenOffset[][] = [];
    const events: Member['events'] = [];
    engine.on((name, event) => events.push({ name, event }));
    const target = handler((event: KafkaEvent, { signal }) => {
      const records = seenIn(event);
      batches.push(records);
      this.seen.push(...records);
      return work(records, signal);
    });
    const mapping = engine.map({ name: 'm', maximumBatchingWindowInSeconds: 0, ...fields, source, target });
    void engine.start();
    return { engine, mapping, batches, events };
  }

  /** Produces records `from` to `to - 1`, their keys taken in turn, each key in its own partition. */
  produce(from: number, to: number, { keys = 1, partitions = 1 }: { readonly keys?: number; readonly partitions?: number } = {}): void {
    for (let number = from; number < to; number += 1) {
      const key = number % keys;
      this.topic.produce({ key: `key ${String(key)}`, value: String(number), partition: key % partitions });
    }
  }

  async idle({ engine }: Member): Promise<void> {
    await this.clock.run(engine.idle({ timeoutMs: 3_000_000 }), 3_100_000);
  }

  async stop({ engine }: Member): Promise<void> {
    await this.clock.run(engine.stop());
  }

  /** What the group has committed for a partition. */
  committed(partition: number, group = 'm'): { readonly offset: string; readonly metadata: string } | undefined {
    return this.topic.peekGroup(group).committed.get(partition);
  }
}

function seenIn(event: KafkaEvent): SeenOffset[] {
  return Object.values(event.records).flatMap((records) =>
    records.map(({ partition, offset, key, value }) => ({
      partition,
      offset,
      key: (key as string | undefined) === undefined ? undefined : Buffer.from(key, 'base64').toString(),
      text: Buffer.from(value, 'base64').toString(),
    })),
  );
}
