import { describe, expect, it } from 'vitest';
import { type OutgoingMessage, toMessages } from '../../../../adapters/destination/kafka/messages.ts';
import {
  type KafkaEventSource,
  type KafkaRecordFields,
  kafkaBatchInfo,
  kafkaRecord,
  toKafkaEvent,
} from '../../../../adapters/shared/kafka-event.ts';
import { type Discard, type InvocationRecord, sequenceNumber } from '../../../../src/index.ts';

const msk: KafkaEventSource = {
  eventSource: 'aws:kafka',
  eventSourceArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/0c5f4d1e-2',
  bootstrapServers: 'b-1.example.com:9098',
  topic: 'orders',
};
const selfManaged: KafkaEventSource = { ...msk, eventSource: 'SelfManagedKafka', eventSourceArn: undefined };
const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:orders';

function fields(offset: number, given: Partial<KafkaRecordFields> = {}): KafkaRecordFields {
  return {
    topic: 'orders',
    partition: 3,
    sequenceNumber: sequenceNumber(String(offset)),
    arrivedAt: Date.UTC(2026, 10, 21, 9, 47, 59, offset),
    timestampType: 'CREATE_TIME',
    key: Buffer.from('customer-7'),
    value: Buffer.from('Hello'),
    headers: [],
    ...given,
  };
}

function discard(
  records: readonly KafkaRecordFields[],
  {
    source = selfManaged,
    ...more
  }: Partial<InvocationRecord['requestContext']> & Pick<InvocationRecord, 'responseContext'> & { source?: KafkaEventSource } = {
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  },
): Discard {
  const { responseContext, ...requestContext } = more;
  const made = records.map(kafkaRecord);
  return {
    mappingId: '83b6b5e4-34d1-4f6a-9e0c-3f6bb0c5a1d2',
    shardId: 'orders-3',
    record: {
      requestContext: {
        requestId: '0aa8a5ea-0f43-4b2b-8f5c-5d3f7c0f7e11',
        functionArn: ARN,
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 3,
        ...requestContext,
      },
      ...(responseContext === undefined ? undefined : { responseContext }),
      version: '1.0',
      timestamp: '2026-11-21T09:48:01.070Z',
    },
    info: kafkaBatchInfo(3, made, source),
    payload: () => JSON.stringify(toKafkaEvent(3, made, source)),
    at: 0,
    id: 'd6a2e3f0-52b3-4d6c-9a5e-0d6e8b7c4a21',
  };
}

const textOf = ({ value }: OutgoingMessage): string => (value ?? '').toString();

describe('what is given up, as JSON', () => {
  it('is one message per record, under its key, with the event of that record alone as an object', () => {
    const messages = toMessages(
      discard([fields(15), fields(16, { key: null, value: null })], { source: msk, responseContext: null }),
      'json',
    );
    expect(messages.map(({ key }) => key)).toEqual([Buffer.from('customer-7'), null]);
    const payload =
      '{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:eu-central-1:123456789012:cluster/main/0c5f4d1e-2","bootstrapServers":"b-1.example.com:9098","records":{"orders-3":[{"topic":"orders","partition":3,"offset":15,"timestamp":1795254479015,"timestampType":"CREATE_TIME","key":"Y3VzdG9tZXItNw==","value":"SGVsbG8=","headers":[]}]}}';
    expect(messages.map(textOf)[0]).toBe(
      `{"requestContext":{"requestId":"0aa8a5ea-0f43-4b2b-8f5c-5d3f7c0f7e11","functionArn":"${ARN}:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},"responseContext":null,"version":"1.0","timestamp":"2026-11-21T09:48:01.070Z","KafkaBatchInfo":{"batchSize":1,"eventSourceArn":"arn:aws:kafka:eu-central-1:123456789012:cluster/main/0c5f4d1e-2","bootstrapServers":"b-1.example.com:9098","payloadSize":${String(payload.length)},"recordInfo":{"offset":"15","timestamp":"2026-11-21T09:47:59.015Z"}},"payload":${payload}}`,
    );
    expect(JSON.parse(textOf(messages[1] as OutgoingMessage))).toMatchObject({
      payload: { records: { 'orders-3': [{ offset: 16, timestampType: 'CREATE_TIME' }] } },
    });
  });

  it.each(['RecordAgeExceeded', 'MaximumPayloadSizeExceeded'] as const)('keeps the condition %s', (condition) => {
    const [message] = toMessages(discard([fields(15)], { condition, responseContext: null }), 'json');
    expect(message && textOf(message)).toContain(`"condition":"${condition}"`);
  });

  it('keeps the qualifier of a function that has one', () => {
    const [message] = toMessages(discard([fields(15)], { functionArn: `${ARN}:live`, responseContext: null }), 'json');
    expect(message && textOf(message)).toContain(`"functionArn":"${ARN}:live"`);
  });

  it('has a smaller form that says all but the event', () => {
    const [message] = toMessages(discard([fields(15, { value: Buffer.alloc(900_000) })]), 'json');
    const { payload, ...rest } = JSON.parse(message === undefined ? '' : textOf(message)) as Record<string, unknown>;
    expect(payload).toBeDefined();
    const smaller = message?.smaller;
    expect(JSON.parse(smaller === undefined ? '' : textOf(smaller))).toEqual(rest);
    expect(smaller?.key).toEqual(message?.key);
  });

  it('is one message, as a queue would get it, when it does not come from Kafka', () => {
    const info = { name: 'KinesisBatchInfo', value: { shardId: 'shardId-000000000000', batchSize: 2 } };
    const one = { ...discard([fields(15)]), info };
    const messages = toMessages(one, 'record');
    expect(messages.map(({ key }) => key)).toEqual([null]);
    expect(messages.map(textOf)).toEqual([JSON.stringify({ ...one.record, KinesisBatchInfo: info.value })]);
  });
});

