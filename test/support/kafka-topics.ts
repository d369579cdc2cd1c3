/** Topics and groups of a real broker, as tests make, fill, change and look at them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, IHeaders, KafkaMessage, Producer } from 'kafkajs';
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';

const POLL_MS = 20;
const PATIENCE_MS = 60_000;

/** What a test writes; values are text or bytes, `null` is a tombstone. */
export interface ToProduce {
  readonly partition?: number;
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: IHeaders;
  /** Epoch ms. */
  readonly timestamp?: number;
}

/** A record as it lies in a topic. */
export interface Lying {
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: KafkaMessage['headers'];
}

export class KafkaTopics {
  readonly kafka: Kafka;
  readonly admin: Admin;
  #producer: Producer;
  #connected: Promise<unknown> | undefined;

  /** @param bootstrap `host:port` of a listener without authentication */
  constructor(bootstrap: string) {
    this.kafka = new Kafka({ brokers: [bootstrap], clientId: 'millrace-test', logLevel: logLevel.NOTHING });
    this.admin = this.kafka.admin({ retry: { retries: 10 } });
    this.#producer = this.#newProducer();
  }

  /** Resolves when the topic can be written and read; gives its name, which is new unless it is named. */
  async create(partitions = 1, topic = `t-${randomUUID()}`, config: Readonly<Record<string, string>> = {}): Promise<string> {
    await this.#connect();
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await this.admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
      waitForLeaders: false,
    });
    // The client's own waiting ends with an error where the broker does not know the topic yet.
    await until(async () => (await this.admin.fetchTopicOffsets(topic)).length === partitions);
    return topic;
  }

  /** Resolves when the broker does not know it any more. */
  async remove(topic: string): Promise<void> {
    await this.#connect();
    await this.admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await this.admin.listTopics()).includes(topic));
  }

  /** Makes them `count` in all. Resolves when they can be written. */
  async addPartitions(topic: string, count: number): Promise<void> {
    await this.#connect();
    await this.admin.createPartitions({ topicPartitions: [{ topic, count }] });
    await until(async () => (await this.admin.fetchTopicOffsets(topic)).length === count);
    // A producer that knows fewer partitions drops what is for the others without a word.
    await this.#producer.disconnect();
    this.#producer = this.#newProducer();
    await this.#producer.connect();
  }

  /** Writes in order, in one request for each partition. Gives the offset of the first of each partition that was written. */
  async produce(topic: string, records: readonly ToProduce[], compressed = false): Promise<ReadonlyMap<number, string>> {
    await this.#connect();
    const compression = compressed ? CompressionTypes.GZIP : CompressionTypes.None;
    const written = await this.#producer.send({ topic, messages: records.map(toMessage), acks: -1, compression });
    return new Map(written.map(({ partition, baseOffset }) => [partition, baseOffset ?? '']));
  }

  /** Writes in one transaction, and ends it. */
  async produceTransaction(topic: string, records: readonly ToProduce[], ending: 'commit' | 'abort'): Promise<void> {
    const producer = this.kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      transactionalId: `x-${randomUUID()}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: records.map(toMessage), acks: -1 });
      await (ending === 'commit' ? transaction.commit() : transaction.abort());
    } finally {
      await producer.disconnect();
    }
  }

  /** Everything below `offset` is gone afterwards. */
  async deleteRecords(topic: string, partition: number, offset: string): Promise<void> {
    // The client looks for the leader among what it has heard of.
    await this.bounds(topic);
    await this.admin.deleteTopicRecords({ topic, partitions: [{ partition, offset }] });
  }

  /** The log's start and end of each partition. */
  async bounds(topic: string): Promise<readonly { readonly partition: number; readonly low: string; readonly high: string }[]> {
    await this.#connect();
    const found = await this.admin.fetchTopicOffsets(topic);
    return found.map(({ partition, low, high }) => ({ partition, low, high })).sort((one, other) => one.partition - other.partition);
  }

  /** What a group has committed of a topic: partition to offset and metadata; a partition without a commit is not in it. */
  async committed(groupId: string, topic: string): Promise<ReadonlyMap<number, { readonly offset: string; readonly metadata: string }>> {
    await this.#connect();
    const [found] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    const known = (found?.partitions ?? []).filter(({ offset }) => offset !== '-1');
    return new Map(known.map(({ partition, offset, metadata }) => [partition, { offset, metadata: metadata ?? '' }]));
  }

  /** Everything that lies in a topic now, in the order of partitions and offsets; control records and aborted ones are not in it. */
  async readAll(topic: string): Promise<readonly Lying[]> {
    const bounds = await this.bounds(topic);
    const missing = new Map(
      bounds.filter(({ low, high }) => BigInt(low) < BigInt(high)).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    if (missing.size === 0) return [];
    const records: Lying[] = [];
    const consumer = this.kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    try {
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await new Promise<void>((resolve, reject) => {
        const failed = consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
        const read = consumer.run({
          autoCommit: false,
          eachBatch: ({ batch }) => {
            for (const { offset, key, value, headers } of batch.messages)
              records.push({
                partition: batch.partition,
                offset,
                key: key?.toString() ?? null,
                value: value?.toString() ?? null,
                headers,
              });
            if (BigInt(batch.lastOffset()) + 1n >= (missing.get(batch.partition) ?? 0n)) missing.delete(batch.partition);
            if (missing.size === 0) resolve();
            return Promise.resolve();
          },
        });
        read.catch(reject).finally(failed);
      });
    } finally {
      await consumer.disconnect();
    }
    return records.sort((one, other) => one.partition - other.partition || Number(BigInt(one.offset) - BigInt(other.offset)));
  }

  async close(): Promise<void> {
    await this.#connected?.catch(() => undefined);
    await Promise.all([this.admin.disconnect(), this.#producer.disconnect()]);
  }

  #newProducer(): Producer {
    return this.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, retry: { retries: 10 } });
  }

  #connect(): Promise<unknown> {
    this.#connected ??= Promise.all([this.admin.connect(), this.#producer.connect()]);
    return this.#connected;
  }
}

function toMessage({ partition, key = null, value, headers, timestamp }: ToProduce): Parameters<Producer['send']>[0]['messages'][number] {
  return {
    key,
    value,
    ...(partition === undefined ? {} : { partition }),
    ...(headers === undefined ? {} : { headers }),
    ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`the broker did not follow within ${String(PATIENCE_MS)} ms`);
    await sleep(POLL_MS);
  }
}
