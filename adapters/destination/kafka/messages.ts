/** What a batch that is given up becomes in a topic: one message per record, under the record's key. */
import type { MSKRecord } from 'aws-lambda';
import { type BatchInfo, type Discard, discardJson } from '../../../src/index.ts';
import { type KafkaEvent, kafkaInstant } from '../../shared/kafka-event.ts';
import type { KafkaDestinationFormat } from './options.ts';

/** A message as kafkajs takes it. */
export interface OutgoingMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | string | null;
  readonly headers: Record<string, Buffer | string | (Buffer | string)[]>;
  /** What it roughly takes, for the size of requests. */
  readonly bytes: number;
  /** The same without the event, for a topic that does not take messages as large as this one; `undefined`: there is no smaller form. */
  readonly smaller: OutgoingMessage | undefined;
}

/** Parts of the event, which is JSON again by now: keys and values that are not there were null. */
type EventRecord = Omit<MSKRecord, 'key' | 'value'> & { readonly key?: string | null; readonly value?: string | null };

const HEADER_PREFIX = 'millrace.';
const FRAME_BYTES = 100;

/** The messages of a discard, in the order of its records. A discard that does not come from Kafka is one message without a key, as SQS gets it. */
export function toMessages(discard: Discard, format: KafkaDestinationFormat): OutgoingMessage[] {
  if (discard.info.name !== 'KafkaBatchInfo') return [message(null, discardJson(discard), {})];
  const event = JSON.parse(discard.payload()) as KafkaEvent;
  return Object.entries(event.records).flatMap(([partition, records]) =>
    (records as EventRecord[]).map((record) =>
      format === 'record'
        ? asItWas(discard, record)
        : asJson(discard, { ...event, records: { [partition]: [record as MSKRecord] } }, record),
    ),
  );
}

function asJson(discard: Discard, event: KafkaEvent, record: EventRecord): OutgoingMessage {
  const { requestContext, ...rest } = discard.record;
  const payload = JSON.stringify(event);
  const text = JSON.stringify({
    requestContext: {
      ...requestContext,
      functionArn: qualified(requestContext.functionArn),
      condition: conditionOf(discard),
    },
    ...rest,
    KafkaBatchInfo: {
      batchSize: 1,
      ...('eventSourceArn' in event ? { eventSourceArn: event.eventSourceArn } : undefined),
      bootstrapServers: event.bootstrapServers,
      payloadSize: Buffer.byteLength(payload),
      recordInfo: { offset: String(record.offset), timestamp: kafkaInstant(record.timestamp) },
    } satisfies BatchInfo['value'],
  });
  const key = bytesOf(record.key);
  return { ...message(key, `${text.slice(0, -1)},"payload":${payload}}`, {}), smaller: message(key, text, {}) };
}

function asItWas(discard: Discard, record: EventRecord): OutgoingMessage {
  // No prototype: a header may have any name.
  const headers = Object.create(null) as OutgoingMessage['headers'];
  for (const header of record.headers) {
    for (const [name, value] of Object.entries(header)) {
      // Those of an earlier failure.
      if (name.startsWith(HEADER_PREFIX)) continue;
      const bytes = Buffer.from(value);
      const before = headers[name];
      headers[name] = before === undefined ? bytes : [before, bytes].flat();
    }
  }
  for (const [name, value] of Object.entries(contextOf(discard, record))) headers[HEADER_PREFIX + name] = value;
  return message(bytesOf(record.key), bytesOf(record.value), headers);
}

/** What the JSON says beside the record, as texts. */
function contextOf({ record: failure, mappingId, ...discard }: Discard, record: EventRecord): Record<string, string> {
  const { requestContext, responseContext, timestamp } = failure;
  const functionError = responseContext?.functionError;
  return {
    condition: conditionOf({ ...discard, record: failure, mappingId }),
    'function-arn': qualified(requestContext.functionArn),
    'request-id': requestContext.requestId,
    'approximate-invoke-count': String(requestContext.approximateInvokeCount),
    ...(typeof functionError === 'string' ? { 'function-error': functionError } : undefined),
    timestamp,
    'mapping-id': mappingId,
    'record-topic': record.topic,
    'record-partition': String(record.partition),
    'record-offset': String(record.offset),
    'record-timestamp': kafkaInstant(record.timestamp),
  };
}

/** AWS has another word here than for queues, topics of SNS and buckets. */
function conditionOf({ record }: Discard): string {
  const { condition } = record.requestContext;
  return condition === 'RetryAttemptsExhausted' ? 'RetriesExhausted' : condition;
}

const PARTS_OF_UNQUALIFIED_ARN = 7;

function qualified(functionArn: string): string {
  return functionArn.split(':').length === PARTS_OF_UNQUALIFIED_ARN ? `${functionArn}:$LATEST` : functionArn;
}

function bytesOf(base64: string | null | undefined): Buffer | null {
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : null;
}

function message(key: Buffer | null, value: Buffer | string | null, headers: OutgoingMessage['headers']): OutgoingMessage {
  let bytes = FRAME_BYTES + (key?.length ?? 0) + (value === null ? 0 : Buffer.byteLength(value));
  for (const [name, values] of Object.entries(headers)) {
    for (const one of [values].flat()) bytes += name.length + Buffer.byteLength(one) + FRAME_BYTES;
  }
  return { key, value, headers, bytes, smaller: undefined };
}
