/** Messages and deliveries for tests of single rooms; all that a test does not name is filled in. */
import type { Batch, Delivery, Epoch, Hold, QueueMessage } from '../../src/index.ts';

/** The epoch of everything made here. */
export const EPOCH = 1 as Epoch;

/** A message with the id that is also its body. */
export function message(messageId: string, given: Partial<QueueMessage> = {}): QueueMessage {
  return {
    messageId,
    receiptHandle: `handle-of-${messageId}`,
    body: messageId,
    md5OfBody: '',
    attributes: {},
    messageAttributes: {},
    md5OfMessageAttributes: undefined,
    groupId: undefined,
    receiveCount: 1,
    sizeBound: 100,
    ...given,
  };
}

/** Received at 0 for 30 s unless told otherwise. */
export function hold(given: Partial<Hold> = {}): Hold {
  return { receivedAt: 0, visibilitySeconds: 30, prolonged: false, grantedUntil: 29_000, deadline: 29_000, beats: 0, ...given };
}

/** One message in flight. */
export function delivery(messageId: string, groupId?: string, held: Hold = hold()): Delivery {
  const received = message(messageId, { groupId });
  return { epoch: EPOCH, message: received, receiptHandle: received.receiptHandle, hold: held };
}

/** A batch of what is given. */
export function batch(...deliveries: readonly Delivery[]): Batch {
  return { epoch: EPOCH, deliveries };
}

/** The message ids, in order. */
export function ids(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ message: { messageId } }) => messageId);
}
