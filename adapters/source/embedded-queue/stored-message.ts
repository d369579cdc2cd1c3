import type { QueueMessageAttribute } from '../../../src/index.ts';

/** Where a message is: free to be received, in flight after a receive, or not yet shown. */
export type MessageState = 'visible' | 'in-flight' | 'delayed';

/** What a producer gave, digested. Stays the same when the message is moved to a dead-letter queue. */
export interface MessageContent {
  readonly messageId: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly messageAttributes: Readonly<Record<string, QueueMessageAttribute>>;
  readonly md5OfMessageAttributes: string | undefined;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly traceHeader: string | undefined;
  /** Bytes of body and attributes, as the limits count them. */
  readonly bytes: number;
  /** Epoch ms. */
  readonly sentAt: number;
  /** Receives in the queues it was in before. */
  readonly earlierReceives: number;
  readonly firstReceivedAt: number | undefined;
  /** ARN of the queue whose redrive policy moved it. */
  readonly deadLetterSource: string | undefined;
}

/** One message of one queue. The links belong to the line it stands in, `slot` to the timetable. */
export class StoredMessage {
  readonly content: MessageContent;
  /** Counts the messages of this queue; the order of a group. */
  readonly order: number;
  readonly sequenceNumber: string;
  /** Monotonic ms. */
  readonly enqueuedAt: number;
  state: MessageState = 'visible';
  /** When it becomes visible, monotonic ms; meaningful unless it is visible. */
  visibleAt = 0;
  /** Place in the timetable; -1: not in it. */
  slot = -1;
  /** Receives in this queue. */
  receives = 0;
  /** Of the latest receive; '' before the first. */
  handle = '';
  /** When it was last received, monotonic ms. */
  receivedAt = 0;
  /** When it was first received, epoch ms. */
  firstReceivedAt: number | undefined;
  /** The receive attempt that it was given out under. */
  attemptId: string | undefined;
  previous: StoredMessage | undefined;
  next: StoredMessage | undefined;

  constructor(content: MessageContent, order: number, sequenceNumber: string, enqueuedAt: number) {
    this.content = content;
    this.order = order;
    this.sequenceNumber = sequenceNumber;
    this.enqueuedAt = enqueuedAt;
    this.firstReceivedAt = content.firstReceivedAt;
  }
}
