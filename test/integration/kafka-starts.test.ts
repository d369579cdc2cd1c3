/** Where topics of a real broker are read from: starting positions, and the offsets of a group that was there before. */
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { sharedKafka } from '../support/backends/inject.ts';
import { setCommitted } from '../support/kafka-groups.ts';
import { KafkaRun, type TopicRunFields } from '../support/kafka-run.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

const { bootstrap } = await sharedKafka();
const topics = new KafkaTopics(bootstrap);
const brokers = [bootstrap];
afterAll(() => topics.close());

const nothing = (): void => undefined;
const groupOf = (): string => `g-${randomUUID()}`;

/** A topic whose two partitions hold five records each, a minute apart, the last one now. */
async function filled(): Promise<{ readonly topic: string; readonly first: number }> {
  const topic = await topics.create(2);
  const first = Date.now() - 4 * 60_000;
  const records = [0, 1, 2, 3, 4].flatMap((index) =>
    [0, 1].map((partition) => ({ partition, value: `${String(partition)}-${String(index)}`, timestamp: first + index * 60_000 })),
  );
  await topics.produce(topic, records);
  return { topic, first };
}

/** A run that has settled so many records of a topic, and has ended. */
async function read(
  topic: string,
  fields: TopicRunFields,
  count: number,
  after: () => Promise<unknown> = () => Promise.resolve(),
): Promise<KafkaRun> {
  const run = new KafkaRun();
  run.map({ brokers, topic }, { batchSize: 100, ...fields }, nothing);
  await run.start();
  await run.until(() => run.of('group.assigned').length > 0);
  await after();
  await run.settled(count);
  await run.end();
  return run;
}

const valuesOf = (run: KafkaRun): string[] => [...run.values].sort();

describe('a group that has committed nothing begins', () => {
  test.each([{}, { startingPosition: 'TRIM_HORIZON' as const }])('at the first record that there is, with %j', async (fields) => {
    const { topic } = await filled();
    await topics.deleteRecords(topic, 1, '3');
    expect(valuesOf(await read(topic, fields, 7))).toEqual(['0-0', '0-1', '0-2', '0-3', '0-4', '1-3', '1-4']);
  });

  test('at what comes after the mapping was made, with LATEST', async () => {
    const { topic } = await filled();
    const more = (): Promise<unknown> => topics.produce(topic, [{ partition: 1, value: 'new' }]);
    const consumerGroupId = groupOf();
    expect(valuesOf(await read(topic, { startingPosition: 'LATEST', consumerGroupId }, 1, more))).toEqual(['new']);
    expect(await topics.committed(consumerGroupId, topic)).toMatchObject(
      new Map([
        [0, { offset: '5' }],
        [1, { offset: '6' }],
      ]),
    );
  });

  test('at the first record with the timestamp or a later one, with AT_TIMESTAMP', async () => {
    const { topic, first } = await filled();
    const startingPositionTimestamp = (first + 90_000) / 1000;
    const run = await read(topic, { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp }, 6);
    expect(valuesOf(run)).toEqual(['0-2', '0-3', '0-4', '1-2', '1-3', '1-4']);
  });

  test('and has its start committed as a number before the first record is handled', async () => {
    const { topic } = await filled();
    const consumerGroupId = groupOf();
    const run = new KafkaRun();
    const begun: unknown[] = [];
    run.map({ brokers, topic }, { consumerGroupId, batchSize: 100 }, async ({ partition }) => {
      begun.push((await topics.committed(consumerGroupId, topic)).get(partition)?.offset);
    });
    await run.start();
    await run.settled(10);
    expect(begun).toEqual(['0', '0']);
    await run.end();
  });
});

describe('a group that was there before', () => {
  test('goes on at its offsets, whatever the starting position says; partitions without one begin as told', async () => {
    const { topic } = await filled();
    const consumerGroupId = groupOf();
    await setCommitted(topics.kafka, consumerGroupId, topic, { partition: 0, offset: '3', metadata: '' });
    const run = await read(topic, { consumerGroupId, startingPosition: 'TRIM_HORIZON' }, 7);
    expect(valuesOf(run)).toEqual(['0-3', '0-4', '1-0', '1-1', '1-2', '1-3', '1-4']);
    expect(run.of('metadata.ignored')).toEqual([]);
  });

  test('goes on at an offset whose metadata another client wrote, with a warning', async () => {
    const { topic } = await filled();
    const consumerGroupId = groupOf();
    for (const partition of [0, 1]) {
      await setCommitted(topics.kafka, consumerGroupId, topic, {
        partition,
        offset: '4',
        metadata: partition === 0 ? '{"by":"another"}' : '',
      });
    }
    const run = await read(topic, { consumerGroupId }, 2);
    expect(valuesOf(run)).toEqual(['0-4', '1-4']);
    expect(run.of('metadata.ignored')).toEqual([{ mapping: 'm', partition: 0 }]);
  });

  test('goes on where an earlier process of the same mapping ended, and does nothing twice', async () => {
    const { topic } = await filled();
    const consumerGroupId = groupOf();
    const parallelizationFactor = 4;
    const first = await read(topic, { consumerGroupId, parallelizationFactor }, 10);
    await topics.produce(topic, [{ partition: 0, value: 'more' }]);
    const second = await read(topic, { consumerGroupId, parallelizationFactor }, 1);
    expect([valuesOf(first).length, valuesOf(second)]).toEqual([10, ['more']]);
  });

  test.each([
    { title: 'beyond the end', offset: '99' },
    { title: 'below the log start', offset: '1' },
  ])('whose offset is $title stops there with the reason, and keeps offset and metadata', async ({ offset }) => {
    const { topic } = await filled();
    const consumerGroupId = groupOf();
    await topics.deleteRecords(topic, 0, '2');
    await setCommitted(topics.kafka, consumerGroupId, topic, { partition: 0, offset, metadata: 'kept' });
    const run = new KafkaRun();
    const mapping = run.map({ brokers, topic }, { consumerGroupId }, nothing);
    await run.start();
    await run.settled(5);
    expect(run.values.every((value) => value.startsWith('1-'))).toBe(true);
    await expect.poll(() => mapping.waits().map(({ reason }) => reason.kind)).toContain('trimmed');
    await run.end();
    expect((await topics.committed(consumerGroupId, topic)).get(0)).toEqual({ offset, metadata: 'kept' });
  });
});
