/** What becomes of failures on topics of a real broker: answers, retries, halves, ages, destinations, lanes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { kafkaDestination } from '../../adapters/destination/kafka/index.ts';
import { memoryDestination } from '../../adapters/destination/memory/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaRun, type TopicBatch } from '../support/kafka-run.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

const { bootstrap } = await sharedKafka();
const topics = new KafkaTopics(bootstrap);
const brokers = [bootstrap];
afterAll(() => topics.close());

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function';
const numbered = (count: number): { value: string }[] => Array.from({ length: count }, (_, index) => ({ value: String(index) }));

/** A topic of one partition with the values 0, 1, 2 and so on. */
async function filled(count: number): Promise<string> {
  const topic = await topics.create();
  await topics.produce(topic, numbered(count));
  return topic;
}

const valuesOf = (run: KafkaRun): (readonly string[])[] => run.batches.map(({ values }) => values);
const failing =
  (value: string) =>
  ({ values }: TopicBatch): void => {
    if (values.includes(value)) throw new Error('it is poison');
  };

describe('the answer of a function', () => {
  const answers = (identifier: (partition: string, offset: number) => unknown) => {
    let calls = 0;
    return ({ event, offsets }: TopicBatch): unknown => {
      calls += 1;
      const [partition = ''] = Object.keys(event.records);
      return calls > 1 ? undefined : { batchItemFailures: [{ itemIdentifier: identifier(partition, offsets[2] ?? 0) }] };
    };
  };
  const fields = { batchSize: 5, functionResponseTypes: ['ReportBatchItemFailures' as const] };

  test('names a record by partition and offset: those before it are done, it and those behind it come again', async () => {
    const run = new KafkaRun();
    const topic = await filled(5);
    run.map(
      { brokers, topic },
      fields,
      answers((partition, offset) => ({ partition, offset })),
    );
    await run.start();
    await run.settled(5);
    expect(valuesOf(run)).toEqual([
      ['0', '1', '2', '3', '4'],
      ['2', '3', '4'],
    ]);
    await run.end();
  });

  test.each([
    { title: 'a partition that was not in the event', identifier: (_: string, offset: number) => ({ partition: 'other-0', offset }) },
    { title: 'an offset that was not in the event', identifier: (partition: string) => ({ partition, offset: 99 }) },
    { title: 'a text, as of other sources', identifier: (_: string, offset: number) => String(offset) },
  ])('that names $title fails the whole batch', async ({ identifier }) => {
    const run = new KafkaRun();
    const topic = await filled(5);
    run.map({ brokers, topic }, fields, answers(identifier));
    await run.start();
    await run.settled(5);
    expect(valuesOf(run)).toEqual([
      ['0', '1', '2', '3', '4'],
      ['0', '1', '2', '3', '4'],
    ]);
    await run.end();
  });
});

