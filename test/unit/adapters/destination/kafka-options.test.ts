import { Kafka } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { kafkaDestination } from '../../../../adapters/destination/kafka/index.ts';
import { type KafkaDestinationOptions, resolveKafkaDestination } from '../../../../adapters/destination/kafka/options.ts';
import { kafkaBatchInfo, kafkaRecord, toKafkaEvent } from '../../../../adapters/shared/kafka-event.ts';
import { type ConfigProblem, sequenceNumber } from '../../../../src/index.ts';
import { discard, numbered } from '../../../conformance/destination-suite.ts';
import { problemsOf } from '../../../support/problems-of.ts';

const problem = (field: string, why: string): ConfigProblem => ({ field, message: expect.stringContaining(why) as string });
const resolve = (options: object): unknown => resolveKafkaDestination(options as KafkaDestinationOptions);
const brokers = ['127.0.0.1:9'];

describe('a Kafka topic as a destination', () => {
  it.each(['failed', 'kafka://failed'])('is %s', (topic) => {
    expect(resolve({ topic, brokers })).toMatchObject({ label: 'kafka://failed', topic: 'failed', format: 'json', brokers });
  });

  it.each(['', 'a b', '.', '..', 'kafka://', 'x'.repeat(250), undefined, 7])('is not %j', (topic) => {
    expect(problemsOf(() => resolve({ topic, brokers }))).toEqual([problem('topic', '1 to 249 letters')]);
  });

  it('needs brokers, or a client that knows them', () => {
    expect(problemsOf(() => resolve({ topic: 'failed' }))).toEqual([problem('brokers', 'at least one broker')]);
    const client = new Kafka({ brokers });
    expect(resolve({ topic: 'failed', client })).toMatchObject({ connection: { client } });
    expect(problemsOf(() => resolve({ topic: 'failed', client, brokers }))).toEqual([problem('brokers', 'belongs to the client')]);
  });

  it('tells all that is wrong at once', () => {
    expect(problemsOf(() => resolve({ topic: '', brokers: ['nowhere'], kafkaDestinationFormat: 'xml', acks: 1 }))).toEqual([
      problem('acks', 'is no option of a Kafka destination; there are topic, '),
      problem('topic', '1 to 249'),
      problem('kafkaDestinationFormat', 'json'),
      problem('brokers[0]', 'host:port'),
    ]);
    expect(problemsOf(() => resolve('failed' as never))).toEqual([problem('options', 'must be an object')]);
  });

  it('does not take records of its own topic: they would come again for ever', async () => {
    const source = {
      eventSource: 'SelfManagedKafka',
      eventSourceArn: undefined,
      bootstrapServers: `other:1,${brokers.join(',')}`,
    } as const;
    const from = (topic: string): ReturnType<typeof discard> => {
      const fields = { topic, partition: 0, sequenceNumber: sequenceNumber('7'), arrivedAt: 0, timestampType: 'CREATE_TIME' as const };
      const records = [kafkaRecord({ ...fields, key: null, value: null, headers: [] })];
      const info = kafkaBatchInfo(0, records, { ...source, topic });
      return discard(numbered(0), { info, payload: () => JSON.stringify(toKafkaEvent(0, records, { ...source, topic })) });
    };
    const destination = kafkaDestination({ topic: 'failed-orders', brokers });
    const { signal } = new AbortController();
    await expect(destination.send(from('failed-orders'), signal)).rejects.toMatchObject({ kind: 'invalid', code: 'DestinationIsSource' });
    await expect(destination.send(from('orders'), signal)).rejects.toMatchObject({ kind: 'unavailable' });
    await destination.close();
  });
});