describe('what is given up, as the record it was', () => {
  it('has the key, value and headers of the record, and the failure behind them', () => {
    const headers = [
      { name: 'trace', value: Buffer.from([0, 127, 128, 255]) },
      { name: 'h', value: Buffer.from('1') },
      { name: 'h', value: Buffer.from('2') },
      { name: '__proto__', value: Buffer.from('3') },
    ];
    const value = Buffer.from([0xff, 0xfe]);
    const [message] = toMessages(discard([fields(15, { headers, value })]), 'record');
    expect(message?.key).toEqual(Buffer.from('customer-7'));
    expect(message?.value).toEqual(value);
    expect(Object.entries(message?.headers ?? {})).toEqual([
      ['trace', Buffer.from([0, 127, 128, 255])],
      ['h', [Buffer.from('1'), Buffer.from('2')]],
      ['__proto__', Buffer.from('3')],
      ['millrace.condition', 'RetriesExhausted'],
      ['millrace.function-arn', `${ARN}:$LATEST`],
      ['millrace.request-id', '0aa8a5ea-0f43-4b2b-8f5c-5d3f7c0f7e11'],
      ['millrace.approximate-invoke-count', '3'],
      ['millrace.function-error', 'Unhandled'],
      ['millrace.timestamp', '2026-11-21T09:48:01.070Z'],
      ['millrace.mapping-id', '83b6b5e4-34d1-4f6a-9e0c-3f6bb0c5a1d2'],
      ['millrace.record-topic', 'orders'],
      ['millrace.record-partition', '3'],
      ['millrace.record-offset', '15'],
      ['millrace.record-timestamp', '2026-11-21T09:47:59.015Z'],
    ]);
  });

  it('is a tombstone again, and has no key where the record had none; an empty value stays empty', () => {
    const messages = toMessages(discard([fields(15, { key: null, value: null }), fields(16, { value: Buffer.alloc(0) })]), 'record');
    expect(messages.map(({ key, value }) => [key, value])).toEqual([
      [null, null],
      [Buffer.from('customer-7'), Buffer.alloc(0)],
    ]);
  });

  it('tells of the last failure only, when a record is given up for the second time', () => {
    const headers = [{ name: 'millrace.condition', value: Buffer.from('an earlier one') }];
    const [message] = toMessages(discard([fields(15, { headers })]), 'record');
    expect(message?.headers['millrace.condition']).toBe('RetriesExhausted');
  });

  it('has no smaller form: what a topic held, a topic takes', () => {
    expect(toMessages(discard([fields(15)]), 'record')[0]?.smaller).toBeUndefined();
  });
});
