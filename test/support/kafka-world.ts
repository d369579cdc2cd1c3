/** Topics of a real broker as the suite of the port wants them: the Kafka source under test, and everything else without it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners, type Producer } from 'kafkajs';
import { type KafkaRecord, kafka } from '../../adapters/source/kafka/index.ts';
import type { StreamRecord } from '../../src/index.ts';
import type { SuiteTopicRecord, TopicSetup, TopicUnderTest } from '../conformance/topic-source-suite.ts';
import { putOut, setCommitted } from './kafka-groups.ts';
import { SourceSockets } from './kafka-sockets.ts';
import { KafkaTopics, type ToProduce } from './kafka-topics.ts';

/** The least that a broker takes unless it is told otherwise. */
const SESSION_MS = 6_000;
const METADATA_AGE_MS = 500;

export class KafkaWorld {
  readonly #bootstrap: string;

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap;
  }

  async open({ partitions, isCommittedOnly }: TopicSetup): Promise<TopicUnderTest> {
    const topics = new KafkaTopics(this.#bootstrap);
    return this.#on(topics, await topics.create(partitions), isCommittedOnly);
  }

  missing(): Promise<TopicUnderTest> {
    return Promise.resolve(this.#on(new KafkaTopics(this.#bootstrap), `missing-${randomUUID()}`, false));
  }

  /** Each has its producer: one that has ever written to a topic which is deleted writes to none any more. */
  #on(topics: KafkaTopics, topic: string, isCommittedOnly: boolean): TopicUnderTest {
    const groupId = `g-${randomUUID()}`;
    const brokers = [this.#bootstrap];
    const isolation = isCommittedOnly ? 'read_committed' : 'read_uncommitted';
    const source = kafka({ brokers, topic, isolation, sessionTimeoutMs: SESSION_MS, metadataMaxAgeMs: METADATA_AGE_MS });
    const sockets = new SourceSockets();
    const bounds = async (): Promise<number> => (await topics.bounds(topic)).length;
    return {
      source,
      groupId,
      sessionTimeoutMs: SESSION_MS,
      produce: (records) => produce(topics, topic, records),
      decode: (record) => decode(asKafka(record)),
      expectedEvent: (partition, records) => expectedEvent(this.#bootstrap, topic, partition, records),
      run: (promise) => promise,
      pause: (ms) => sleep(ms),
      now: () => Date.now(),
      leftovers: () => (sockets.open === 0 ? [] : [`${String(sockets.open)} sockets`]),
      committed: async (partition) => (await topics.committed(groupId, topic)).get(partition),
      setCommitted: (partition, committed) => setCommitted(topics.kafka, groupId, topic, { partition, ...committed }),
      addPartitions: async (count) => topics.addPartitions(topic, (await bounds()) + count),
      deleteRecords: (partition, before) => topics.deleteRecords(topic, partition, before),
      transaction: (records, outcome) => topics.produceTransaction(topic, records.map(toProduce), outcome),
      openTransaction: (records) => openTransaction(topics, topic, records),
      expire: () => putOut(topics.kafka, groupId),
      remove: () => topics.remove(topic),
      cleanup: async () => {
        await source.close();
        sockets.end();
        await topics.close();
        if (sockets.open > 0) throw new Error(`${String(sockets.open)} sockets are left`);
      },
    };
  }
}

async function openTransaction(topics: KafkaTopics, topic: string, records: readonly SuiteTopicRecord[]): Promise<() => Promise<void>> {
  const producer: Producer = topics.kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionalId: `x-${randomUUID()}`,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: records.map(({ partition, key, value }) => ({ partition, key, value })) });
  return async () => {
    await transaction.commit();
    await producer.disconnect();
  };
}

async function produce(topics: KafkaTopics, topic: string, records: readonly SuiteTopicRecord[]): Promise<string[]> {
  const first = await topics.produce(topic, records.map(toProduce));
  const next = new Map([...first].map(([partition, offset]) => [partition, BigInt(offset)]));
  return records.map(({ partition }) => {
    const offset = next.get(partition) ?? 0n;
    next.set(partition, offset + 1n);
    return String(offset);
  });
}

function toProduce({ partition, key, value, headers = [], timestamp }: SuiteTopicRecord): ToProduce {
  return {
    partition,
    key,
    value,
    headers: Object.fromEntries(headers.map(({ name, value: bytes }) => [name, Buffer.from(bytes)])),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}

function asKafka(record: StreamRecord): KafkaRecord {
  return record as KafkaRecord;
}

function decode({ partition, key, value, headers, arrivedAt }: KafkaRecord): Required<SuiteTopicRecord> {
  return { partition, key: key?.toString() ?? null, value: value?.toString() ?? null, headers, timestamp: arrivedAt };
}

function expectedEvent(bootstrapServers: string, topic: string, partition: number, records: readonly StreamRecord[]): unknown {
  const shown = records.map(asKafka).map(({ sequenceNumber, arrivedAt, timestampType, key, value, headers }) => ({
    topic,
    partition,
    offset: Number(sequenceNumber),
    timestamp: arrivedAt,
    timestampType,
    ...(key === null ? {} : { key: key.toString('base64') }),
    ...(value === null ? {} : { value: value.toString('base64') }),
    headers: headers.map(({ name, value: bytes }) => ({ [name]: [...bytes] })),
  }));
  return { eventSource: 'SelfManagedKafka', bootstrapServers, records: { [`${topic}-${String(partition)}`]: shown } };
}
