import type { SelfManagedKafkaEvent } from 'aws-lambda';
import type { BatchInfo, Clock, FilterView, JoinRequest, TopicDescription, TopicSource, TraceLink } from '../../../src/index.ts';
import {
  eventBytes,
  type KafkaEventSource,
  type KafkaRecord,
  kafkaBatchInfo,
  kafkaFilterView,
  toKafkaEvent,
} from '../../shared/kafka-event.ts';
import { kafkaLinks } from '../../shared/kafka-links.ts';
import type { Broker } from './broker.ts';
import { EmbeddedMembership } from './membership.ts';

/** The port to an embedded topic, as one process sees it. */
export class EmbeddedTopicClient implements TopicSource<SelfManagedKafkaEvent, KafkaRecord> {
  readonly kind = 'topic';
  readonly label: string;
  readonly topic: string;
  readonly startingPositions = ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const;
  readonly filtering = {
    kind: 'kafka' as const,
    view: (_partition: number, record: KafkaRecord): FilterView => kafkaFilterView(record),
  };
  readonly #served: Broker;
  readonly #clock: Clock;
  readonly #eventSource: KafkaEventSource & { readonly eventSource: 'SelfManagedKafka' };

  /** Made by {@link EmbeddedTopic} only. */
  constructor(broker: Broker, clock: Clock) {
    const { name: topic, bootstrapServers } = broker.settings;
    this.topic = topic;
    this.label = topic;
    this.#served = broker;
    this.#clock = clock;
    this.#eventSource = { eventSource: 'SelfManagedKafka', eventSourceArn: undefined, bootstrapServers, topic };
  }

  describe(): Promise<TopicDescription> {
    return new Promise((resolve) => {
      resolve({ partitions: this.#served.logs.partitions });
    });
  }

  /** As the port says; the first call of the listener comes in a later turn. */
  join(request: JoinRequest): EmbeddedMembership {
    return new EmbeddedMembership(this.#served, this.#clock, request);
  }

  toEvent(partition: number, records: readonly KafkaRecord[]): SelfManagedKafkaEvent {
    return toKafkaEvent(partition, records, this.#eventSource) as SelfManagedKafkaEvent;
  }

  links(record: KafkaRecord): readonly TraceLink[] {
    return kafkaLinks(record);
  }

  eventBytes(_partition: number, record: KafkaRecord): number {
    return eventBytes(record);
  }

  batchInfo(partition: number, records: readonly KafkaRecord[]): BatchInfo {
    return kafkaBatchInfo(partition, records, this.#eventSource);
  }

  /** Changes nothing: memberships end by `leave`, and the records stay, so that a test can look at them. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
