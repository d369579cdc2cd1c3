import type { QueueMessage } from '../../../src/index.ts';
import { type QueueIdentity, sizeBound } from '../../shared/sqs-event.ts';
import type { StoredMessage } from './stored-message.ts';

/** One delivery of a message as a receive gives it. `sender` is what SenderId shows. */
export function toQueueMessage(message: StoredMessage, identity: QueueIdentity, fifo: boolean, sender: string): QueueMessage {
  const { content } = message;
  const receiveCount = content.earlierReceives + message.receives;
  const unsized = {
    messageId: content.messageId,
    receiptHandle: message.handle,
    body: content.body,
    md5OfBody: content.md5OfBody,
    attributes: systemAttributes(message, receiveCount, fifo, sender),
    messageAttributes: content.messageAttributes,
    md5OfMessageAttributes: content.md5OfMessageAttributes,
    groupId: fifo ? content.groupId : undefined,
    receiveCount,
    sizeBound: 0,
  };
  unsized.sizeBound = sizeBound(unsized, identity);
  return unsized;
}

function systemAttributes(message: StoredMessage, receiveCount: number, fifo: boolean, sender: string): Record<string, string> {
  const { content } = message;
  const attributes: Record<string, string> = { ApproximateReceiveCount: String(receiveCount) };
  if (content.traceHeader !== undefined) attributes['AWSTraceHeader'] = content.traceHeader;
  attributes['SentTimestamp'] = String(content.sentAt);
  if (fifo) attributes['SequenceNumber'] = message.sequenceNumber;
  if (content.groupId !== undefined) attributes['MessageGroupId'] = content.groupId;
  attributes['SenderId'] = sender;
  if (content.deduplicationId !== undefined) attributes['MessageDeduplicationId'] = content.deduplicationId;
  attributes['ApproximateFirstReceiveTimestamp'] = String(message.firstReceivedAt ?? content.sentAt);
  if (content.deadLetterSource !== undefined) attributes['DeadLetterQueueSourceArn'] = content.deadLetterSource;
  return attributes;
}
