/**
 * Topics of Apache Kafka as a source, through consumer groups.
 *
 * - options.ts         what a user may say, and the checks
 * - membership.ts      one membership: its member, its reads, its commits
 * - group-member.ts    the life in the group: joins, rebalances, losses
 * - heartbeat.ts       the sign of life, and who has the group
 * - ownership.ts       which partitions are ours under which epoch
 * - assignment.ts      who gets which partition
 * - protocol.ts        what members tell each other
 * - reading.ts         a partition from a position, page by page
 * - fetcher.ts         what is asked for at one time, in one request
 * - records.ts         from kafkajs's records to the engine's
 * - record-batches.ts  how far an answer reaches
 * - offsets.ts         where logs begin and end, and what is committed
 * - brokers.ts         a connection to the cluster that mends itself
 * - sockets.ts         its sockets, none of which is left behind
 * - wire.ts            what is used of kafkajs
 * - errors.ts          Kafka's codes in the answers for partitions
 * - backoff.ts         how waits grow
 * - changes.ts         waking those who wait for another ownership
 */
import type { MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import {
  type BatchInfo,
  ConfigError,
  type FilterView,
  type JoinRequest,
  type Logger,
  systemClock,
  systemRandom,
  type TopicDescription,
  type TopicMembership,
  type TopicSource,
  type TraceLink,
} from '../../../src/index.ts';
import { noteCluster } from '../../shared/kafka-clusters.ts';
import { toKafkajs } from '../../shared/kafka-connection.ts';
import {
  eventBytes,
  type KafkaEventSource,
  type KafkaRecord,
  kafkaBatchInfo,
  kafkaFilterView,
  toKafkaEvent,
} from '../../shared/kafka-event.ts';
import { kafkaLinks } from '../../shared/kafka-links.ts';
import { Brokers } from './brokers.ts';
import { KafkaMembership } from './membership.ts';
import { groupIdProblem, type KafkaOptions, type ResolvedKafkaOptions, resolveKafkaOptions } from './options.ts';

export type { KafkaRecord } from '../../shared/kafka-event.ts';
export type { KafkaOptions } from './options.ts';

/** A topic of Kafka. Nothing is loaded or called before the first call. Throws a ConfigError. */
export function kafka(options: KafkaOptions): TopicSource<MSKEvent | SelfManagedKafkaEvent, KafkaRecord> {
  return new KafkaTopic(resolveKafkaOptions(options));
}

class KafkaTopic implements TopicSource<MSKEvent | SelfManagedKafkaEvent, KafkaRecord> {
  readonly kind = 'topic';
  readonly label: string;
  readonly topic: string;
  readonly startingPositions = ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const;
  readonly filtering = {
    kind: 'kafka' as const,
    view: (_partition: number, record: KafkaRecord): FilterView => kafkaFilterView(record),
  };
  readonly #options: ResolvedKafkaOptions;
  readonly #eventSource: KafkaEventSource;
  readonly #memberships = new Set<KafkaMembership>();
  readonly #describing = new Set<Brokers>();

  constructor(options: ResolvedKafkaOptions) {
    const { brokers, topic, eventSourceArn } = options;
    const bootstrapServers = brokers.join(',');
    this.label = `${bootstrapServers}/${topic}`;
    this.topic = topic;
    this.#options = options;
    this.#eventSource = {
      eventSource: eventSourceArn === undefined ? 'SelfManagedKafka' : 'aws:kafka',
      eventSourceArn,
      bootstrapServers,
      topic,
    };
  }

  async describe(): Promise<TopicDescription> {
    // Asked rarely, and not worth a connection that stays.
    const brokers = this.#connect();
    this.#describing.add(brokers);
    try {
      return { partitions: (await brokers.refresh()).length };
    } finally {
      await brokers.close();
      this.#describing.delete(brokers);
    }
  }

  join(request: JoinRequest): TopicMembership<KafkaRecord> {
    const problem = groupIdProblem(request.groupId);
    if (problem !== undefined) throw new ConfigError([{ field: 'groupId', message: problem }]);
    const membership: KafkaMembership = new KafkaMembership({
      ...this.#options,
      request,
      connect: (onMemberId) => this.#connect(onMemberId),
      clock: systemClock,
      random: systemRandom,
      onLeft: () => this.#memberships.delete(membership),
    });
    this.#memberships.add(membership);
    return membership;
  }

  toEvent(partition: number, records: readonly KafkaRecord[]): MSKEvent | SelfManagedKafkaEvent {
    return toKafkaEvent(partition, records, this.#eventSource);
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

  async close(): Promise<void> {
    const ends = [...this.#memberships].map((membership) => membership.leave());
    await Promise.all([...ends, ...[...this.#describing].map((brokers) => brokers.close())]);
  }

  #connect(onMemberId?: (memberId: string) => void): Brokers {
    const { topic, brokers, connection, logger } = this.#options;
    return new Brokers({
      topic,
      seeds: brokers.length,
      clock: systemClock,
      random: systemRandom,
      config: toKafkajs(connection, quiet(logger)),
      onClusterId: (clusterId) => noteCluster(brokers.join(','), clusterId),
      ...(onMemberId === undefined ? undefined : { onMemberId }),
    });
  }
}

/** kafkajs warns of what is everyday life here, such as a rebalance; what matters is told as trouble. */
function quiet(logger: Logger): Logger {
  const { debug } = logger;
  const silenced = debug.bind(logger);
  return { debug: silenced, info: silenced, warn: silenced, error: silenced, child: (fields) => quiet(logger.child(fields)) };
}
