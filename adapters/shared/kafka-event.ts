/**
 * Lambda's Kafka events (https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html, with-msk.html) from records, how large they
 * get, and how a batch that is given up is named. Shared by every source whose functions receive them.
 */
import type { MSKEvent, MSKRecord, SelfManagedKafkaEvent } from 'aws-lambda';
import { type BatchInfo, type FilterView, partitionName, type SequenceNumber, type StreamRecord } from '../../src/index.ts';

/** Whose records they are, as the event names it. */
export interface KafkaEventSource {
  readonly eventSource: 'SelfManagedKafka' | 'aws:kafka';
  /** The cluster's ARN: MSK only. */
  readonly eventSourceArn: string | undefined;
  /** `host:port`, separated by commas. */
  readonly bootstrapServers: string;
  readonly topic: string;
}

/** What a topic knows of a record. */
export interface KafkaRecordFields {
  readonly topic: string;
  readonly partition: number;
  /** The record's offset. */
  readonly sequenceNumber: SequenceNumber;
  /** The record's timestamp, epoch ms. */
  readonly arrivedAt: number;
  /** Whose clock `arrivedAt` is: the producer's or the broker's. */
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  readonly key: Buffer | null;
  /** `null`: a tombstone. */
  readonly value: Buffer | null;
  /** In the record's order; a name may come twice. */
  readonly headers: readonly KafkaHeader[];
}

/** One header of a record. */
export interface KafkaHeader {
  readonly name: string;
  readonly value: Buffer;
}

/** A record of a topic. Some of it is worked out when it is asked for, so a copy by spreading lacks it. */
export interface KafkaRecord extends StreamRecord, KafkaRecordFields {}

/** The event of a Kafka mapping: the cluster's kind says which. */
export type KafkaEvent = MSKEvent | SelfManagedKafkaEvent;

/**
 * How the event shows a record without a key, or without a value (a tombstone): with no such property at all. So does Lambda by
 * what its users report; `null` and an empty text are refused or misread by the libraries that parse these events.
 */
const NULL_IS_LEFT_OUT: boolean = true;

/** How the bytes of a header are counted: 0 to 255, as they are, and not -128 to 127 as Java prints them. */
const HEADER_BYTES_ARE_UNSIGNED: boolean = true;

/** One text unit takes at most six bytes in JSON (`\u001f`), a pair of surrogates four. */
const BYTES_PER_UNIT = 6;
/** The longest numbers in JSON are like `-0.0000013801538511751311`. */
const NUMBER_BYTES = 25;
/** A header's byte and the comma behind it: `255,`, and `-128,` were it signed. */
const BYTES_PER_HEADER_BYTE = 5;
/** `{"":[]},` around a header's name and bytes. */
const HEADER_FRAME_BYTES = 8;
/** What surrounds the texts of a record in the event, the comma behind it included; its partition, offset and timestamp as long as they can be. */
const FRAME_BYTES =
  '{"topic":"","partition":,"offset":,"timestamp":,"timestampType":"LOG_APPEND_TIME","key":"","value":"","headers":[]},'.length +
  3 * NUMBER_BYTES;

/** Completes a record. Nothing of it is encoded. */
export function kafkaRecord(fields: KafkaRecordFields): KafkaRecord {
  return new TopicRecord(fields);
}

class TopicRecord implements KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly sequenceNumber: SequenceNumber;
  readonly arrivedAt: number;
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly KafkaHeader[];

  constructor(fields: KafkaRecordFields) {
    this.topic = fields.topic;
    this.partition = fields.partition;
    this.sequenceNumber = fields.sequenceNumber;
    this.arrivedAt = fields.arrivedAt;
    this.timestampType = fields.timestampType;
    this.key = fields.key;
    this.value = fields.value;
    this.headers = fields.headers;
  }

  /** One unit per byte, so equal keys, and only those, share it. */
  get orderKey(): string | undefined {
    return this.key?.toString('latin1');
  }

  get sizeBound(): number {
    let bytes = FRAME_BYTES + BYTES_PER_UNIT * this.topic.length + base64Length(this.key) + base64Length(this.value);
    for (const { name, value } of this.headers) {
      bytes += HEADER_FRAME_BYTES + BYTES_PER_UNIT * name.length + BYTES_PER_HEADER_BYTE * value.length;
    }
    return bytes;
  }
}

