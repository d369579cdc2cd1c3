import type { Batch, Delivery, Outcome } from '../contract/index.ts';
import { type BackoffPolicy, backoffMs } from '../kit/index.ts';
import { readPartialResponse } from './partial-response.ts';
import { leastWaitMs } from './retry-after.ts';

/** What is done with a batch of a queue. */
export type QueueVerdict =
  /** `handled` leave the queue; `returned` come back to it. */
  | {
      readonly kind: 'settle';
      readonly handled: readonly Delivery[];
      readonly returned: readonly Delivery[];
      readonly failure: string | undefined;
    }
  /** The same batch again at `at` (monotonic, ms); nothing is counted. */
  | { readonly kind: 'retry'; readonly at: number; readonly cause: string };

/** The part of a mapping that decides. */
export interface QueuePolicy {
  /** FunctionResponseTypes names ReportBatchItemFailures. */
  readonly reportBatchItemFailures: boolean;
  /** After the first failure of a group, its later messages are returned whatever was reported. */
  readonly groupQuarantine: boolean;
}

/** One question to the verdict. */
export interface QueueCase {
  readonly batch: Batch;
  readonly outcome: Outcome;
  readonly policy: QueuePolicy;
  /** How often this batch has been tried, this time included. */
  readonly attempt: number;
  readonly now: number;
  /** In [0, 1): the jitter. */
  readonly chance: number;
}

/** Waits between tries of a batch that was throttled or met a service error (AWS publishes none). */
export const THROTTLE_BACKOFF: BackoffPolicy = { baseMs: 500, capMs: 20_000 };

/**
 * The failure policy of queues in one place (spec e.3): success deletes; a function error, a time-out or a terminal
 * error returns everything; throttles and service errors try the same batch again until the deadline that was granted
 * at receive. Pure.
 */
export function decideQueue(question: QueueCase): QueueVerdict {
  const { batch, outcome } = question;
  switch (outcome.kind) {
    case 'success':
      return question.policy.reportBatchItemFailures ? decidePartial(batch, outcome, question.policy) : all(batch, 'handled', undefined);
    case 'function-error':
      return all(batch, 'returned', `${outcome.errorType}: ${outcome.errorMessage}`);
    case 'timeout':
      return all(batch, 'returned', 'the function timed out');
    case 'terminal':
      return all(batch, 'returned', `${outcome.code}: ${outcome.message}`);
    case 'throttled':
    case 'service-error':
      return retry(question, outcome);
  }
}

function retry(question: QueueCase, outcome: Extract<Outcome, { kind: 'throttled' | 'service-error' }>): QueueVerdict {
  const { batch, attempt, now, chance } = question;
  const at = now + Math.max(leastWaitMs(outcome.retryAfterMs), backoffMs(THROTTLE_BACKOFF, attempt, chance));
  const until = batch.deliveries.reduce((least, { hold }) => Math.min(least, hold.grantedUntil), Number.POSITIVE_INFINITY);
  const cause = `${outcome.kind}: ${outcome.message}`;
  return at < until ? { kind: 'retry', at, cause } : all(batch, 'returned', cause);
}

function decidePartial(batch: Batch, outcome: Extract<Outcome, { kind: 'success' }>, policy: QueuePolicy): QueueVerdict {
  let text: string;
  try {
    text = outcome.text();
  } catch {
    return all(batch, 'returned', 'the answer has no JSON form');
  }
  if (text === '' || text === 'null') return all(batch, 'handled', undefined);
  const ids = new Set(batch.deliveries.map(({ message }) => message.messageId));
  const answer = readPartialResponse(text, (itemIdentifier) => ids.has(itemIdentifier));
  switch (answer.kind) {
    case 'succeeded':
      return all(batch, 'handled', undefined);
    case 'malformed':
      return all(batch, 'returned', answer.reason);
    case 'failed':
      return split(batch, answer.itemIdentifiers, policy);
  }
}

function split(batch: Batch, failed: ReadonlySet<string>, policy: QueuePolicy): QueueVerdict {
  const handled: Delivery[] = [];
  const returned: Delivery[] = [];
  const quarantined = new Set<string>();
  for (const delivery of batch.deliveries) {
    const { messageId, groupId } = delivery.message;
    const isFailed = failed.has(messageId);
    if (isFailed && groupId !== undefined && policy.groupQuarantine) quarantined.add(groupId);
    if (isFailed || (groupId !== undefined && quarantined.has(groupId))) returned.push(delivery);
    else handled.push(delivery);
  }
  return { kind: 'settle', handled, returned, failure: `the function reported ${String(failed.size)} failed items` };
}

function all(batch: Batch, side: 'handled' | 'returned', failure: string | undefined): QueueVerdict {
  const none: readonly Delivery[] = [];
  return side === 'handled'
    ? { kind: 'settle', handled: batch.deliveries, returned: none, failure }
    : { kind: 'settle', handled: none, returned: batch.deliveries, failure };
}
