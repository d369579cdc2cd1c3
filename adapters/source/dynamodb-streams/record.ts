/**
 * From the SDK's record to the engine's, and on to Lambda's DynamoDB event
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html).
 */
import type { _Record as SdkRecord } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord, DynamoDBStreamEvent, StreamRecord as EventImages } from 'aws-lambda';
import {
  type BatchInfo,
  type FilterView,
  type SequenceNumber,
  SourceError,
  type StreamRecord,
  sequenceNumber,
} from '../../../src/index.ts';
import { type Attributes, attributesBound, eventAttributes } from './attribute-value.ts';

/** One change of one item. */
export interface DynamoDBStreamRecord extends StreamRecord {
  /** As the SDK gave it. Its binary values are encoded when an event is made. */
  readonly source: SdkRecord;
}

/** One text unit takes at most six bytes in JSON (`\u001f`). */
const BYTES_PER_UNIT = 6;
/** The longest number in JSON. */
const NUMBER_BYTES = 24;

/** The event for a batch; nothing in it is shared with another event. */
export function toEvent(arn: string, records: readonly Pick<DynamoDBStreamRecord, 'source'>[]): DynamoDBStreamEvent {
  return { Records: records.map(({ source }) => toEventRecord(arn, source)) };
}

/** What filters see of a change: its images as the event shows them, and what stands beside them, such as `eventName`. */
export function filterView(arn: string, { source }: Pick<DynamoDBStreamRecord, 'source'>): FilterView {
  let shown: Readonly<Record<string, unknown>> | undefined;
  return {
    data: () => eventImages(source.dynamodb ?? {}),
    metadata: (key) => {
      shown ??= { ...toEventRecord(arn, source) };
      return Object.hasOwn(shown, key) ? shown[key] : undefined;
    },
  };
}

/** Exact bytes of one record in the event's JSON in UTF-8, comma included. */
export function eventBytes(arn: string, { source }: DynamoDBStreamRecord): number {
  return Buffer.byteLength(JSON.stringify(toEventRecord(arn, source))) + 1;
}

/** The bytes of a record that its own texts and attributes do not count. The same for all records of a stream. */
export function fixedBytes(arn: string): number {
  const images = {
    ApproximateCreationDateTime: 0,
    Keys: {},
    NewImage: {},
    OldImage: {},
    SequenceNumber: '',
    SizeBytes: 0,
    StreamViewType: '',
  };
  const texts = { eventID: '', eventName: '', eventVersion: '', eventSource: '', awsRegion: '' };
  const identity = { type: '', principalId: '' };
  const blank = JSON.stringify({ ...texts, dynamodb: images, eventSourceARN: arn, userIdentity: identity });
  return Buffer.byteLength(blank) + 2 * NUMBER_BYTES;
}

/** A change whose key becomes a text when it is asked for: with one lane nobody does. */
class ItemChange implements DynamoDBStreamRecord {
  readonly sequenceNumber: SequenceNumber;
  readonly arrivedAt: number;
  readonly sizeBound: number;
  readonly source: SdkRecord;

  constructor(number: SequenceNumber, arrivedAt: number, bound: number, source: SdkRecord) {
    this.sequenceNumber = number;
    this.arrivedAt = arrivedAt;
    this.sizeBound = bound;
    this.source = source;
  }

  get orderKey(): string {
    return orderKey(this.source.dynamodb?.Keys ?? {});
  }
}

/** Throws `unavailable` when the record lacks what every record has. `fixed`: {@link fixedBytes} of its stream. */
export function toRecord(source: SdkRecord, fixed: number): DynamoDBStreamRecord {
  const { SequenceNumber = '', Keys, ApproximateCreationDateTime } = source.dynamodb ?? {};
  if (!/^\d{1,128}$/.test(SequenceNumber) || Keys === undefined || ApproximateCreationDateTime === undefined) {
    const lacking = 'GetRecords: the answer holds a record without sequence number, keys or creation time';
    throw new SourceError('unavailable', 'UnreadableAnswer', lacking);
  }
  return new ItemChange(sequenceNumber(SequenceNumber), ApproximateCreationDateTime.getTime(), sizeBound(source, fixed), source);
}

/** Names what was given up. DynamoDB's creation times are whole seconds and are written so. */
export function batchInfo(arn: string, shardId: string, records: readonly StreamRecord[]): BatchInfo {
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a batch that is given up holds at least one record');
  return {
    name: 'DDBStreamBatchInfo',
    value: {
      shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: toSecond(first.arrivedAt),
      approximateArrivalOfLastRecord: toSecond(last.arrivedAt),
      batchSize: records.length,
      streamArn: arn,
    },
  };
}

/** The item's key as a text: its attributes by name, typed. Equal keys give equal texts. */
function orderKey(keys: Attributes): string {
  const shown = eventAttributes(keys);
  const names = Object.keys(shown).sort();
  return JSON.stringify(names.map((name) => [name, shown[name]]));
}

function sizeBound(source: SdkRecord, fixed: number): number {
  const { Keys, NewImage, OldImage, SequenceNumber, StreamViewType } = source.dynamodb ?? {};
  const { eventID, eventName, eventVersion, eventSource, awsRegion, userIdentity } = source;
  const texts = [eventID, eventName, eventVersion, eventSource, awsRegion, SequenceNumber, StreamViewType];
  let units = (userIdentity?.Type?.length ?? 0) + (userIdentity?.PrincipalId?.length ?? 0);
  for (const text of texts) units += text?.length ?? 0;
  return fixed + units * BYTES_PER_UNIT + attributesBound(Keys) + attributesBound(NewImage) + attributesBound(OldImage);
}

/** Field by field: runs for every record of every invocation, and a spread for each that may be absent costs ten times as much. */
function toEventRecord(arn: string, source: SdkRecord): DynamoDBRecord {
  const { userIdentity } = source;
  const shown: DynamoDBRecord = {};
  if (source.eventID !== undefined) shown.eventID = source.eventID;
  if (source.eventName !== undefined) shown.eventName = source.eventName;
  if (source.eventVersion !== undefined) shown.eventVersion = source.eventVersion;
  if (source.eventSource !== undefined) shown.eventSource = source.eventSource;
  if (source.awsRegion !== undefined) shown.awsRegion = source.awsRegion;
  shown.dynamodb = eventImages(source.dynamodb ?? {});
  shown.eventSourceARN = arn;
  if (userIdentity !== undefined) shown.userIdentity = { type: userIdentity.Type, principalId: userIdentity.PrincipalId };
  return shown;
}

function eventImages(change: NonNullable<SdkRecord['dynamodb']>): EventImages {
  const { ApproximateCreationDateTime: createdAt } = change;
  const shown: EventImages = {};
  if (createdAt !== undefined) shown.ApproximateCreationDateTime = createdAt.getTime() / 1_000;
  if (change.Keys !== undefined) shown.Keys = eventAttributes(change.Keys);
  if (change.NewImage !== undefined) shown.NewImage = eventAttributes(change.NewImage);
  if (change.OldImage !== undefined) shown.OldImage = eventAttributes(change.OldImage);
  if (change.SequenceNumber !== undefined) shown.SequenceNumber = change.SequenceNumber;
  if (change.SizeBytes !== undefined) shown.SizeBytes = change.SizeBytes;
  if (change.StreamViewType !== undefined) shown.StreamViewType = change.StreamViewType;
  return shown;
}

function toSecond(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
