import { type Admin, Kafka, type Producer, type ProducerRecord, type RecordMetadata } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { kafkaDestination } from '../../../../adapters/destination/kafka/index.ts';
import { type KafkaDestinationOptions, resolveKafkaDestination } from '../../../../adapters/destination/kafka/options.ts';
import { noteCluster } from '../../../../adapters/shared/kafka-clusters.ts';
import { kafkaBatchInfo, kafkaRecord, toKafkaEvent } from '../../../../adapters/shared/kafka-event.ts';
import { type ConfigProblem, sequenceNumber } from '../../../../src/index.ts';
import { discard, numbered } from '../../../conformance/destination-suite.ts';
import { problemsOf } from '../../../support/problems-of.ts';

const problem = (field: string, why: string): ConfigProblem => ({ field, message: expect.stringContaining(why) as string });
const resolve = (options: object): unknown => resolveKafkaDestination(options as KafkaDestinationOptions);
const brokers = ['127.0.0.1:9'];

/** One record of a topic that was given up. */
function from(topic: string, bootstrapServers: string): ReturnType<typeof discard> {
  const source = { eventSource: 'SelfManagedKafka', eventSourceArn: undefined, bootstrapServers, topic } as const;
  const fields = { topic, partition: 0, sequenceNumber: sequenceNumber('7'), arrivedAt: 0, timestampType: 'CREATE_TIME' as const };
  const records = [kafkaRecord({ ...fields, key: null, value: null, headers: [] })];
  return discard(numbered(0), {
    info: kafkaBatchInfo(0, records, source),
    payload: () => JSON.stringify(toKafkaEvent(0, records, source)),
  });
}

/** A client that reaches a cluster of that id; what it was asked and sent. */
function clientOf(clusterId: string) {
  const asked = { times: 0, failing: false };
  const sent: string[] = [];
  const nothing = (): Promise<void> => Promise.resolve();
  const client = new Kafka({ brokers });
  const admin = {
    connect: nothing,
    disconnect: nothing,
    describeCluster: () => {
      asked.times += 1;
      return asked.failing ? Promise.reject(new Error('not now')) : Promise.resolve({ clusterId, brokers: [], controller: null });
    },
  };
  const send = ({ topic }: ProducerRecord): Promise<RecordMetadata[]> => {
    sent.push(topic);
    return Promise.resolve([]);
  };
  client.admin = () => admin as Partial<Admin> as Admin;
  client.producer = () => ({ connect: nothing, disconnect: nothing, send }) as Partial<Producer> as Producer;
  return { client, asked, sent };
}

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
    const destination = kafkaDestination({ topic: 'failed-orders', brokers });
    const { signal } = new AbortController();
    await expect(destination.send(from('failed-orders', `other:1,${brokers.join(',')}`), signal)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'DestinationIsSource',
    });
    await expect(destination.send(from('orders', `other:1,${brokers.join(',')}`), signal)).rejects.toMatchObject({ kind: 'unavailable' });
    await destination.close();
  });

  it('does not take them from the same cluster under another name, nor where a client of the user knows the brokers', async () => {
    noteCluster('alias:1', 'cluster-1');
    noteCluster('elsewhere:1', 'cluster-2');
    const { client, asked, sent } = clientOf('cluster-1');
    const destination = kafkaDestination({ topic: 'failed-orders', client });
    const { signal } = new AbortController();
    await expect(destination.send(from('failed-orders', 'alias:1'), signal)).rejects.toMatchObject({ code: 'DestinationIsSource' });
    expect(sent).toEqual([]);
    await destination.send(from('failed-orders', 'elsewhere:1'), signal);
    await destination.send(from('failed-orders', 'never-reached:1'), signal);
    await destination.send(from('orders', 'alias:1'), signal);
    expect(sent).toEqual(['failed-orders', 'failed-orders', 'failed-orders']);
    expect(asked.times).toBe(1);
    await destination.close();
  });

  it('says so where it cannot be told whether it is the same cluster, and asks again', async () => {
    noteCluster('alias:1', 'cluster-1');
    const { client, asked, sent } = clientOf('cluster-1');
    asked.failing = true;
    const destination = kafkaDestination({ topic: 'failed-orders', client });
    const { signal } = new AbortController();
    await expect(destination.send(from('failed-orders', 'alias:1'), signal)).rejects.toMatchObject({ kind: 'unavailable' });
    asked.failing = false;
    await expect(destination.send(from('failed-orders', 'alias:1'), signal)).rejects.toMatchObject({ code: 'DestinationIsSource' });
    expect(sent).toEqual([]);
    await destination.close();
  });
});
