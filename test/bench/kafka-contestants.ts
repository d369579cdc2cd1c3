/** Those that are compared on Kafka. */
import { randomUUID } from 'node:crypto';
import { type Consumer, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { Engine } from '../../adapters/index.ts';
import { type KafkaEventSource, type KafkaHeader, kafkaRecord, toKafkaEvent } from '../../adapters/shared/kafka-event.ts';
import { kafka } from '../../adapters/source/kafka/index.ts';
import { sequenceNumber } from '../../src/index.ts';
import { errorLog } from './error-log.ts';
import { type Desk, inBatches, type StreamReader } from './stream-readers.ts';
import { byTimer, exactly, type Work } from './work.ts';

/** How many partitions kafkajs handles at once where its handlers take time: as many as there are. */
const CONCURRENT_PARTITIONS = 6;
const NO_HEADERS: readonly KafkaHeader[] = [];

export const contestants: Readonly<Record<string, StreamReader>> = {
  millrace,
  'each-batch': eachBatch((messages, payload) => inEvents(messages, payload)),
  'each-batch-bare': eachBatch((messages, { desk, partition }) => desk.handle(messages.length, String(partition))),
  'each-message': eachMessage,
  ...Object.fromEntries(
    [1, 10, 100].flatMap((lanes) => [1, 5].map((ms) => [`millrace-${String(ms)}ms-${String(lanes)}`, working(ms, lanes, exactly)])),
  ),
  ...Object.fromEntries([1, 5].map((ms) => [`kafkajs-${String(ms)}ms`, workingByMessage(ms)])),
  ...Object.fromEntries([1, 5].map((ms) => [`loops-${String(ms)}ms`, loops(ms, exactly)])),
  ...Object.fromEntries([1, 5].map((ms) => [`millrace-${String(ms)}ms-100-timers`, working(ms, 100, byTimer)])),
  ...Object.fromEntries([1, 5].map((ms) => [`loops-${String(ms)}ms-timers`, loops(ms, byTimer)])),
};

/** Counts from the beginning of the first batch on: joining a group is not what is measured. */
function fromFirst(desk: Desk): Desk {
  let isBegun = false;
  const begin = (): void => {
    if (isBegun) return;
    isBegun = true;
    desk.begin();
  };
  return {
    begin,
    handle: (...handled) => {
      begin();
      return desk.handle(...handled);
    },
  };
}

async function millrace({ endpoint, stream, batchSize }: Parameters<StreamReader>[0], desk: Desk): ReturnType<StreamReader> {
  const counted = fromFirst(desk);
  const engine = new Engine({ logger: errorLog });
  const source = kafka({ brokers: [endpoint], topic: stream });
  engine.map({
    source,
    batchSize,
    consumerGroupId: `bench-${randomUUID()}`,
    target: ({ records }) => {
      const [name = ''] = Object.keys(records);
      return counted.handle(records[name]?.length ?? 0, name);
    },
  });
  await engine.start();
  return async () => {
    await engine.stop();
    await source.close();
  };
}

/** One invocation a record, each of which takes `ms`. */
function working(ms: number, parallelizationFactor: number, work: Work): StreamReader {
  return async ({ endpoint, stream }, desk) => {
    const counted = fromFirst(desk);
    const engine = new Engine({ logger: errorLog });
    const source = kafka({ brokers: [endpoint], topic: stream });
    engine.map({
      source,
      batchSize: 1,
      maximumBatchingWindowInSeconds: 0,
      parallelizationFactor,
      consumerGroupId: `bench-${randomUUID()}`,
      target: async ({ records }) => {
        const [name = ''] = Object.keys(records);
        counted.begin();
        await work(ms);
        await counted.handle(1, name);
      },
    });
    await engine.start();
    return async () => {
      await engine.stop();
      await source.close();
    };
  };
}

function consumerOf(endpoint: string): Consumer {
  const client = new Kafka({ brokers: [endpoint], logLevel: logLevel.ERROR });
  return client.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 100 });
}

interface Handed {
  readonly desk: Desk;
  readonly partition: number;
  readonly source: KafkaEventSource;
  readonly batchSize: number;
}

/** kafkajs as it is: a page of a partition at a time. */
function eachBatch(handle: (messages: readonly KafkaMessage[], handed: Handed) => Promise<void>): StreamReader {
  return async ({ endpoint, stream, batchSize }, desk) => {
    const counted = fromFirst(desk);
    const source = { eventSource: 'SelfManagedKafka', eventSourceArn: undefined, bootstrapServers: endpoint, topic: stream } as const;
    const consumer = consumerOf(endpoint);
    await consumer.connect();
    await consumer.subscribe({ topic: stream, fromBeginning: true });
    await consumer.run({
      eachBatch: ({ batch: { messages, partition } }) => handle(messages, { desk: counted, partition, source, batchSize }),
    });
    return () => consumer.disconnect();
  };
}

/** The same events as Millrace, one after another. */
function inEvents(messages: readonly KafkaMessage[], { desk, partition, source, batchSize }: Handed): Promise<void> {
  const target = async (event: ReturnType<typeof toKafkaEvent>): Promise<void> => {
    const [name = ''] = Object.keys(event.records);
    await desk.handle(event.records[name]?.length ?? 0, name);
  };
  const { topic } = source;
  const records = messages.map(({ offset, timestamp, key, value }) =>
    kafkaRecord({
      topic,
      partition,
      sequenceNumber: sequenceNumber(offset),
      arrivedAt: Number(timestamp),
      timestampType: 'CREATE_TIME',
      key,
      value,
      headers: NO_HEADERS,
    }),
  );
  return inBatches(records, batchSize, (batch) => target(toKafkaEvent(partition, batch, source)));
}

async function eachMessage({ endpoint, stream }: Parameters<StreamReader>[0], desk: Desk): ReturnType<StreamReader> {
  const counted = fromFirst(desk);
  const consumer = consumerOf(endpoint);
  await consumer.connect();
  await consumer.subscribe({ topic: stream, fromBeginning: true });
  await consumer.run({ eachMessage: ({ partition }) => counted.handle(1, String(partition)) });
  return () => consumer.disconnect();
}

/** kafkajs's way to do more at once: partitions side by side. */
function workingByMessage(ms: number): StreamReader {
  return async ({ endpoint, stream }, desk) => {
    const counted = fromFirst(desk);
    const consumer = consumerOf(endpoint);
    await consumer.connect();
    await consumer.subscribe({ topic: stream, fromBeginning: true });
    await consumer.run({
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachMessage: async ({ partition }) => {
        counted.begin();
        await exactly(ms);
        await counted.handle(1, String(partition));
      },
    });
    return () => consumer.disconnect();
  };
}

const LOOPS = 100;

/** What such waits give here, without Kafka and without an engine: as many loops as there are lanes. */
function loops(ms: number, work: Work): StreamReader {
  return (_place, desk) => {
    let isOver = false;
    desk.begin();
    const loop = async (): Promise<void> => {
      while (!isOver) {
        await work(ms);
        await desk.handle(1, '');
      }
    };
    const all = Promise.all(Array.from({ length: LOOPS }, loop));
    return Promise.resolve(async () => {
      isOver = true;
      await all;
    });
  };
}
