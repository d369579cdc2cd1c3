/**
 * A topic, and an on-failure topic, whose secrets are read with the first call, and read again when the cluster refuses what they held:
 * a mapping waits for a secret as it waits for a topic.
 */
import {
  type BatchInfo,
  type Discard,
  type FailureDestination,
  type JoinRequest,
  SourceError,
  type StartingPosition,
  type StreamRecord,
  type TopicDescription,
  type TopicMembership,
  type TopicSource,
} from '../../src/index.ts';
import type { KafkaConnectionOptions } from './kafka-connection.ts';

/** What the secrets say. */
export type KafkaAccess = Pick<KafkaConnectionOptions, 'ssl' | 'sasl'>;

/** Where access is read, and what is made with it; nothing is called when it is made. */
export interface LateParts<Made> {
  /** Throws a SourceError. */
  readonly read: () => Promise<KafkaAccess>;
  readonly make: (access: KafkaAccess) => Made;
}

/** A topic that is reached with what secrets say. */
export function lateTopic<Event, Item extends StreamRecord>(parts: LateParts<TopicSource<Event, Item>>): TopicSource<Event, Item> {
  return new LateTopic(parts);
}

/** A destination that is reached with what secrets say. */
export function lateDestination(parts: LateParts<FailureDestination>): FailureDestination {
  return new LateDestination(parts);
}

/** What was made with the secrets as they were read last. */
class Late<Made extends { close(): Promise<void> }> {
  readonly #parts: LateParts<Made>;
  #made: Promise<Made> | undefined;

  constructor(parts: LateParts<Made>) {
    this.#parts = parts;
  }

  async open(): Promise<Made> {
    const opening = (this.#made ??= this.#parts.read().then(this.#parts.make));
    try {
      return await opening;
    } catch (error) {
      if (this.#made === opening) this.#made = undefined;
      throw error;
    }
  }

  /** What `call` gives; refused credentials are read again at the next opening. */
  async with<Answer>(call: (made: Made) => Promise<Answer>): Promise<Answer> {
    const made = await this.open();
    try {
      return await call(made);
    } catch (error) {
      if (error instanceof SourceError && error.kind === 'denied') await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const made = this.#made;
    this.#made = undefined;
    await made?.then(
      (each) => each.close(),
      () => undefined,
    );
  }
}

class LateTopic<Event, Item extends StreamRecord> implements TopicSource<Event, Item> {
  readonly kind = 'topic';
  readonly label: string;
  readonly topic: string;
  readonly startingPositions: readonly StartingPosition[];
  readonly filtering?: NonNullable<TopicSource<Event, Item>['filtering']>;
  /** Knows all that needs no cluster. */
  readonly #plain: TopicSource<Event, Item>;
  readonly #late: Late<TopicSource<Event, Item>>;
  #joined: TopicSource<Event, Item> | undefined;
  #described: TopicSource<Event, Item> | undefined;

  constructor(parts: LateParts<TopicSource<Event, Item>>) {
    const plain = parts.make({});
    this.#plain = plain;
    this.#late = new Late(parts);
    this.label = plain.label;
    this.topic = plain.topic;
    this.startingPositions = plain.startingPositions;
    if (plain.filtering !== undefined) this.filtering = plain.filtering;
  }

  describe(): Promise<TopicDescription> {
    // What has members stays as it is: they mend themselves.
    if (this.#joined !== undefined) return this.#joined.describe();
    return this.#late.with(async (source) => {
      const description = await source.describe();
      this.#described = source;
      return description;
    });
  }

  join(request: JoinRequest): TopicMembership<Item> {
    this.#joined ??= this.#described;
    if (this.#joined === undefined) throw new SourceError('unavailable', 'NotDescribed', 'a topic is described before it is joined');
    return this.#joined.join(request);
  }

  toEvent(partition: number, records: readonly Item[]): Event {
    return this.#plain.toEvent(partition, records);
  }

  eventBytes(partition: number, record: Item): number {
    return this.#plain.eventBytes(partition, record);
  }

  batchInfo(partition: number, records: readonly Item[]): BatchInfo {
    return this.#plain.batchInfo(partition, records);
  }

  async close(): Promise<void> {
    await Promise.all([this.#late.close(), this.#joined?.close(), this.#plain.close()]);
  }
}

class LateDestination implements FailureDestination {
  readonly label: string;
  readonly #late: Late<FailureDestination>;

  constructor(parts: LateParts<FailureDestination>) {
    this.label = parts.make({}).label;
    this.#late = new Late(parts);
  }

  check(): Promise<void> {
    return this.#late.with((destination) => destination.check());
  }

  send(discard: Discard, signal: AbortSignal): Promise<void> {
    return this.#late.with((destination) => destination.send(discard, signal));
  }

  close(): Promise<void> {
    return this.#late.close();
  }
}
