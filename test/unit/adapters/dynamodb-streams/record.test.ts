import type { AttributeValue, _Record as SdkRecord } from '@aws-sdk/client-dynamodb-streams';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchInfo, eventBytes, fixedBytes, toEvent, toRecord } from '../../../../adapters/source/dynamodb-streams/record.ts';
import { STUB_STREAM_ARN as ARN, STUB_SHARD } from '../../../support/dynamodb-streams-stub.ts';

const FIXED = fixedBytes(ARN);

const attributes = fc.letrec<{ value: AttributeValue; map: Record<string, AttributeValue> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.record({ S: text() }),
    fc.record({ N: fc.bigInt().map(String) }),
    fc.record({ B: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ BOOL: fc.boolean() }),
    fc.record({ NULL: fc.constant(true) }),
    fc.record({ SS: fc.array(text(), { maxLength: 4 }) }),
    fc.record({ NS: fc.array(fc.integer().map(String), { maxLength: 4 }) }),
    fc.record({ BS: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }) }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 4 }) }),
    fc.record({ M: tie('map') }),
  ),
  map: fc.dictionary(text(), tie('value'), { maxKeys: 4 }),
}));

function text(): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.oneof(
      fc.constantFrom('\u0000', '\u001f', '"', '\\', '\u2028', '\ud800'),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
    ),
    maxLength: 20,
  });
}

const changes: fc.Arbitrary<SdkRecord> = fc.record({
  eventID: text(),
  eventName: fc.constantFrom('INSERT', 'MODIFY', 'REMOVE'),
  eventVersion: fc.constant('1.1'),
  eventSource: fc.constant('aws:dynamodb'),
  awsRegion: fc.constantFrom('eu-central-1', 'ddblocal'),
  userIdentity: fc.option(fc.record({ Type: text(), PrincipalId: text() }), { nil: undefined }),
  dynamodb: fc.record({
    ApproximateCreationDateTime: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
    Keys: attributes.map,
    NewImage: fc.option(attributes.map, { nil: undefined }),
    OldImage: fc.option(attributes.map, { nil: undefined }),
    SequenceNumber: fc.stringMatching(/^\d{21,40}$/),
    SizeBytes: fc.nat(),
    StreamViewType: fc.constantFrom('KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'),
  }),
});

function change(images: NonNullable<SdkRecord['dynamodb']>): SdkRecord {
  return { dynamodb: { ApproximateCreationDateTime: new Date(0), Keys: {}, SequenceNumber: '800000000003126276362', ...images } };
}

const keyOf = (Keys: Record<string, AttributeValue>): string | undefined => toRecord(change({ Keys }), FIXED).orderKey;

describe('sizes', () => {
  it('are counted exactly, and never more than the bound', () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 3 }), (sources) => {
        const records = sources.map((source) => toRecord(source, FIXED));
        const exact = records.map((record) => eventBytes(ARN, record));
        const whole = Buffer.byteLength(JSON.stringify(toEvent(ARN, records)));
        expect(exact.reduce((sum, bytes) => sum + bytes, 0)).toBe(whole - '{"Records":[]}'.length + 1);
        for (const [index, bytes] of exact.entries()) expect(records[index]?.sizeBound).toBeGreaterThanOrEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the order key', () => {
  it('is one for equal keys, however they are ordered', () => {
    expect(keyOf({ pk: { S: 'a' }, sk: { N: '1' } })).toBe(keyOf({ sk: { N: '1' }, pk: { S: 'a' } }));
  });

  it.each<[Record<string, AttributeValue>, Record<string, AttributeValue>]>([
    [{ pk: { S: '1' } }, { pk: { N: '1' } }],
    [{ pk: { S: 'AQ==' } }, { pk: { B: Uint8Array.of(1) } }],
    [
      { pk: { S: 'a' }, sk: { S: 'b' } },
      { pk: { S: 'b' }, sk: { S: 'a' } },
    ],
    [
      { pk: { S: 'a","b' }, sk: { S: 'c' } },
      { pk: { S: 'a' }, sk: { S: 'b","c' } },
    ],
  ])('tells %j and %j apart', (one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });
});

describe('the event', () => {
  it('takes bytes out of the middle of a larger buffer', () => {
    const bytes = Uint8Array.of(9, 0, 255, 16, 9).subarray(1, 4);
    const [record] = toEvent(ARN, [toRecord(change({ NewImage: { b: { B: bytes } } }), FIXED)]).Records;
    expect(record?.dynamodb?.NewImage).toEqual({ b: { B: 'AP8Q' } });
  });

  it('keeps an attribute with any name', () => {
    const NewImage = JSON.parse('{"__proto__":{"S":"x"},"constructor":{"N":"1"}}') as Record<string, AttributeValue>;
    const event = toEvent(ARN, [toRecord(change({ NewImage }), FIXED)]);
    expect(JSON.stringify(event)).toContain('"NewImage":{"__proto__":{"S":"x"},"constructor":{"N":"1"}}');
  });

  it('shares nothing with the next one for the same record', () => {
    const record = toRecord(change({ NewImage: { m: { M: { l: { L: [{ SS: ['a'] }] } } } } }), FIXED);
    const text = JSON.stringify(toEvent(ARN, [record]));
    const list = toEvent(ARN, [record]).Records[0]?.dynamodb?.NewImage?.['m']?.M?.['l']?.L;
    list?.[0]?.SS?.push('changed');
    list?.push({ S: 'changed' });
    expect(JSON.stringify(toEvent(ARN, [record]))).toBe(text);
  });
});

it('names what is given up with whole seconds, keys in their order', () => {
  const record = (seconds: number, SequenceNumber: string): ReturnType<typeof toRecord> =>
    toRecord(change({ ApproximateCreationDateTime: new Date(seconds * 1000), SequenceNumber }), FIXED);
  const info = batchInfo(ARN, STUB_SHARD, [record(1_795_254_001, '800000000003126276362'), record(1_795_254_003, '800000000003126276370')]);
  expect(JSON.stringify(info)).toBe(
    `{"name":"DDBStreamBatchInfo","value":{"shardId":"${STUB_SHARD}","startSequenceNumber":"800000000003126276362","endSequenceNumber":"800000000003126276370","approximateArrivalOfFirstRecord":"2026-11-21T09:40:01Z","approximateArrivalOfLastRecord":"2026-11-21T09:40:03Z","batchSize":2,"streamArn":"${ARN}"}}`,
  );
  expect(() => batchInfo(ARN, STUB_SHARD, [])).toThrow(RangeError);
});

it.each([{}, { SequenceNumber: '1', Keys: {} }, { SequenceNumber: 'x1', Keys: {}, ApproximateCreationDateTime: new Date(0) }])(
  'takes %j for an answer that cannot be read',
  (dynamodb) => {
    expect(() => toRecord({ dynamodb }, FIXED)).toThrow(
      expect.objectContaining({ kind: 'unavailable', code: 'UnreadableAnswer' }) as Error,
    );
  },
);
