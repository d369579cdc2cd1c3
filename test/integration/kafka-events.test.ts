/** What functions get of topics of a real broker: events byte for byte, filters, and how batches are cut. */
import { afterAll, describe, expect, test } from 'vitest';
import { kafkaRecord, toKafkaEvent } from '../../adapters/shared/kafka-event.ts';
import { sequenceNumber } from '../../src/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaRun } from '../support/kafka-run.ts';
import { KafkaTopics, type ToProduce } from '../support/kafka-topics.ts';

const { bootstrap } = await sharedKafka();
const topics = new KafkaTopics(bootstrap);
const brokers = [bootstrap];
afterAll(() => topics.close());

const nothing = (): void => undefined;
/** Not long ago: brokers soon remove what is older than they keep. */
const AT = Date.now() - 60_000;
const CAP = 6_291_456;

describe('the event of a topic', () => {
  const records: readonly ToProduce[] = [
    {
      key: Buffer.from([0xff, 0]),
      value: Buffer.from([0, 1, 0xfe]),
      timestamp: AT,
      headers: { h: [Buffer.from([0, 127, 128, 255]), 'x'], g: '' },
    },
    { value: 'no key', timestamp: AT + 1 },
    { key: 'tombstone', value: null, timestamp: AT + 2 },
    { key: '', value: '', timestamp: AT + 3 },
  ];
  const shown = (topic: string): string =>
    `"records":{"${topic}-0":[` +
    [
      `{"topic":"${topic}","partition":0,"offset":0,"timestamp":${String(AT)},"timestampType":"CREATE_TIME","key":"/wA=","value":"AAH+","headers":[{"h":[0,127,128,255]},{"h":[120]},{"g":[]}]}`,
      `{"topic":"${topic}","partition":0,"offset":1,"timestamp":${String(AT + 1)},"timestampType":"CREATE_TIME","value":"bm8ga2V5","headers":[]}`,
      `{"topic":"${topic}","partition":0,"offset":2,"timestamp":${String(AT + 2)},"timestampType":"CREATE_TIME","key":"dG9tYnN0b25l","headers":[]}`,
      `{"topic":"${topic}","partition":0,"offset":3,"timestamp":${String(AT + 3)},"timestampType":"CREATE_TIME","key":"","value":"","headers":[]}`,
    ].join(',') +
    ']}}';
  const arn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/0c5f4d1e-2';

  test.each([
    { title: 'of a self-managed cluster', options: {}, head: `{"eventSource":"SelfManagedKafka","bootstrapServers":"${bootstrap}",` },
    {
      title: 'of a cluster of MSK',
      options: { eventSourceArn: arn },
      head: `{"eventSource":"aws:kafka","eventSourceArn":"${arn}","bootstrapServers":"${bootstrap}",`,
    },
  ])('$title is that of Lambda, byte for byte', async ({ options, head }) => {
    const run = new KafkaRun();
    const topic = await topics.create();
    await topics.produce(topic, records);
    run.map({ brokers, topic, ...options }, { batchSize: 4 }, nothing);
    await run.start();
    await run.settled(4);
    expect(run.batches.map(({ event }) => JSON.stringify(event))).toEqual([head + shown(topic)]);
    await run.end();
  });

  test('says whose clock it is, and names the partition', async () => {
    const run = new KafkaRun();
    const topic = await topics.create(3, undefined, { 'message.timestamp.type': 'LogAppendTime' });
    await topics.produce(topic, [{ partition: 2, value: 'x', timestamp: AT }]);
    run.map({ brokers, topic }, {}, nothing);
    await run.start();
    await run.settled(1);
    const [record] = run.batches[0]?.event.records[`${topic}-2`] ?? [];
    expect(record).toMatchObject({ partition: 2, timestampType: 'LOG_APPEND_TIME' });
    expect(Math.abs(Date.now() - (record?.timestamp ?? 0))).toBeLessThan(60_000);
    await run.end();
  });
});

