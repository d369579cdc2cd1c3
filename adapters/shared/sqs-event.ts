/**
 * Lambda's SQS event (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html) from messages, and how large it gets.
 * Shared by every source whose functions receive that event.
 */
import type { SQSEvent, SQSMessageAttributes, SQSRecord, SQSRecordAttributes } from 'aws-lambda';
import type { FilterView, QueueMessage, QueueMessageAttribute } from '../../src/index.ts';

/** Whose messages they are. */
export interface QueueIdentity {
  /** The queue's ARN. */
  readonly arn: string;
  /** The region as the event names it. */
  readonly region: string;
}

/** What the event depends on beside its messages. */
export interface QueueEventContext extends QueueIdentity {
  /** The mapping has a batching window: then a record without message attributes says so with null. */
  readonly windowed: boolean;
}

/** SQSRecord as it really is: without attributes but with a window the key is there and null, which @types/aws-lambda leaves out. */
type QueueEventRecord = Omit<SQSRecord, 'md5OfMessageAttributes'> & {
  md5OfMessageAttributes?: string | null;
};

/** A message whose `sizeBound` is not known yet. */
export type UnsizedMessage = Omit<QueueMessage, 'sizeBound'>;

/** System attributes in the order in which Lambda's events show them; others follow behind. */
const ATTRIBUTE_ORDER = [
  'ApproximateReceiveCount',
  'AWSTraceHeader',
  'SentTimestamp',
  'SequenceNumber',
  'MessageGroupId',
  'SenderId',
  'MessageDeduplicationId',
  'ApproximateFirstReceiveTimestamp',
  'DeadLetterQueueSourceArn',
] as const;
const ORDERED: ReadonlySet<string> = new Set(ATTRIBUTE_ORDER);

/** One text unit takes at most six bytes in JSON (`\u001f`), a pair of surrogates four. */
const BYTES_PER_UNIT = 6;
/** Quotes, colon and comma around one name and value. */
const PAIR_BYTES = 6;
/** All of a record but its values. */
const RECORD_BYTES =
  '{"messageId":"","receiptHandle":"","body":"","attributes":{},"messageAttributes":{},"md5OfMessageAttributes":null,"md5OfBody":"","eventSource":"aws:sqs","eventSourceARN":"","awsRegion":""},'
    .length;
/** All of a message attribute but its name, type and value. */
const MESSAGE_ATTRIBUTE_BYTES = '"":{"stringValue":"","stringListValues":[],"binaryListValues":[],"dataType":""},'.length;

/** The event for a batch. */
export function toQueueEvent(messages: readonly QueueMessage[], context: QueueEventContext): SQSEvent {
  return { Records: messages.map((message) => toRecord(message, context) as SQSRecord) };
}

/** What filters see of a message: the body as it is, and what the event shows beside it. */
export function queueFilterView(message: QueueMessage, context: QueueEventContext): FilterView {
  let record: Readonly<Record<string, unknown>> | undefined;
  return {
    data: () => message.body,
    metadata: (key) => {
      record ??= { ...toRecord(message, context) };
      return Object.hasOwn(record, key) ? record[key] : undefined;
    },
  };
}

/** Exact bytes of one message in the event's JSON in UTF-8, comma included. */
export function eventBytes(message: UnsizedMessage, context: QueueEventContext): number {
  return Buffer.byteLength(JSON.stringify(toRecord(message, context))) + 1;
}

/** Never less than {@link eventBytes}, for any text, and much cheaper. */
export function sizeBound(message: UnsizedMessage, identity: QueueIdentity): number {
  let units =
    message.messageId.length +
    message.receiptHandle.length +
    message.body.length +
    message.md5OfBody.length +
    (message.md5OfMessageAttributes?.length ?? 0) +
    identity.arn.length +
    identity.region.length;
  let bytes = RECORD_BYTES;
  for (const name in message.attributes) {
    units += name.length + (message.attributes[name]?.length ?? 0);
    bytes += PAIR_BYTES;
  }
  for (const name in message.messageAttributes) {
    const attribute = message.messageAttributes[name];
    units += name.length + (attribute?.dataType.length ?? 0) + (attribute?.stringValue?.length ?? 0);
    bytes += MESSAGE_ATTRIBUTE_BYTES + (attribute?.binaryValue?.length ?? 0);
  }
  return bytes + units * BYTES_PER_UNIT;
}

/**
 * Sets an own property under any name. A plain assignment of `__proto__`, which SQS allows as an attribute's name, would
 * set the prototype and lose the attribute.
 */
export function setOwn<Value>(target: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

function toRecord(message: UnsizedMessage, { arn, region, windowed }: QueueEventContext): QueueEventRecord {
  const md5OfMessageAttributes = message.md5OfMessageAttributes ?? (windowed ? null : undefined);
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: orderedAttributes(message.attributes) as SQSRecordAttributes & Record<string, string>,
    messageAttributes: eventAttributes(message.messageAttributes),
    ...(md5OfMessageAttributes === undefined ? undefined : { md5OfMessageAttributes }),
    md5OfBody: message.md5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: region,
  };
}

function orderedAttributes(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const ordered: Record<string, string> = {};
  for (const name of ATTRIBUTE_ORDER) {
    const value = attributes[name];
    if (value !== undefined) ordered[name] = value;
  }
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined && !ORDERED.has(name)) setOwn(ordered, name, value);
  }
  return ordered;
}

function eventAttributes(attributes: Readonly<Record<string, QueueMessageAttribute>>): SQSMessageAttributes {
  const shown: SQSMessageAttributes = {};
  for (const name in attributes) {
    const attribute = attributes[name];
    if (attribute === undefined) continue;
    const { stringValue, binaryValue, dataType } = attribute;
    const value = stringValue === undefined ? { binaryValue: binaryValue ?? '' } : { stringValue };
    setOwn(shown, name, { ...value, stringListValues: [], binaryListValues: [], dataType });
  }
  return shown;
}
