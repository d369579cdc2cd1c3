import { kafkaVersions } from '../support/backends/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaWorld } from '../support/kafka-world.ts';
import { type TopicFeatures, topicSourceSuite } from './topic-source-suite.ts';

const features: TopicFeatures = {
  addPartitions: true,
  deleteRecords: true,
  gaps: true,
  openTransaction: true,
  isolation: true,
  // A membership of this process cannot die alone; test/acceptance kills whole processes.
  kill: false,
  expire: true,
  remove: true,
  missingTopic: true,
};

/** The older broker doubles the time, so it is left to the long form. */
const versions = process.env['MILLRACE_KAFKA_VERSIONS'] === 'all' ? kafkaVersions : (['4.1.0'] as const);

for (const version of versions) {
  const { bootstrap } = await sharedKafka(version);
  topicSourceSuite(`Kafka ${version}`, new KafkaWorld(bootstrap), features);
}
