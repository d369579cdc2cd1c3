import type { Epoch } from './mapping.ts';
import type { QueueMessage } from './queue.ts';

/**
 * What one receive granted to the messages it brought (R10). Instants are on the engine's monotonic clock, ms.
 * Written by the in-flight ledger only.
 */
export interface Hold {
  /** When the response arrived. */
  readonly receivedAt: number;
  /** The visibility that was granted at receive, s. */
  readonly visibilitySeconds: number;
  /** Whether more than the queue's own visibility was asked for at receive. */
  readonly prolonged: boolean;
  /** The deadline as granted at receive, a margin taken off: throttled batches are tried until here. */
  readonly grantedUntil: number;
  /** The deadline as it is now: beats move it. What has not been started by then is not started. */
  deadline: number;
  /** How many beats renewed it. */
  beats: number;
}

/** One message in flight: received under an epoch, not yet settled. The ledger opens, changes and closes it. */
export interface Delivery {
  readonly epoch: Epoch;
  readonly message: QueueMessage;
  /** The newest handle: a duplicate delivery of the same message brings a newer one (R6). */
  receiptHandle: string;
  hold: Hold;
}

/** Where what is in flight is counted, for all mappings of the process together. */
export interface BufferAccount {
  /** Negative numbers give back. */
  add(records: number, bytes: number): void;
}

/** What is invoked together. */
export interface Batch {
  readonly epoch: Epoch;
  readonly deliveries: readonly Delivery[];
}