function base64Length(bytes: Buffer | null): number {
  return bytes === null ? 0 : 4 * Math.ceil(bytes.length / 3);
}

/** The event for a batch of one partition; its keys in the order in which Lambda writes them. Without records it is what every event has. */
export function toKafkaEvent(partition: number, records: readonly KafkaRecord[], source: KafkaEventSource): KafkaEvent {
  const { eventSource, eventSourceArn, bootstrapServers, topic } = source;
  const shown = { [partitionName(topic, partition)]: records.map(toRecord) };
  if (eventSource === 'SelfManagedKafka') return { eventSource, bootstrapServers, records: shown };
  return { eventSource, eventSourceArn: eventSourceArn ?? '', bootstrapServers, records: shown };
}

/** Exact bytes of one record in the event's JSON in UTF-8, comma included. */
export function eventBytes(record: KafkaRecord): number {
  return Buffer.byteLength(JSON.stringify(toRecord(record))) + 1;
}

/** The dates that there are end here, epoch ms. */
const DATE_MAX = 8_640_000_000_000_000;

/** A record's timestamp as ISO text. Producers may write any number; one that is no date is shown as the nearest that is. */
export function kafkaInstant(timestamp: number): string {
  return new Date(Math.max(-DATE_MAX, Math.min(DATE_MAX, timestamp))).toISOString();
}

/** The part of an invocation record that names a batch which is given up; at least one record. */
export function kafkaBatchInfo(partition: number, records: readonly KafkaRecord[], source: KafkaEventSource): BatchInfo {
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a batch that is given up has at least one record');
  const { eventSourceArn, bootstrapServers, topic } = source;
  return {
    name: 'KafkaBatchInfo',
    value: {
      batchSize: records.length,
      ...(eventSourceArn === undefined ? undefined : { eventSourceArn }),
      bootstrapServers,
      payloadSize: Buffer.byteLength(JSON.stringify(toKafkaEvent(partition, records, source))),
      recordsInfo: {
        [partitionName(topic, partition)]: {
          firstRecordOffset: first.sequenceNumber,
          lastRecordOffset: last.sequenceNumber,
          firstRecordTimestamp: kafkaInstant(first.arrivedAt),
          lastRecordTimestamp: kafkaInstant(last.arrivedAt),
        },
      },
    },
  };
}

/**
 * What filters see of a record: the bytes of its value, and beside them its own fields as the event shows them; its key decoded:
 * an object or array when it is the JSON of one, else a text, and nothing when it is no UTF-8.
 */
export function kafkaFilterView(record: KafkaRecord): FilterView {
  return {
    data: () => record.value ?? undefined,
    metadata: (name) => {
      switch (name) {
        case 'topic':
        case 'partition':
        case 'timestampType':
          return record[name];
        case 'offset':
          return Number(record.sequenceNumber);
        case 'timestamp':
          return record.arrivedAt;
        case 'key':
          return record.key === null ? undefined : decoded(record.key);
        case 'headers':
          return record.headers.map(toHeader);
        default:
          return undefined;
      }
    },
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(bytes: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : text;
  } catch {
    return text;
  }
}

/** The keys in the order in which Lambda writes them. Made for every record: spreading one object into another takes ten times as long. */
function toRecord(record: KafkaRecord): MSKRecord {
  const shown: ShownRecord = {
    topic: record.topic,
    partition: record.partition,
    offset: Number(record.sequenceNumber),
    timestamp: record.arrivedAt,
    timestampType: record.timestampType,
  };
  if (record.key !== null) shown.key = record.key.toString('base64');
  else if (!NULL_IS_LEFT_OUT) shown.key = null;
  if (record.value !== null) shown.value = record.value.toString('base64');
  else if (!NULL_IS_LEFT_OUT) shown.value = null;
  shown.headers = record.headers.length === 0 ? [] : record.headers.map(toHeader);
  // The published types know neither records without a key nor tombstones.
  return shown as MSKRecord;
}

/** A record while it is put together. */
type ShownRecord = Omit<MSKRecord, 'key' | 'value' | 'headers'> & {
  key?: string | null;
  value?: string | null;
  headers?: MSKRecord['headers'];
};

function toHeader({ name, value }: KafkaHeader): Record<string, number[]> {
  return { [name]: Array.from(HEADER_BYTES_ARE_UNSIGNED ? value : new Int8Array(value.buffer, value.byteOffset, value.length)) };
}
