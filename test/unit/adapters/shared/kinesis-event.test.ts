import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultRoleArn,
  eventBytes,
  fixedBytes,
  type KinesisEventSource,
  type KinesisRecordFields,
  kinesisBatchInfo,
  kinesisRecord,
  toKinesisEvent,
} from '../../../../adapters/shared/kinesis-event.ts';
import { sequenceNumber } from '../../../../src/index.ts';

const SHARD = 'shardId-000000000003';
const NUMBER = sequenceNumber('49590338271490256608559692538361571095921575989136588898');
const source: KinesisEventSource = {
  arn: 'arn:aws:kinesis:eu-central-1:000000000000:stream/orders',
  region: 'eu-central-1',
  roleArn: defaultRoleArn('000000000000'),
};

function fields(given: Partial<KinesisRecordFields> = {}): KinesisRecordFields {
  return { sequenceNumber: NUMBER, partitionKey: 'customer-7', data: 'SGVsbG8=', arrivedAt: Date.UTC(2026, 0, 1, 0, 0, 1, 25), ...given };
}

/** Every 16-bit unit, so that lone surrogates and control characters are among them. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
);
const anyRecord: fc.Arbitrary<KinesisRecordFields> = fc.record({
  sequenceNumber: fc.bigInt({ min: 0n, max: 10n ** 128n - 1n }).map((number) => sequenceNumber(String(number))),
  partitionKey: text,
  data: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  arrivedAt: fc.oneof(fc.integer({ min: 0, max: 8.64e15 }), fc.double({ noNaN: true })),
});
const anySource: fc.Arbitrary<KinesisEventSource> = fc.record({ arn: text, region: text, roleArn: text });

describe('the Kinesis event', () => {
  it('shows a record with its keys in the order of Lambda', () => {
    const { Records } = toKinesisEvent(SHARD, [kinesisRecord(fields(), fixedBytes(SHARD, source))], source);
    expect(JSON.stringify(Records)).toBe(
      JSON.stringify([
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'customer-7',
            sequenceNumber: NUMBER,
            data: 'SGVsbG8=',
            approximateArrivalTimestamp: 1767225601.025,
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: `${SHARD}:${NUMBER}`,
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: 'arn:aws:iam::000000000000:role/millrace',
          awsRegion: 'eu-central-1',
          eventSourceARN: 'arn:aws:kinesis:eu-central-1:000000000000:stream/orders',
        },
      ]),
    );
  });

  it('is made anew each time, so that a function may change what it gets', () => {
    const records = [kinesisRecord(fields(), fixedBytes(SHARD, source))];
    const first = toKinesisEvent(SHARD, records, source);
    for (const record of first.Records) record.kinesis.data = 'changed';
    expect(toKinesisEvent(SHARD, records, source).Records[0]?.kinesis.data).toBe('SGVsbG8=');
  });

  it('has exactly the bytes that its records and their commas have', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 4 }), text, anySource, (given, shardId, anywhere) => {
        const records = given.map((one) => kinesisRecord(one, fixedBytes(shardId, anywhere)));
        const sum = records.reduce((bytes, record) => bytes + eventBytes(shardId, record, anywhere), 0);
        expect(Buffer.byteLength(JSON.stringify(toKinesisEvent(shardId, records, anywhere)))).toBe('{"Records":[]}'.length + sum - 1);
      }),
    );
  });

  it('never has more bytes than the bound of a record says', () => {
    fc.assert(
      fc.property(anyRecord, text, anySource, (given, shardId, anywhere) => {
        const record = kinesisRecord(given, fixedBytes(shardId, anywhere));
        expect(record.sizeBound).toBeGreaterThanOrEqual(eventBytes(shardId, record, anywhere));
      }),
    );
  });

  it('has a bound that holds for the longest number there is', () => {
    const record = kinesisRecord(fields({ partitionKey: '', data: '', arrivedAt: -0.001380153851175131 }), fixedBytes(SHARD, source));
    expect(record.sizeBound).toBeGreaterThanOrEqual(eventBytes(SHARD, record, source));
  });

  it('has a bound that is near for plain keys', () => {
    const record = kinesisRecord(fields({ data: 'A'.repeat(400) }), fixedBytes(SHARD, source));
    expect(record.sizeBound - eventBytes(SHARD, record, source)).toBeLessThan(80);
  });
});

describe('what a batch that is given up is called', () => {
  it('names the first and the last record, with arrivals to the millisecond', () => {
    const last = sequenceNumber(`${NUMBER}7`);
    const records = [fields(), fields({ sequenceNumber: last, arrivedAt: Date.UTC(2026, 0, 1, 0, 0, 2) })];
    const info = kinesisBatchInfo(
      SHARD,
      records.map((record) => kinesisRecord(record, 0)),
      source.arn,
    );
    expect(JSON.stringify(info)).toBe(
      JSON.stringify({
        name: 'KinesisBatchInfo',
        value: {
          shardId: SHARD,
          startSequenceNumber: NUMBER,
          endSequenceNumber: last,
          approximateArrivalOfFirstRecord: '2026-01-01T00:00:01.025Z',
          approximateArrivalOfLastRecord: '2026-01-01T00:00:02.000Z',
          batchSize: 2,
          streamArn: source.arn,
        },
      }),
    );
  });

  it('refuses a batch of nothing', () => {
    expect(() => kinesisBatchInfo(SHARD, [], source.arn)).toThrow(RangeError);
  });
});
