/**
 * The port of the queue discipline: every message is acknowledged for itself (SQS, SQS FIFO, the embedded queue).
 *
 * Who retries: an adapter may repeat a call that certainly had no effect; everything else it reports as a
 * {@link SourceError} and the engine decides. No method is called after `close()`.
 */

import type { FilterSourceKind, FilterView } from './filter.ts';

/** A message attribute as Lambda's SQS event shows it. */
export interface QueueMessageAttribute {
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
  readonly dataType: string;
}

/** What identifies one delivery of one message: the token of R6. */
export interface QueueReceipt {
  readonly messageId: string;
  /** New on every receive. */
  readonly receiptHandle: string;
}

/** One delivery of one message. Never changed after the receive. */
export interface QueueMessage extends QueueReceipt {
  readonly body: string;
  /** Lower-case hex. */
  readonly md5OfBody: string;
  /** System attributes by AWS's names; every value is a string, counts and timestamps (ms) too. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, QueueMessageAttribute>>;
  /** Lower-case hex; `undefined` when the message has no attributes. */
  readonly md5OfMessageAttributes: string | undefined;
  /** `MessageGroupId`: the unit of order on FIFO queues; `undefined` on standard queues, where order is not promised. */
  readonly groupId: string | undefined;
  /** `ApproximateReceiveCount`, this delivery included: 1 at first. */
  readonly receiveCount: number;
  /**
   * An upper bound of the bytes this message takes in the event JSON, comma included: base64 length, 6 bytes for each
   * text unit, a constant for the keys. Cheap; {@link QueueSource.eventBytes} gives the exact number.
   */
  readonly sizeBound: number;
}

/** What a queue says of itself. */
export interface QueueDescription {
  readonly arn: string;
  readonly fifo: boolean;
  /** The queue's own VisibilityTimeout, seconds. */
  readonly visibilityTimeoutSeconds: number;
  /** The redrive policy, when there is one. */
  readonly redrive: { readonly maxReceiveCount: number; readonly deadLetterTargetArn: string } | undefined;
  /** CreatedTimestamp, epoch seconds: part of the queue's identity (R8). */
  readonly createdAt: number;
}

/** One ask for messages. */
export interface ReceiveRequest {
  /** 1..10. Fewer may come. */
  readonly max: number;
  /** 0..20: how long the source may hold the call open while it has nothing. */
  readonly waitSeconds: number;
  /** Visibility timeout for what is received, 0..43200 s; `undefined`: the queue's own. */
  readonly visibilitySeconds: number | undefined;
  /** ReceiveRequestAttemptId: the same again after a lost reply gives the same messages (FIFO only). */
  readonly attemptId: string | undefined;
  /**
   * Ends the call early with an `unavailable` error. Used only at a hard stop: a long poll that is aborted can swallow
   * the next message until its visibility ends (R13).
   */
  readonly signal: AbortSignal;
}

/** The answer for one entry of a batch call. */
export type EntryResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      /** True when the same entry may succeed later (the fault is not the sender's). */
      readonly retryable: boolean;
    };

/** How many messages there are, as far as the source knows (approximate on SQS). */
export interface QueueDepth {
  readonly visible: number;
  /** Received and neither deleted nor visible again: in flight here or elsewhere, or waiting for redelivery. */
  readonly notVisible: number;
  readonly delayed: number;
}

/** How many entries one delete or visibility call may carry. */
export const QUEUE_ENTRIES_PER_CALL = 10;
/** How many messages one receive may bring. */
export const QUEUE_MESSAGES_PER_RECEIVE = 10;
/** The longest long poll, seconds. */
export const QUEUE_WAIT_SECONDS_MAX = 20;
/** The longest time a message may stay hidden after one receive, seconds (12 hours). */
export const QUEUE_VISIBILITY_SECONDS_MAX = 43_200;

/** A queue that messages are received from. `Event` is the shape that its functions receive. */
export interface QueueSource<Event = unknown> {
  readonly kind: 'queue';
  /** How people know this queue: ARN, URL or name as it was configured; for logs and errors. No secret. */
  readonly label: string;
  /** Whether the queue keeps order within message groups; known from the name, before any call. */
  readonly fifo: boolean;
  /** Asks the queue for its attributes. Throws `not-found` while it does not exist. */
  describe(): Promise<QueueDescription>;
  /** Resolves with what arrived, an empty array when nothing did. */
  receive(request: ReceiveRequest): Promise<readonly QueueMessage[]>;
  /** Deletes at most {@link QUEUE_ENTRIES_PER_CALL}; one result per entry, in the order given. Throws only when the whole call failed. */
  delete(receipts: readonly QueueReceipt[]): Promise<readonly EntryResult[]>;
  /** Makes at most {@link QUEUE_ENTRIES_PER_CALL} visible again `seconds` from now (0: at once); results as for delete. */
  changeVisibility(receipts: readonly QueueReceipt[], seconds: number): Promise<readonly EntryResult[]>;
  /** Counts for `idle()`. */
  depth(): Promise<QueueDepth>;
  /** The event for a batch. `windowed`: the mapping has a batching window (it shows in md5OfMessageAttributes). Pure. */
  toEvent(messages: readonly QueueMessage[], options: { readonly windowed: boolean }): Event;
  /** Exact bytes of one message in the event's JSON in UTF-8, comma included. Pure. */
  eventBytes(message: QueueMessage, options: { readonly windowed: boolean }): number;
  /** What filters look at; a source without it takes no FilterCriteria. */
  readonly filtering?: {
    readonly kind: FilterSourceKind;
    /** Pure, and lazy in all that it shows. */
    view(message: QueueMessage, options: { readonly windowed: boolean }): FilterView;
  };
  /** Frees connections. Idempotent. */
  close(): Promise<void>;
}
