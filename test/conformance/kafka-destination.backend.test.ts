import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { type ISocketFactoryArgs, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { afterAll, describe, expect, it } from 'vitest';
import { kafkaDestination } from '../../adapters/destination/kafka/index.ts';
import { kafkaBatchInfo, kafkaRecord, toKafkaEvent } from '../../adapters/shared/kafka-event.ts';
import { type Discard, type FailureDestination, sequenceNumber } from '../../src/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';
import { startProxy } from '../support/proxy.ts';
import { type DestinationUnderTest, destinationSuite, discard, numbered } from './destination-suite.ts';

/** The longest that a message is waited for, ms. */
const PATIENCE_MS = 60_000;

const { bootstrap } = await sharedKafka();
const topics = new KafkaTopics(bootstrap);
const { kafka, admin } = topics;
const opened: Topic[] = [];
afterAll(async () => {
  await Promise.all(opened.map((topic) => topic.close()));
  await topics.close();
});

interface Topic {
  readonly topic: string;
  readonly received: (count: number) => Promise<readonly KafkaMessage[]>;
  /** Reads no longer; before the topic may be deleted. */
  readonly close: () => Promise<void>;
}

/** A topic of its own, and all that arrives in it. */
async function topicOf(settings: { readonly maxBytes?: number; readonly partitions?: number } = {}): Promise<Topic> {
  const config = settings.maxBytes === undefined ? {} : { 'max.message.bytes': String(settings.maxBytes) };
  const topic = await topics.create(settings.partitions, `failed-${randomUUID()}`, config);
  const messages: KafkaMessage[] = [];
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      messages.push(message);
      return Promise.resolve();
    },
  });
  const received = async (count: number): Promise<readonly KafkaMessage[]> => {
    await expect.poll(() => messages.length, { timeout: PATIENCE_MS, interval: 20 }).toBeGreaterThanOrEqual(count);
    return messages;
  };
  const made: Topic = { topic, received, close: () => consumer.disconnect() };
  opened.push(made);
  return made;
}

const texts = (messages: readonly KafkaMessage[]): readonly string[] => messages.map(({ value }) => String(value));

async function open(): Promise<DestinationUnderTest> {
  const { topic, received, close } = await topicOf();
  const network = await startProxy(`http://${bootstrap}`);
  // Brokers say their own address; only the socket can take another way.
  const socketFactory = ({ onConnect }: ISocketFactoryArgs): ReturnType<typeof connect> =>
    connect({ host: '127.0.0.1', port: network.port }, onConnect);
  const client = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, socketFactory, retry: { retries: 1 } });
  const destination = kafkaDestination({ topic, client });
  return {
    destination,
    received: async (count) => texts(await received(count)),
    network,
    cleanup: async () => {
      await destination.close();
      await network.close();
      await close();
      await admin.deleteTopics({ topics: [topic] });
    },
  };
}

destinationSuite(
  'A Kafka topic',
  { open, missing: () => kafkaDestination({ topic: `nowhere-${randomUUID()}`, brokers: [bootstrap] }) },
  { missing: true, fifo: false, network: true, readableAtOnce: false, payload: false, twice: 2, perKafkaRecord: true },
);

const source = { eventSource: 'SelfManagedKafka', eventSourceArn: undefined, bootstrapServers: bootstrap, topic: 'orders' } as const;

function fromKafka(count: number, record: (index: number) => { readonly key: Buffer | null; readonly value: Buffer | null }): Discard {
  const records = Array.from({ length: count }, (_, index) =>
    kafkaRecord({
      topic: 'orders',
      partition: 0,
      sequenceNumber: sequenceNumber(String(index)),
      arrivedAt: 1_700_000_000_000,
      timestampType: 'CREATE_TIME',
      headers: [{ name: 'index', value: Buffer.from([index % 256]) }],
      ...record(index),
    }),
  );
  return discard(numbered(0), {
    shardId: 'orders-0',
    info: kafkaBatchInfo(0, records, source),
    payload: () => JSON.stringify(toKafkaEvent(0, records, source)),
  });
}

