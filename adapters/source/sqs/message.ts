/** From the SDK's message to the engine's. Runs for every message, so it copies nothing that it can hand on. */
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { type QueueMessage, type QueueMessageAttribute, SourceError } from '../../../src/index.ts';
import { type QueueIdentity, setOwn, sizeBound } from '../../shared/sqs-event.ts';
import { md5OfBody } from '../../shared/sqs-md5.ts';

const NO_ATTRIBUTES = Object.freeze({});

/** What a conversion needs to know of its queue. */
export interface MessageContext {
  readonly fifo: boolean;
  readonly identity: QueueIdentity;
  /** Whether the digest of the body is compared: not where Node runs in FIPS mode, which has no MD5. */
  readonly checkBodies: boolean;
}

/**
 * The message as the engine knows it. Throws `unavailable` when the body does not match its digest or the answer lacks
 * what every message has: the message then comes again once its visibility ends.
 */
export function toQueueMessage(message: Message, context: MessageContext): QueueMessage {
  const { MessageId, ReceiptHandle, Body = '', MD5OfBody = '', Attributes = NO_ATTRIBUTES, MessageAttributes } = message;
  if (typeof MessageId !== 'string' || typeof ReceiptHandle !== 'string' || typeof Body !== 'string') {
    throw new SourceError('unavailable', 'UnreadableAnswer', 'ReceiveMessage: the answer holds a message without id, handle or body');
  }
  if (context.checkBodies && md5OfBody(Body) !== MD5OfBody) {
    throw new SourceError('unavailable', 'ChecksumMismatch', `ReceiveMessage: the body of message ${MessageId} does not match its MD5`);
  }
  const attributes: Readonly<Record<string, string>> = Attributes;
  const received = {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    md5OfBody: MD5OfBody,
    attributes,
    messageAttributes: MessageAttributes === undefined ? NO_ATTRIBUTES : toMessageAttributes(MessageAttributes),
    md5OfMessageAttributes: message.MD5OfMessageAttributes,
    groupId: context.fifo ? attributes['MessageGroupId'] : undefined,
    receiveCount: Number(attributes['ApproximateReceiveCount'] ?? 1),
    sizeBound: 0,
  };
  received.sizeBound = sizeBound(received, context.identity);
  return received;
}

/** Whether this Node can compute MD5 at all. */
export function canCheckBodies(): boolean {
  try {
    return md5OfBody('') !== '';
  } catch {
    return false;
  }
}

function toMessageAttributes(values: Record<string, MessageAttributeValue>): Record<string, QueueMessageAttribute> {
  const attributes: Record<string, QueueMessageAttribute> = {};
  for (const name in values) {
    const value = values[name];
    if (value !== undefined) setOwn(attributes, name, toMessageAttribute(value));
  }
  return attributes;
}

function toMessageAttribute({ StringValue, BinaryValue, DataType = 'String' }: MessageAttributeValue): QueueMessageAttribute {
  if (StringValue !== undefined) return { stringValue: StringValue, dataType: DataType };
  if (BinaryValue === undefined) return { dataType: DataType };
  const { buffer, byteOffset, byteLength } = BinaryValue;
  return { binaryValue: Buffer.from(buffer, byteOffset, byteLength).toString('base64'), dataType: DataType };
}
