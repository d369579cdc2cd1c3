import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eventBytes,
  type KafkaEventSource,
  type KafkaRecordFields,
  kafkaBatchInfo,
  kafkaFilterView,
  kafkaRecord,
  toKafkaEvent,
} from '../../../../adapters/shared/kafka-event.ts';
import { sequenceNumber } from '../../../../src/index.ts';

const selfManaged: KafkaEventSource = {
  eventSource: 'SelfManagedKafka',
  eventSourceArn: undefined,
  bootstrapServers: 'b-1.example.com:9092,b-2.example.com:9092',
  topic: 'orders',
};
const msk: KafkaEventSource = {
  ...selfManaged,
  eventSource: 'aws:kafka',
  eventSourceArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/0c5f4d1e-2',
};
const AT = Date.UTC(2026, 0, 1, 0, 0, 1, 25);

function fields(given: Partial<KafkaRecordFields> = {}): KafkaRecordFields {
  return {
    topic: 'orders',
    partition: 3,
    sequenceNumber: sequenceNumber('15'),
    arrivedAt: AT,
    timestampType: 'CREATE_TIME',
    key: Buffer.from('customer-7'),
    value: Buffer.from('Hello'),
    headers: [],
    ...given,
  };
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
/** Every 16-bit unit, so that lone surrogates and control characters are among them. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
);
const anyFields = (topic: fc.Arbitrary<string>): fc.Arbitrary<KafkaRecordFields> =>
  fc.record({
    topic,
    partition: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    sequenceNumber: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map((number) => sequenceNumber(String(number))),
    arrivedAt: fc.oneof(fc.integer({ min: -1, max: 8.64e15 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
    timestampType: fc.constantFrom('CREATE_TIME' as const, 'LOG_APPEND_TIME' as const),
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.array(fc.record({ name: fc.oneof(text, fc.constant('__proto__')), value: bytes }), { maxLength: 3 }),
  });

describe('the Kafka event', () => {
  it('of a self-managed cluster has its keys in the order of Lambda, and no ARN', () => {
    const headers = [{ name: 'trace', value: Buffer.from([0, 65, 127, 128, 255]) }];
    expect(JSON.stringify(toKafkaEvent(3, [kafkaRecord(fields({ headers }))], selfManaged))).toBe(
      '{"eventSource":"SelfManagedKafka","bootstrapServers":"b-1.example.com:9092,b-2.example.com:9092","records":{"orders-3":[{"topic":"orders","partition":3,"offset":15,"timestamp":1767225601025,"timestampType":"CREATE_TIME","key":"Y3VzdG9tZXItNw==","value":"SGVsbG8=","headers":[{"trace":[0,65,127,128,255]}]}]}}',
    );
  });

  it('of MSK names the cluster', () => {
    expect(JSON.stringify(toKafkaEvent(0, [kafkaRecord(fields({ partition: 0, timestampType: 'LOG_APPEND_TIME' }))], msk))).toBe(
      '{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:eu-central-1:123456789012:cluster/main/0c5f4d1e-2","bootstrapServers":"b-1.example.com:9092,b-2.example.com:9092","records":{"orders-0":[{"topic":"orders","partition":0,"offset":15,"timestamp":1767225601025,"timestampType":"LOG_APPEND_TIME","key":"Y3VzdG9tZXItNw==","value":"SGVsbG8=","headers":[]}]}}',
    );
  });

  it.each([
    { title: 'no key', given: { key: null }, shown: '"value":"SGVsbG8=",' },
    { title: 'no value, which is a tombstone,', given: { value: null }, shown: '"key":"Y3VzdG9tZXItNw==",' },
    { title: 'neither', given: { key: null, value: null }, shown: '' },
  ])('has no property for what a record with $title lacks', ({ given, shown }) => {
    const event = JSON.stringify(toKafkaEvent(3, [kafkaRecord(fields(given))], selfManaged));
    expect(event).toContain(`"timestampType":"CREATE_TIME",${shown}"headers":[]}`);
  });

  it('shows an empty key and an empty value as empty texts', () => {
    const record = kafkaRecord(fields({ key: Buffer.alloc(0), value: Buffer.alloc(0) }));
    expect(JSON.stringify(toKafkaEvent(3, [record], selfManaged))).toContain('"key":"","value":"",');
  });

  it('keeps headers that share a name, in their order', () => {
    const headers = [
      { name: 'h', value: Buffer.from([2]) },
      { name: 'g', value: Buffer.alloc(0) },
      { name: 'h', value: Buffer.from([1]) },
    ];
    expect(JSON.stringify(toKafkaEvent(3, [kafkaRecord(fields({ headers }))], selfManaged))).toContain(
      '"headers":[{"h":[2]},{"g":[]},{"h":[1]}]',
    );
  });

  it('is made anew each time, so that a function may change what it gets', () => {
    const records = [kafkaRecord(fields({ headers: [{ name: 'h', value: Buffer.from([1]) }] }))];
    const first = toKafkaEvent(3, records, selfManaged).records['orders-3']?.[0];
    if (first === undefined) throw new Error('the event has no record');
    first.value = 'changed';
    first.headers.push({ more: [] });
    first.headers[0]?.['h']?.push(2);
    expect(toKafkaEvent(3, records, selfManaged).records['orders-3']).toEqual([
      expect.objectContaining({ value: 'SGVsbG8=', headers: [{ h: [1] }] }),
    ]);
  });

  it('has exactly the bytes of an event without records, of its records and of their commas', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.boolean(), fc.gen(), (topic, partition, isMsk, generate) => {
        const source = { ...(isMsk ? msk : selfManaged), topic };
        const given = generate(fc.array, anyFields(fc.constant(topic)), { minLength: 1, maxLength: 4 });
        const records = given.map(kafkaRecord);
        const around = Buffer.byteLength(JSON.stringify(toKafkaEvent(partition, [], source)));
        const sum = records.reduce((total, record) => total + eventBytes(record), 0);
        expect(Buffer.byteLength(JSON.stringify(toKafkaEvent(partition, records, source)))).toBe(around + sum - 1);
      }),
    );
  });

  it('never has more bytes than the bound of a record says', () => {
    fc.assert(
      fc.property(anyFields(text), (given) => {
        const record = kafkaRecord(given);
        expect(record.sizeBound).toBeGreaterThanOrEqual(eventBytes(record));
      }),
    );
  });

  it('has a bound that is near for plain records', () => {
    const record = kafkaRecord(fields({ value: Buffer.alloc(1_000_000), headers: [{ name: 'id', value: Buffer.alloc(36, 200) }] }));
    expect(record.sizeBound - eventBytes(record)).toBeLessThan(180);
  });
});

describe('the key by which order is kept', () => {
  it('is shared by equal keys only, whatever their bytes', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const keys = [one, other].map((key) => kafkaRecord(fields({ key })).orderKey);
        expect(keys[0] === keys[1]).toBe(one.equals(other));
      }),
    );
  });

  it('is none without a key, and one for an empty key', () => {
    expect(kafkaRecord(fields({ key: null })).orderKey).toBeUndefined();
    expect(kafkaRecord(fields({ key: Buffer.alloc(0) })).orderKey).toBe('');
  });
});

describe('what filters see of a Kafka record', () => {
  it('is the bytes of its value, and nothing of a tombstone', () => {
    expect(kafkaFilterView(kafkaRecord(fields())).data()).toEqual(Buffer.from('Hello'));
    expect(kafkaFilterView(kafkaRecord(fields({ value: null }))).data()).toBeUndefined();
  });

  it('is its own fields as the event shows them', () => {
    const view = kafkaFilterView(kafkaRecord(fields({ headers: [{ name: 'h', value: Buffer.from([200]) }] })));
    expect(['topic', 'partition', 'offset', 'timestamp', 'timestampType', 'headers'].map((name) => view.metadata(name))).toEqual([
      'orders',
      3,
      15,
      AT,
      'CREATE_TIME',
      [{ h: [200] }],
    ]);
    expect(['eventSource', 'toString', '__proto__', 'sizeBound'].map((name) => view.metadata(name))).toEqual(new Array(4).fill(undefined));
  });

  it.each([
    { title: 'a text', key: Buffer.from('customer-7'), shown: 'customer-7' },
    { title: 'a number, which stays a text', key: Buffer.from('42'), shown: '42' },
    { title: 'the JSON of an object', key: Buffer.from('{"id":7}'), shown: { id: 7 } },
    { title: 'no UTF-8', key: Buffer.from([0xff]), shown: undefined },
    { title: 'none', key: null, shown: undefined },
  ])('is a key decoded: $title', ({ key, shown }) => {
    expect(kafkaFilterView(kafkaRecord(fields({ key }))).metadata('key')).toEqual(shown);
  });
});

describe('what a batch that is given up is called', () => {
  const records = [
    kafkaRecord(fields()),
    kafkaRecord(fields({ sequenceNumber: sequenceNumber('9007199254740993'), arrivedAt: Date.UTC(2026, 0, 1, 0, 0, 2) })),
  ];

  it('names the first and the last record, and counts the bytes of the event', () => {
    const payloadSize = Buffer.byteLength(JSON.stringify(toKafkaEvent(3, records, msk)));
    expect(JSON.stringify(kafkaBatchInfo(3, records, msk))).toBe(
      `{"name":"KafkaBatchInfo","value":{"batchSize":2,"eventSourceArn":"arn:aws:kafka:eu-central-1:123456789012:cluster/main/0c5f4d1e-2","bootstrapServers":"b-1.example.com:9092,b-2.example.com:9092","payloadSize":${String(payloadSize)},"recordsInfo":{"orders-3":{"firstRecordOffset":"15","lastRecordOffset":"9007199254740993","firstRecordTimestamp":"2026-01-01T00:00:01.025Z","lastRecordTimestamp":"2026-01-01T00:00:02.000Z"}}}}`,
    );
  });

  it('names no ARN where the cluster has none', () => {
    expect(Object.keys(kafkaBatchInfo(3, records, selfManaged).value)).toEqual([
      'batchSize',
      'bootstrapServers',
      'payloadSize',
      'recordsInfo',
    ]);
  });

  it('refuses a batch of nothing', () => {
    expect(() => kafkaBatchInfo(3, [], selfManaged)).toThrow(RangeError);
  });
});