describe('a record that always fails', () => {
  test('is found by halves, tried as often as it is told, and recorded; all others are done in order', async () => {
    const run = new KafkaRun();
    const topic = await filled(8);
    const destination = memoryDestination();
    const destinationConfig = { onFailure: { destination } };
    const name = 'orders';
    run.map(
      { brokers, topic },
      { name, batchSize: 8, bisectBatchOnFunctionError: true, maximumRetryAttempts: 1, destinationConfig },
      failing('5'),
    );
    await run.start();
    await run.settled(8);
    const once = run.batches.flatMap(({ values }) => (values.includes('5') ? [] : values));
    expect(once).toEqual(['0', '1', '2', '3', '4', '6', '7']);
    expect(destination.received).toHaveLength(1);
    const [discard] = destination.received;
    expect(discard?.record).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', functionArn: expect.stringMatching(`^${ARN}:`) as string },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    });
    expect(discard?.record['KafkaBatchInfo']).toMatchObject({
      batchSize: 1,
      bootstrapServers: bootstrap,
      recordsInfo: { [`${topic}-0`]: { firstRecordOffset: '5', lastRecordOffset: '5' } },
    });
    await run.end();
  });

  test('is retried ten times, where there is a destination and no limit', async () => {
    const run = new KafkaRun();
    const topic = await filled(2);
    const destinationConfig = { onFailure: { destination: memoryDestination() } };
    run.map({ brokers, topic }, { batchSize: 1, destinationConfig }, failing('0'));
    await run.start();
    await run.settled(2);
    expect(run.values.filter((value) => value === '0')).toHaveLength(11);
    await run.end();
  });

  test('is given up when it is too old', async () => {
    const run = new KafkaRun();
    const topic = await topics.create();
    const now = Date.now();
    await topics.produce(topic, [
      { value: 'old', timestamp: now - 61_000 },
      { value: 'young', timestamp: now },
    ]);
    const destination = memoryDestination();
    run.map({ brokers, topic }, { maximumRecordAgeInSeconds: 60, destinationConfig: { onFailure: { destination } } }, () => undefined);
    await run.start();
    await run.settled(2);
    expect(run.values).toEqual(['young']);
    expect(destination.received.map(({ record }) => record)).toEqual([
      expect.objectContaining({ requestContext: expect.objectContaining({ condition: 'RecordAgeExceeded' }) as unknown }),
    ]);
    expect(destination.received[0]?.record).not.toHaveProperty('responseContext');
    await run.end();
  });

  test.each(['json', 'record'] as const)(
    'lies in a topic afterwards, under its key, as %s; its offset is committed only then',
    async (format) => {
      const run = new KafkaRun();
      const topic = await topics.create();
      const failed = `failed-${randomUUID()}`;
      await topics.produce(topic, [
        { key: 'a', value: 'poison', headers: { trace: '7' } },
        { key: 'b', value: 'fine' },
      ]);
      const destination = kafkaDestination({ brokers, topic: failed, kafkaDestinationFormat: format });
      const consumerGroupId = `g-${topic}`;
      const fields = {
        consumerGroupId,
        batchSize: 1,
        maximumRetryAttempts: 0,
        checkpointIntervalMs: 0,
        destinationConfig: { onFailure: { destination } },
      };
      const mapping = run.map({ brokers, topic }, fields, failing('poison'));
      await run.start();
      // The topic is not there yet: the record waits.
      await run.until(() => run.of('destination.failed').length > 1);
      expect(mapping.waits().map(({ reason }) => reason.kind)).toContain('destination');
      expect((await topics.committed(consumerGroupId, topic)).get(0)?.offset).toBe('0');
      await topics.create(1, failed);
      await run.settled(2);
      const [lying] = await topics.readAll(failed);
      expect(lying?.key).toBe('a');
      if (format === 'record') {
        expect(lying?.value).toBe('poison');
        expect(
          [lying?.headers?.['trace'], lying?.headers?.['millrace.condition'], lying?.headers?.['millrace.record-topic']].map(String),
        ).toEqual(['7', 'RetriesExhausted', topic]);
      } else {
        expect(JSON.parse(lying?.value ?? '')).toMatchObject({
          requestContext: {
            condition: 'RetriesExhausted',
            functionArn: expect.stringMatching(/:\$LATEST$/) as string,
            approximateInvokeCount: 1,
          },
          KafkaBatchInfo: { batchSize: 1, bootstrapServers: bootstrap, recordInfo: { offset: '0' } },
          payload: { eventSource: 'SelfManagedKafka', records: { [`${topic}-0`]: [{ offset: 0, headers: [{ trace: [55] }] }] } },
        });
      }
      await run.end();
      await destination.close();
      expect((await topics.committed(consumerGroupId, topic)).get(0)?.offset).toBe('2');
    },
  );
});

describe('lanes of a partition', () => {
  test('run side by side, each key in its order; a key that fails holds up its own lane only', async () => {
    const run = new KafkaRun();
    const topic = await topics.create();
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const records = Array.from({ length: 80 }, (_, index) => ({ key: keys[index % 8] ?? '', value: String(index) }));
    await topics.produce(topic, records);
    let running = 0;
    let most = 0;
    let failures = 0;
    const done = new Map<string, string[]>();
    run.map(
      { brokers, topic },
      { batchSize: 1, parallelizationFactor: 100, maximumBatchingWindowInSeconds: 0 },
      async ({ keys: [key = ''], values: [value = ''] }) => {
        running += 1;
        most = Math.max(most, running);
        await sleep(5);
        running -= 1;
        if (value === '0' && failures < 3) {
          failures += 1;
          throw new Error('not yet');
        }
        done.set(key, [...(done.get(key) ?? []), value]);
      },
    );
    await run.start();
    await run.settled(80);
    expect(most).toBeGreaterThan(4);
    for (const key of keys) expect(done.get(key)).toEqual(records.flatMap((record) => (record.key === key ? [record.value] : [])));
    expect(failures).toBe(3);
    await run.end();
  });
});
