import { describe, expect, it } from 'vitest';
import { type KafkaOptions, kafka } from '../../../../adapters/source/kafka/index.ts';
import { resolveKafkaOptions } from '../../../../adapters/source/kafka/options.ts';
import { ConfigError } from '../../../../src/index.ts';

const GOOD: KafkaOptions = { brokers: ['127.0.0.1:9092', '127.0.0.1:9093'], topic: 'orders' };

function fields(options: object): string[] {
  try {
    resolveKafkaOptions({ ...GOOD, ...options });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ field }) => field);
  }
}

describe('options of a Kafka source', () => {
  it('need brokers and a topic', () => {
    expect(resolveKafkaOptions(GOOD)).toMatchObject({
      topic: 'orders',
      sessionTimeoutMs: 30_000,
      metadataMaxAgeMs: 30_000,
      isolationLevel: 0,
    });
    expect(resolveKafkaOptions({ ...GOOD, isolation: 'read_committed' }).isolationLevel).toBe(1);
  });

  it.each([
    [{ topic: '' }, 'topic'],
    [{ topic: undefined }, 'topic'],
    [{ topic: '..' }, 'topic'],
    [{ topic: 'with space' }, 'topic'],
    [{ topic: 'x'.repeat(250) }, 'topic'],
    [{ brokers: [] }, 'brokers'],
    [{ sessionTimeoutMs: 10 }, 'sessionTimeoutMs'],
    [{ sessionTimeoutMs: '30000' }, 'sessionTimeoutMs'],
    [{ metadataMaxAgeMs: 1.5 }, 'metadataMaxAgeMs'],
    [{ isolation: 'committed' }, 'isolation'],
    [{ eventSourceArn: 'arn:aws:kinesis:eu-west-1:1:stream/x' }, 'eventSourceArn'],
  ])('refuse %j by name', (wrong, field) => {
    expect(fields(wrong)).toEqual([field]);
  });

  it('take topics of one character, and all that brokers take', () => {
    for (const topic of ['x', 'a.b_c-D', 'x'.repeat(249)]) expect(fields({ topic })).toEqual([]);
  });

  it('tell everything that is wrong at once', () => {
    expect(fields({ brokers: ['nowhere'], topic: '', isolation: 1 })).toEqual(['brokers[0]', 'topic', 'isolation']);
  });
});

describe('a Kafka source', () => {
  it('has a label of its brokers and its topic, and events of a self-managed cluster, or of MSK with its ARN', () => {
    const source = kafka(GOOD);
    expect(source.label).toBe('127.0.0.1:9092,127.0.0.1:9093/orders');
    expect(source.toEvent(0, [])).toEqual({
      eventSource: 'SelfManagedKafka',
      bootstrapServers: '127.0.0.1:9092,127.0.0.1:9093',
      records: { 'orders-0': [] },
    });
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/mill/0b2f-1';
    expect(kafka({ ...GOOD, eventSourceArn: arn }).toEvent(0, [])).toMatchObject({ eventSource: 'aws:kafka', eventSourceArn: arn });
  });

  it('refuses groups without a name, or with one that is too long', () => {
    const listener = { onAssigned: () => undefined, onRevoking: () => Promise.resolve(), onTrouble: () => undefined };
    for (const groupId of ['', 'x'.repeat(201)]) expect(() => kafka(GOOD).join({ groupId, listener })).toThrow(ConfigError);
  });
});