describe('A Kafka topic that takes what mappings of topics give up', () => {
  const destinations: FailureDestination[] = [];
  afterAll(() => Promise.all(destinations.map((destination) => destination.close())));
  const destinationOf = (...[options]: Parameters<typeof kafkaDestination>): FailureDestination => {
    const destination = kafkaDestination(options);
    destinations.push(destination);
    return destination;
  };
  const { signal } = new AbortController();

  it('has a message per record, in their order, under their keys', async () => {
    const { topic, received } = await topicOf();
    const destination = destinationOf({ topic: `kafka://${topic}`, brokers: [bootstrap] });
    await destination.send(
      fromKafka(500, (index) => ({ key: index % 2 === 0 ? Buffer.from([0xff, index % 256]) : null, value: Buffer.from(String(index)) })),
      signal,
    );
    const messages = await received(500);
    expect(messages).toHaveLength(500);
    for (const [index, { key, value }] of messages.entries()) {
      const { KafkaBatchInfo, payload } = JSON.parse(String(value)) as {
        KafkaBatchInfo: { recordInfo: { offset: string } };
        payload: { records: { 'orders-0': { value: string }[] } };
      };
      expect(key).toEqual(index % 2 === 0 ? Buffer.from([0xff, index % 256]) : null);
      expect(KafkaBatchInfo.recordInfo.offset).toBe(String(index));
      expect(payload.records['orders-0'].map((record) => Buffer.from(record.value, 'base64').toString())).toEqual([String(index)]);
    }
  });

  it('spreads records without a key, and keeps those of a key together', async () => {
    const { topic, received } = await topicOf({ partitions: 4 });
    const destination = destinationOf({ topic, brokers: [bootstrap] });
    await destination.send(
      fromKafka(64, () => ({ key: null, value: Buffer.from('x') })),
      signal,
    );
    await received(64);
    const ends = await admin.fetchTopicOffsets(topic);
    expect(ends.map(({ offset }) => Number(offset)).toSorted((a, b) => a - b)).toEqual([16, 16, 16, 16]);
    await destination.send(
      fromKafka(64, () => ({ key: Buffer.from('one'), value: Buffer.from('x') })),
      signal,
    );
    await received(128);
    const after = await admin.fetchTopicOffsets(topic);
    expect(after.map(({ offset }) => Number(offset)).toSorted((a, b) => a - b)).toEqual([16, 16, 16, 80]);
  });

  it('holds batches of many megabytes, though a request to a partition may not', async () => {
    const { topic, received } = await topicOf();
    const destination = destinationOf({ topic, brokers: [bootstrap], kafkaDestinationFormat: 'record' });
    await destination.send(
      fromKafka(20, (index) => ({ key: null, value: Buffer.alloc(index % 2 === 0 ? 300_000 : 950_000, index) })),
      signal,
    );
    const messages = await received(20);
    expect(messages.map(({ value }) => [value?.length, value?.[0]])).toEqual(
      Array.from({ length: 20 }, (_, index) => [index % 2 === 0 ? 300_000 : 950_000, index]),
    );
  });

  it('leaves the event out where the topic takes no message as large as with it', async () => {
    const { topic, received } = await topicOf({ maxBytes: 10_000 });
    const destination = destinationOf({ topic, brokers: [bootstrap] });
    await destination.send(
      fromKafka(3, (index) => ({ key: Buffer.from('k'), value: Buffer.alloc(index === 1 ? 20_000 : 10) })),
      signal,
    );
    const messages = await received(3);
    expect(messages.map(({ key }) => String(key))).toEqual(['k', 'k', 'k']);
    expect(texts(messages).map((text) => 'payload' in (JSON.parse(text) as object))).toEqual([true, false, true]);
  });

  it('has the records as they were, tombstones too, with the failure in their headers', async () => {
    const { topic, received } = await topicOf();
    const destination = destinationOf({ topic, brokers: [bootstrap], kafkaDestinationFormat: 'record' });
    await destination.send(
      fromKafka(2, (index) => ({ key: Buffer.from('customer'), value: index === 0 ? Buffer.from([1, 0xff]) : null })),
      signal,
    );
    const messages = await received(2);
    expect(messages.map(({ key, value, headers }) => [String(key), value, headers?.['index']])).toEqual([
      ['customer', Buffer.from([1, 0xff]), Buffer.from([0])],
      ['customer', null, Buffer.from([1])],
    ]);
    expect(String(messages[1]?.headers?.['millrace.record-offset'])).toBe('1');
    expect(String(messages[1]?.headers?.['millrace.condition'])).toBe('RetriesExhausted');
  });
});
