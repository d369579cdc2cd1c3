/**
 * Lambda's Kinesis event (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html) from records, how large it gets, and
 * how a batch that is given up is named. Shared by every source whose functions receive that event.
 */
import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import type { BatchInfo, FilterView, SequenceNumber, StreamRecord } from '../../src/index.ts';

/** Whose records they are. */
export interface KinesisEventSource {
  /** The stream's ARN. */
  readonly arn: string;
  /** The region as the event names it. */
  readonly region: string;
  /** What the event names as the function's execution role. */
  readonly roleArn: string;
}

/** What a stream knows of a record. */
export interface KinesisRecordFields {
  readonly sequenceNumber: SequenceNumber;
  readonly partitionKey: string;
  /** Base64 of the raw bytes, as the event carries it. */
  readonly data: string;
  /** When the stream took it in, epoch ms. */
  readonly arrivedAt: number;
}

/** A record of a Kinesis stream, or of one that looks like it. */
export interface KinesisRecord extends StreamRecord, KinesisRecordFields {
  /** `arrivedAt` as the event shows it: seconds with a fraction. */
  readonly approximateArrivalTimestamp: number;
}

/** One text unit takes at most six bytes in JSON (`\u001f`), a pair of surrogates four. */
const BYTES_PER_UNIT = 6;
/** The longest numbers in JSON are like `-0.0000013801538511751311`. */
const NUMBER_BYTES = 25;
/** The sequence number stands in its own field and in the event id. */
const SEQUENCE_NUMBERS = 2;

/** What the events of a mapping name as execution role when none is configured. */
export function defaultRoleArn(account: string): string {
  return `arn:aws:iam::${account}:role/millrace`;
}

/**
 * The bytes that each record of a shard takes in the event beside its own texts. Ask once per shard and hand the result to
 * {@link kinesisRecord}.
 */
export function fixedBytes(shardId: string, source: KinesisEventSource): number {
  const blank = { sequenceNumber: '', partitionKey: '', data: '', approximateArrivalTimestamp: 0 };
  return Buffer.byteLength(JSON.stringify(toRecord(`${shardId}:`, blank, source))) + NUMBER_BYTES;
}

/** Completes a record. `fixed`: {@link fixedBytes} of its shard. */
export function kinesisRecord({ sequenceNumber, partitionKey, data, arrivedAt }: KinesisRecordFields, fixed: number): KinesisRecord {
  return {
    sequenceNumber,
    orderKey: partitionKey,
    arrivedAt,
    sizeBound: fixed + SEQUENCE_NUMBERS * sequenceNumber.length + BYTES_PER_UNIT * partitionKey.length + data.length,
    partitionKey,
    data,
    approximateArrivalTimestamp: arrivedAt / 1000,
  };
}

/** The event for a batch of one shard. */
export function toKinesisEvent(shardId: string, records: readonly KinesisRecord[], source: KinesisEventSource): KinesisStreamEvent {
  const idPrefix = `${shardId}:`;
  return { Records: records.map((record) => toRecord(idPrefix, record, source)) };
}

/**
 * What filters see of a record: its bytes, and beside them what the event shows of it, its own fields (such as `partitionKey`)
 * and those of the record around it (such as `eventSourceARN`).
 */
export function kinesisFilterView(shardId: string, record: KinesisRecord, source: KinesisEventSource): FilterView {
  let shown: Readonly<Record<string, unknown>> | undefined;
  return {
    data: () => Buffer.from(record.data, 'base64'),
    metadata: (key) => {
      if (shown === undefined) {
        const whole = toRecord(`${shardId}:`, record, source);
        shown = { ...whole.kinesis, ...whole };
      }
      return Object.hasOwn(shown, key) ? shown[key] : undefined;
    },
  };
}

/** Exact bytes of one record in the event's JSON in UTF-8, comma included. */
export function eventBytes(shardId: string, record: KinesisRecord, source: KinesisEventSource): number {
  return Buffer.byteLength(JSON.stringify(toRecord(`${shardId}:`, record, source))) + 1;
}

/** The part of an invocation record that names a batch which is given up; at least one record. */
export function kinesisBatchInfo(shardId: string, records: readonly KinesisRecord[], streamArn: string): BatchInfo {
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a batch that is given up has at least one record');
  return {
    name: 'KinesisBatchInfo',
    value: {
      shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: new Date(first.arrivedAt).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.arrivedAt).toISOString(),
      batchSize: records.length,
      streamArn,
    },
  };
}

type EventFields = Pick<KinesisRecord, 'partitionKey' | 'data' | 'approximateArrivalTimestamp'> & { readonly sequenceNumber: string };

/** The keys in the order in which Lambda writes them. */
function toRecord(idPrefix: string, record: EventFields, { arn, region, roleArn }: KinesisEventSource): KinesisStreamRecord {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.partitionKey,
      sequenceNumber: record.sequenceNumber,
      data: record.data,
      approximateArrivalTimestamp: record.approximateArrivalTimestamp,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: idPrefix + record.sequenceNumber,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: roleArn,
    awsRegion: region,
    eventSourceARN: arn,
  };
}
