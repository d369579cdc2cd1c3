import { check } from '../mapping/index.ts';
import { fieldFault } from '../resource/index.ts';
import type { Known } from './arn.ts';
import { hint } from './hint.ts';
import { KAFKA_FIELDS, type KafkaFields } from './kafka-fields.ts';
import type { Problems } from './problems.ts';

/** A topic that a mapping reads. */
export type TopicRef =
  | { readonly kind: 'embedded-topic'; readonly topic: string }
  | {
      readonly kind: 'kafka';
      readonly topic: string;
      /** `host:port`. */
      readonly brokers: readonly string[];
      /** Of a cluster of MSK; `undefined`: it is a self-managed one. */
      readonly clusterArn: string | undefined;
      readonly access: NonNullable<KafkaFields['SourceAccessConfigurations']>;
      readonly isolation: KafkaFields['IsolationLevel'];
    };

/** What an entry says of a topic. */
export interface KafkaPlan {
  readonly ref: TopicRef;
  readonly consumerGroupId: string | undefined;
  readonly destinationFormat: KafkaFields['KafkaDestinationFormat'];
}

/** What stands for the brokers of embedded topics. */
export const EMBEDDED_BROKER = 'embedded:9092';
/** Names of the fields that {@link planKafka} reads. */
export const KAFKA_FIELD_NAMES: readonly string[] = Object.keys(KAFKA_FIELDS.shape);

/** What of an entry is Kafka's; `arn` is its EventSourceArn, which stands at `at` too. `undefined` when it cannot be told. */
export function planKafka(
  entry: Readonly<Record<string, unknown>>,
  { at, arn }: { readonly at: string; readonly arn: string | undefined },
  known: Known,
  problems: Problems,
): KafkaPlan | undefined {
  if (arn !== undefined && entry['SelfManagedEventSource'] === undefined) {
    const mend = 'add SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [...] } } with the brokers that MSK tells';
    problems.add(`${at}.EventSourceArn`, `names a cluster of MSK, which is not asked where its brokers are; ${mend}`);
    return undefined;
  }
  const given = Object.fromEntries(Object.entries(entry).filter(([name]) => KAFKA_FIELD_NAMES.includes(name)));
  const fields = problems.try(() => check(KAFKA_FIELDS, given, { at }));
  if (fields === undefined) return undefined;
  for (const [name, value] of Object.entries(fields)) {
    const fault = fieldFault(name, value);
    if (fault !== undefined) problems.add(`${at}.${name}`, fault);
  }
  const [own, other] = ['SelfManagedKafkaEventSourceConfig', 'AmazonManagedKafkaEventSourceConfig'] as const;
  const [mine, foreign] = arn === undefined ? [own, other] : [other, own];
  if (fields[foreign] !== undefined) {
    problems.add(`${at}.${foreign}`, `Unsupported ${foreign} parameter for given event source mapping type.`);
  }
  const ref = refOf(fields, { at, arn }, known, problems);
  return { ref, consumerGroupId: fields[mine]?.ConsumerGroupId, destinationFormat: fields.KafkaDestinationFormat };
}

function refOf(
  fields: KafkaFields,
  { at, arn }: { readonly at: string; readonly arn: string | undefined },
  known: Known,
  problems: Problems,
): TopicRef {
  const [topic = ''] = fields.Topics;
  const { KAFKA_BOOTSTRAP_SERVERS: brokers } = fields.SelfManagedEventSource.Endpoints;
  if (!brokers.includes(EMBEDDED_BROKER)) {
    return {
      kind: 'kafka',
      topic,
      brokers,
      clusterArn: arn,
      access: fields.SourceAccessConfigurations ?? [],
      isolation: fields.IsolationLevel,
    };
  }
  if (brokers.length > 1) {
    problems.add(
      `${at}.SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS`,
      `names ${EMBEDDED_BROKER}, which stands for the topics of this file, beside other brokers; take one or the other out`,
    );
  } else if (!known.topics.includes(topic)) {
    problems.add(`${at}.Topics[0]`, `there is no embedded topic ${topic} in this file; ${hint(topic, known.topics, 'topics')}`);
  }
  for (const name of ['SourceAccessConfigurations', 'IsolationLevel'] as const) {
    if (fields[name] !== undefined && fields[name].length > 0) {
      problems.add(`${at}.${name}`, 'has no meaning for a topic of this file; take it out');
    }
  }
  return { kind: 'embedded-topic', topic };
}
