/**
 * A Kafka topic as an on-failure destination.
 *
 * - options.ts   what a user may say, and the checks
 * - messages.ts  what a batch that is given up becomes
 * - producer.ts  the idempotent producer, and kafkajs behind it
 * - embedded.ts  the same into an embedded topic
 */
import { type Discard, type FailureDestination, SourceError } from '../../../src/index.ts';
import { clusterOf } from '../../shared/kafka-clusters.ts';
import { toMessages } from './messages.ts';
import { type KafkaDestinationOptions, type ResolvedKafkaDestination, resolveKafkaDestination } from './options.ts';
import { TopicProducer } from './producer.ts';

export type { KafkaConnectionOptions, KafkaPassword, KafkaTls, KafkaToken, KafkaTokens } from '../../shared/kafka-connection.ts';
export { embeddedTopicDestination, type WritableTopic } from './embedded.ts';
export type { KafkaDestinationFormat, KafkaDestinationOptions } from './options.ts';

/** A topic that takes the records of what is given up, one by one. Nothing is called before the first call. Throws a ConfigError. */
export function kafkaDestination(options: KafkaDestinationOptions): FailureDestination {
  const resolved = resolveKafkaDestination(options);
  return new KafkaDestination(resolved, new TopicProducer(resolved));
}

class KafkaDestination implements FailureDestination {
  readonly label: string;
  readonly #resolved: ResolvedKafkaDestination;
  readonly #producer: TopicProducer;

  constructor(resolved: ResolvedKafkaDestination, producer: TopicProducer) {
    this.label = resolved.label;
    this.#resolved = resolved;
    this.#producer = producer;
  }

  check(): Promise<void> {
    return this.#producer.check();
  }

  async send(discard: Discard, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new SourceError('unavailable', 'AbortError', 'the call was aborted');
    await this.#refuseCircle(discard, signal);
    await this.#producer.send(toMessages(discard, this.#resolved.format), signal);
  }

  close(): Promise<void> {
    return this.#producer.close();
  }

  /** What fails would come again for ever. */
  async #refuseCircle(discard: Discard, signal: AbortSignal): Promise<void> {
    const { topic, brokers } = this.#resolved;
    const source = sourceNamed(topic, discard);
    if (source === undefined) return;
    const isNamedAlike = source.split(',').some((broker) => brokers.includes(broker));
    const cluster = isNamedAlike ? undefined : clusterOf(source);
    if (!isNamedAlike && (cluster === undefined || cluster !== (await this.#producer.clusterId(signal)))) return;
    const text = `${topic} is the topic that the records come from; name another as destination`;
    throw new SourceError('invalid', 'DestinationIsSource', text);
  }
}

/** The brokers of the cluster that a discard comes from, where it comes from a topic of that name. */
function sourceNamed(topic: string, { info }: Discard): string | undefined {
  const { bootstrapServers, recordsInfo } = info.value;
  if (info.name !== 'KafkaBatchInfo' || typeof bootstrapServers !== 'string' || typeof recordsInfo !== 'object') return undefined;
  const isFromThere = Object.keys(recordsInfo).some((partition) => partition.slice(0, partition.lastIndexOf('-')) === topic);
  return isFromThere ? bootstrapServers : undefined;
}
