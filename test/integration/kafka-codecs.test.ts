/** Records that are compressed, in ways that kafkajs decodes by itself and in others. */
import { randomUUID } from 'node:crypto';
import { CompressionCodecs, CompressionTypes, Partitioners } from 'kafkajs';
import { afterAll, afterEach, expect, test } from 'vitest';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaRun } from '../support/kafka-run.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

const { bootstrap } = await sharedKafka();
const topics = new KafkaTopics(bootstrap);
const without = CompressionCodecs[CompressionTypes.Snappy];
afterEach(() => {
  CompressionCodecs[CompressionTypes.Snappy] = without;
});
afterAll(() => topics.close());

/** One literal of Snappy's format holds up to so many bytes. */
const LITERAL_BYTES = 60;

/** Snappy that compresses nothing: a length, then literals. */
const snappy = {
  compress: ({ buffer }: { readonly buffer: Buffer }): Promise<Buffer> => {
    const parts: Buffer[] = [varint(buffer.length)];
    for (let at = 0; at < buffer.length; at += LITERAL_BYTES) {
      const literal = buffer.subarray(at, at + LITERAL_BYTES);
      parts.push(Buffer.from([(literal.length - 1) << 2]), literal);
    }
    return Promise.resolve(Buffer.concat(parts));
  },
  decompress: (compressed: Buffer): Promise<Buffer> => {
    const parts: Buffer[] = [];
    let at = compressed.findIndex((byte) => byte < 128) + 1;
    while (at < compressed.length) {
      const length = ((compressed[at] ?? 0) >> 2) + 1;
      parts.push(compressed.subarray(at + 1, at + 1 + length));
      at += 1 + length;
    }
    return Promise.resolve(Buffer.concat(parts));
  },
};

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value & 127) | 128]), varint(value >> 7)]);
}

async function produceSnappy(topic: string, values: readonly string[]): Promise<void> {
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy;
  const producer = topics.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = values.map((value) => ({ partition: 0, value }));
  await producer.send({ topic, messages, compression: CompressionTypes.Snappy });
  await producer.disconnect();
  CompressionCodecs[CompressionTypes.Snappy] = without;
}

test('stand still where there is no codec, named with the way to bring it, and come when it is there; gzip needs none', async ({
  onTestFinished,
}) => {
  const topic = await topics.create(2);
  const consumerGroupId = `g-${randomUUID()}`;
  await topics.produce(
    topic,
    ['a', 'b'].map((value) => ({ partition: 1, value })),
    true,
  );
  await produceSnappy(topic, ['c', 'd']);
  const run = new KafkaRun();
  onTestFinished(() => run.end());
  run.map({ brokers: [bootstrap], topic }, { consumerGroupId, batchSize: 1 }, () => undefined);
  await run.start();
  await run.until(() => run.values.length === 2 && run.of('source.failed').length >= 3);
  expect(run.values).toEqual(['a', 'b']);
  expect(run.of('source.failed').every(({ error, shardId }) => error === 'invalid' && shardId === `${topic}-0`)).toBe(true);
  expect(run.of('source.failed')[0]?.message).toMatch(/compressed with Snappy, .*CompressionCodecs\[CompressionTypes\.Snappy\]/u);
  // The others go on, nobody leaves the group, and no place is lost.
  await topics.produce(topic, [{ partition: 1, value: 'e' }], true);
  await run.until(() => run.values.length === 3);
  await expect.poll(async () => (await topics.committed(consumerGroupId, topic)).get(1)?.offset).toBe('3');
  expect((await topics.committed(consumerGroupId, topic)).get(0)?.offset).toBe('0');
  expect(run.of('group.assigned')).toHaveLength(1);
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy;
  await run.until(() => run.values.length === 5);
  expect(run.values.slice(3)).toEqual(['c', 'd']);
});
