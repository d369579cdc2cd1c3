import { afterAll, expect, test } from 'vitest';
import { startKafka } from '../support/backends/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

const broker = await sharedKafka();
const topics = new KafkaTopics(broker.bootstrap);
afterAll(() => topics.close());

test('the broker of the run is one for all who ask', async () => {
  expect(await sharedKafka()).toEqual(broker);
  expect(broker.version).toBe('4.1.0');
});

test('records are written with key, headers and partition, and lie in order', async () => {
  const topic = await topics.create(2);
  await topics.produce(topic, [
    { partition: 1, key: 'a', value: 'one', headers: { kind: 'x' } },
    { partition: 0, key: null, value: 'two' },
    { partition: 1, key: 'a', value: null },
  ]);
  const lying = await topics.readAll(topic);
  expect(lying.map(({ partition, offset, key, value }) => [partition, offset, key, value])).toEqual([
    [0, '0', null, 'two'],
    [1, '0', 'a', 'one'],
    [1, '1', 'a', null],
  ]);
  expect(String(lying[1]?.headers?.['kind'])).toBe('x');
});

test('transactions leave control records; what was aborted is not read', async () => {
  const topic = await topics.create();
  await topics.produceTransaction(topic, [{ value: 'kept' }], 'commit');
  await topics.produceTransaction(topic, [{ value: 'undone' }], 'abort');
  await topics.produce(topic, [{ value: 'last' }]);
  expect((await topics.readAll(topic)).map(({ value }) => value)).toEqual(['kept', 'last']);
  expect(await topics.bounds(topic)).toEqual([{ partition: 0, low: '0', high: '5' }]);
});

test('a topic grows, loses its beginning and goes', async () => {
  const topic = await topics.create(1);
  await topics.produce(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
  await topics.deleteRecords(topic, 0, '2');
  await topics.addPartitions(topic, 3);
  expect(await topics.bounds(topic)).toEqual([
    { partition: 0, low: '2', high: '3' },
    { partition: 1, low: '0', high: '0' },
    { partition: 2, low: '0', high: '0' },
  ]);
  await topics.remove(topic);
  expect(await topics.admin.listTopics()).not.toContain(topic);
});

test.each(['4.1.0', '3.9.1'] as const)(
  'Kafka %s of a test keeps its data over a kill and a restart',
  async (version) => {
    const own = await startKafka(version);
    const mine = new KafkaTopics(own.broker.bootstrap);
    try {
      const topic = await mine.create();
      await mine.produce(topic, [{ value: 'stays' }]);
      await own.halt('SIGKILL');
      await own.restart();
      expect((await mine.readAll(topic)).map(({ value }) => value)).toEqual(['stays']);
    } finally {
      await mine.close();
      await own.stop();
    }
  },
  180_000,
);
