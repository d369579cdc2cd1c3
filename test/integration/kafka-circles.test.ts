/** On-failure topics that are the source, seen through other names of the cluster. */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, expect, test } from 'vitest';
import { type KafkaDestinationOptions, kafkaDestination } from '../../adapters/destination/kafka/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaRun } from '../support/kafka-run.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

const { bootstrap } = await sharedKafka();
const topics = new KafkaTopics(bootstrap);
const alias = bootstrap.replace('127.0.0.1', 'localhost');
afterAll(() => topics.close());

test.each<[string, Omit<KafkaDestinationOptions, 'topic'>]>([
  ['an alias of the broker', { brokers: [alias] }],
  ["a client of the user's own", { client: new Kafka({ brokers: [alias], logLevel: logLevel.NOTHING }) }],
])('are refused through %s', async (_, reached) => {
  const topic = await topics.create();
  await topics.produce(topic, [{ value: 'poison' }]);
  const destination = kafkaDestination({ topic, ...reached });
  const run = new KafkaRun();
  try {
    run.map({ brokers: [bootstrap], topic }, { maximumRetryAttempts: 0, destinationConfig: { onFailure: { destination } } }, () => {
      throw new Error('poison');
    });
    await run.start();
    await run.until(() => run.of('destination.failed').length > 0);
    expect(run.of('destination.failed')[0]?.message).toContain(`${topic} is the topic that the records come from`);
    expect(await topics.bounds(topic)).toEqual([{ partition: 0, low: '0', high: '1' }]);
  } finally {
    await run.end();
    await destination.close();
  }
});
