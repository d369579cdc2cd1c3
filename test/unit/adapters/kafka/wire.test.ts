import { describe, expect, it } from 'vitest';
import { toWire } from '../../../../adapters/source/kafka/wire.ts';

interface Call {
  readonly request: { readonly apiName: string; readonly apiVersion: number };
  readonly response: { decode(payload: unknown): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
}

/** A pool of kafkajs's as far as it is looked at: it decodes what it was told to have received. */
async function sendTo(call: Call, onClusterId: (clusterId: string) => void = () => undefined): Promise<unknown> {
  const pool = { send: async ({ response }: Call) => response.parse(await response.decode(Buffer.alloc(0))) };
  const builder = { build: () => Promise.resolve(pool) };
  const nothing = (): void => undefined;
  const names = ['isConnected', 'connect', 'disconnect', 'addMultipleTargetTopics', 'refreshMetadata', 'getNodeIds', 'findBroker'];
  const methods = Object.fromEntries([...names, 'findTopicPartitionMetadata'].map((name) => [name, nothing]));
  const cluster = toWire({ ...methods, connectionPoolBuilder: builder }, { onMemberId: nothing, onClusterId });
  return (await cluster.connectionPoolBuilder.build()).send(call);
}

function fetchThatFails(error: Error): Call {
  return {
    request: { apiName: 'Fetch', apiVersion: 11 },
    response: { decode: () => Promise.reject(error), parse: () => Promise.resolve() },
  };
}

describe('what is used of kafkajs', () => {
  it('tells records that cannot be decoded from brokers that cannot be reached', async () => {
    const broken = Object.assign(new Error('incorrect header check'), { code: 'Z_DATA_ERROR' });
    await expect(sendTo(fetchThatFails(broken))).rejects.toMatchObject({ kind: 'invalid', code: 'UNREADABLE_RECORDS' });
  });

  it('leaves to kafkajs what it says itself', async () => {
    const lacking = Object.assign(new Error('Snappy compression not implemented'), { name: 'KafkaJSNotImplemented' });
    await expect(sendTo(fetchThatFails(lacking))).rejects.toBe(lacking);
  });

  it('hears the id of the cluster with the answers that tell it', async () => {
    const heard: string[] = [];
    const answer = (clusterId: string | null): Call => ({
      request: { apiName: 'Metadata', apiVersion: 6 },
      response: { decode: () => Promise.resolve({ clusterId, topicMetadata: [] }), parse: () => Promise.resolve() },
    });
    for (const clusterId of ['cluster-1', null, '']) await sendTo(answer(clusterId), (told) => heard.push(told));
    expect(heard).toEqual(['cluster-1']);
  });
});