describe('batches of a topic', () => {
  test('hold one partition each, in order, and no more records than BatchSize', async () => {
    const run = new KafkaRun();
    const topic = await topics.create(2);
    const ordered = Array.from({ length: 50 }, (_, index) => ({ partition: index % 2, value: String(index) }));
    await topics.produce(topic, ordered);
    run.map({ brokers, topic }, { batchSize: 10 }, nothing);
    await run.start();
    await run.settled(50);
    expect(Math.max(...run.batches.map(({ values }) => values.length))).toBe(10);
    for (const partition of [0, 1]) {
      const offsets = run.batches.filter((batch) => batch.partition === partition).flatMap((batch) => batch.offsets);
      expect(offsets).toEqual(Array.from({ length: 25 }, (_, index) => index));
    }
    for (const { event } of run.batches) expect(Object.keys(event.records)).toHaveLength(1);
    await run.end();
  });

  test('wait half a second for more unless they are told otherwise', async () => {
    const run = new KafkaRun();
    const topic = await topics.create();
    let invokedAt = 0;
    run.map({ brokers, topic }, {}, () => {
      invokedAt = performance.now();
    });
    await run.start();
    await run.until(() => run.of('group.assigned').length > 0);
    const producedAt = performance.now();
    await Promise.all(['a', 'b'].map((value) => topics.produce(topic, [{ value }])));
    await run.settled(2);
    expect(run.batches.map(({ values }) => values.toSorted())).toEqual([['a', 'b']]);
    // A timer may fire a millisecond early by another clock.
    expect(invokedAt - producedAt).toBeGreaterThanOrEqual(499);
    await run.end();
  });

  test('wait for nothing with a window of 0', async () => {
    const run = new KafkaRun();
    const topic = await topics.create();
    run.map({ brokers, topic }, { maximumBatchingWindowInSeconds: 0 }, nothing);
    await run.start();
    await run.until(() => run.of('group.assigned').length > 0);
    await topics.produce(topic, [{ value: 'a' }]);
    await run.settled(1);
    await topics.produce(topic, [{ value: 'b' }]);
    await run.settled(2);
    expect(run.batches.map(({ values }) => values)).toEqual([['a'], ['b']]);
    await run.end();
  });

  test('take six megabytes of event to the byte, all that stands around the records included', async () => {
    const run = new KafkaRun();
    const topic = await topics.create(2);
    const bytes = 942_000;
    const event = (filler: number): number => {
      const made = Array.from({ length: 5 }, (_, offset) =>
        kafkaRecord({
          topic,
          partition: 0,
          sequenceNumber: sequenceNumber(String(offset)),
          arrivedAt: AT,
          timestampType: 'CREATE_TIME',
          key: null,
          value: Buffer.alloc(bytes),
          headers: offset === 4 ? [{ name: 'x'.repeat(filler), value: Buffer.alloc(0) }] : [],
        }),
      );
      return Buffer.byteLength(
        JSON.stringify(
          toKafkaEvent(0, made, { eventSource: 'SelfManagedKafka', eventSourceArn: undefined, bootstrapServers: bootstrap, topic }),
        ),
      );
    };
    const filler = CAP - event(0);
    expect(event(filler)).toBe(CAP);
    const five = (partition: number, more: number): ToProduce[] =>
      Array.from({ length: 5 }, (_, index) => ({
        partition,
        value: Buffer.alloc(bytes),
        timestamp: AT,
        headers: index === 4 ? { ['x'.repeat(filler + more)]: Buffer.alloc(0) } : {},
      }));
    for (const [partition, more] of [0, 1].entries()) for (const record of five(partition, more)) await topics.produce(topic, [record]);
    run.map({ brokers, topic }, { batchSize: 100, maximumBatchingWindowInSeconds: 5 }, nothing);
    await run.start();
    await run.settled(10);
    const ofPartition = (partition: number): (readonly number[])[] =>
      run.batches.filter((batch) => batch.partition === partition).map(({ offsets }) => offsets);
    expect(ofPartition(0)).toEqual([[0, 1, 2, 3, 4]]);
    expect(ofPartition(1)).toEqual([[0, 1, 2, 3], [4]]);
    expect(Buffer.byteLength(JSON.stringify(run.batches.find(({ partition }) => partition === 0)?.event))).toBe(CAP);
    await run.end();
  });

  test('pass over offsets that no record has: those of transactions, and of records that were taken back where that is asked for', async () => {
    const topic = await topics.create();
    await topics.produceTransaction(topic, [{ value: 'kept' }], 'commit');
    await topics.produceTransaction(topic, [{ value: 'taken back' }], 'abort');
    await topics.produce(topic, [{ value: 'last' }]);
    const of = async (isolation: 'read_committed' | 'read_uncommitted', count: number): Promise<readonly string[]> => {
      const run = new KafkaRun();
      run.map({ brokers, topic, isolation }, {}, nothing);
      await run.start();
      await run.settled(count);
      await run.end();
      return run.values;
    };
    expect(await of('read_committed', 2)).toEqual(['kept', 'last']);
    expect(await of('read_uncommitted', 3)).toEqual(['kept', 'taken back', 'last']);
  });
});

describe('filters of a topic', () => {
  const cases: readonly { title: string; pattern: string; wanted: readonly string[] }[] = [
    { title: 'JSON of the value', pattern: '{"value":{"kind":["a"]}}', wanted: ['{"kind":"a"}', 'plain', '<none>'] },
    { title: 'a plain value', pattern: '{"value":["plain"]}', wanted: ['{"kind":"a"}', '{"kind":"b"}', 'plain', '<none>', '{"kind":"z"}'] },
    { title: 'the partition', pattern: '{"partition":[1]}', wanted: ['{"kind":"b"}'] },
    { title: 'the key', pattern: '{"key":["k-1"]}', wanted: ['{"kind":"a"}'] },
    { title: 'key and value', pattern: '{"key":["k-1"],"value":{"kind":["b"]}}', wanted: [] },
  ];

  test.each(cases)('look at $title, and what is not wanted is committed like the rest', async ({ pattern, wanted }) => {
    const run = new KafkaRun();
    const topic = await topics.create(2);
    await topics.produce(topic, [
      { partition: 0, key: 'k-1', value: '{"kind":"a"}' },
      { partition: 1, key: 'k-2', value: '{"kind":"b"}' },
      { partition: 0, value: 'plain' },
      { partition: 0, value: 'null' },
      { partition: 0, key: 'k-3', value: null },
      { partition: 0, key: 'last', value: '{"kind":"z"}' },
    ]);
    const consumerGroupId = `g-${topic}`;
    run.map({ brokers, topic }, { filterCriteria: { filters: [{ pattern }] }, consumerGroupId, checkpointIntervalMs: 0 }, nothing);
    await run.start();
    const offsets = async (): Promise<unknown> =>
      Object.fromEntries([...(await topics.committed(consumerGroupId, topic))].map(([partition, { offset }]) => [partition, offset]));
    await expect.poll(offsets).toEqual({ 0: '5', 1: '1' });
    const seen = run.batches.flatMap(({ event }) =>
      Object.values(event.records)
        .flat()
        .map(({ value }: { readonly value?: string }) => (value === undefined ? '<none>' : Buffer.from(value, 'base64').toString())),
    );
    expect([...seen].sort()).toEqual([...wanted].sort());
    await run.end();
  });
});
