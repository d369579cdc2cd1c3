/**
 * How the daemon reaches Kafka: what SourceAccessConfigurations ask for, and where the secrets are that they name. All of it is loaded
 * when a configuration names a topic.
 */
import type { FailureDestination, Logger, SecretResolver, TopicSource } from '../src/index.ts';
import type { KafkaDestinationFormat, WritableTopic } from './destination/kafka/index.ts';
import type { SourceAccessConfiguration } from './shared/kafka-access.ts';
import type { KafkaAccess } from './shared/kafka-late.ts';

/** Where a cluster is, and how one shows who one is. */
export interface ClusterPlan {
  readonly brokers: readonly string[];
  readonly access: readonly SourceAccessConfiguration[];
  /** Of MSK. */
  readonly clusterArn: string | undefined;
  /** Where relative paths of secrets begin. */
  readonly folder: string;
  readonly secretsManager: { readonly endpoint?: string };
}

/** A topic of a cluster. Throws a ConfigError. */
export async function kafkaTopic({
  topic,
  isolation,
  logger,
  ...cluster
}: ClusterPlan & {
  readonly topic: string;
  readonly isolation: 'read_uncommitted' | 'read_committed' | undefined;
  readonly logger: Logger;
}): Promise<TopicSource> {
  const { kafka } = await import('./source/kafka/index.ts');
  const { brokers, clusterArn } = cluster;
  const make = (access: KafkaAccess): TopicSource =>
    kafka({
      brokers,
      topic,
      logger,
      ...(isolation === undefined ? undefined : { isolation }),
      ...(clusterArn === undefined ? undefined : { eventSourceArn: clusterArn }),
      ...access,
    });
  const read = await accessOf(cluster);
  if (read === undefined) return make({});
  const { lateTopic } = await import('./shared/kafka-late.ts');
  return lateTopic({ read, make });
}

/** An on-failure topic of a cluster. Throws a ConfigError. */
export async function kafkaFailures({
  topic,
  kafkaDestinationFormat: format,
  ...cluster
}: ClusterPlan & {
  readonly topic: string;
  readonly kafkaDestinationFormat: KafkaDestinationFormat | undefined;
}): Promise<FailureDestination> {
  const { kafkaDestination } = await import('./destination/kafka/index.ts');
  const { brokers } = cluster;
  const make = (access: KafkaAccess): FailureDestination =>
    kafkaDestination({ brokers, topic, ...(format === undefined ? undefined : { kafkaDestinationFormat: format }), ...access });
  const read = await accessOf(cluster);
  if (read === undefined) return make({});
  const { lateDestination } = await import('./shared/kafka-late.ts');
  return lateDestination({ read, make });
}

/** An on-failure topic of the same process. */
export async function embeddedFailures(topic: WritableTopic, format: KafkaDestinationFormat | undefined): Promise<FailureDestination> {
  const { embeddedTopicDestination } = await import('./destination/kafka/index.ts');
  return embeddedTopicDestination(topic, format);
}

/** Reads what the entries ask for; `undefined`: they ask for nothing. */
async function accessOf({ access, clusterArn, folder, secretsManager }: ClusterPlan): Promise<(() => Promise<KafkaAccess>) | undefined> {
  if (access.length === 0) return undefined;
  const { planKafkaAccess } = await import('./shared/kafka-access.ts');
  const plan = planKafkaAccess(access, clusterArn === undefined ? 'SelfManagedKafka' : 'aws:kafka');
  if (!plan.tls) return undefined;
  const { resolveKafkaAccess } = await import('./shared/kafka-credentials.ts');
  const secrets = secretsIn(folder, secretsManager);
  return () => resolveKafkaAccess(plan, secrets);
}

function secretsIn(folder: string, { endpoint }: ClusterPlan['secretsManager']): SecretResolver {
  return {
    async resolve(uri) {
      if (uri.startsWith('env:')) {
        const { environmentSecrets } = await import('./secret/environment/index.ts');
        return environmentSecrets().resolve(uri);
      }
      if (uri.startsWith('file:')) {
        const { fileSecrets } = await import('./secret/file/index.ts');
        return fileSecrets({ folder }).resolve(uri);
      }
      const { secretsManagerSecrets } = await import('./secret/secrets-manager/index.ts');
      return secretsManagerSecrets(endpoint === undefined ? {} : { endpoint }).resolve(uri);
    },
  };
}
