import type { Outcome } from '../contract/index.ts';
import { type BackoffPolicy, backoffMs } from '../kit/index.ts';
import { type NameOf, type PartialResponse, readPartialAnswer, readPartialResponse } from './partial-response.ts';
import { leastWaitMs } from './retry-after.ts';
import { readWindowState } from './window-response.ts';

/** What is done with a range of a lane. Instants are monotonic, ms. */
export type StreamVerdict =
  /** All of it is done. `state`: of the window, with tumbling windows only. */
  | { readonly kind: 'settle'; readonly state?: string | undefined }
  /** The first `done` records are done, which `state` covers; the rest is tried again at `at`, its count begun anew. */
  | { readonly kind: 'advance'; readonly done: number; readonly at: number; readonly failure: Failure; readonly state?: string | undefined }
  /** The same range again at `at`, with so many failures counted. */
  | { readonly kind: 'retry'; readonly at: number; readonly attempts: number; readonly failure: Failure }
  /** The first `first` records, then the rest, beginning at `at`; each with the failures counted before this one. */
  | { readonly kind: 'split'; readonly first: number; readonly at: number; readonly failure: Failure }
  /** Given up: its retries are used up. */
  | { readonly kind: 'discard'; readonly attempts: number; readonly failure: Failure }
  /** The same range again at `at`; nothing is counted. */
  | { readonly kind: 'wait'; readonly at: number; readonly cause: string };

/** What becomes of a range that is not done. */
export type UndoneVerdict = Exclude<StreamVerdict, { kind: 'settle' }>;

/** Why a range failed. */
export interface Failure {
  /** For people. */
  readonly message: string;
  /** `Unhandled` when the function threw or timed out, null when it answered with failures (spec d.7). */
  readonly functionError: string | null;
}

/** The part of a mapping that decides. */
export interface StreamPolicy {
  /** MaximumRetryAttempts; -1: without end. */
  readonly maximumRetryAttempts: number;
  readonly bisectBatchOnFunctionError: boolean;
  readonly reportBatchItemFailures: boolean;
  /** TumblingWindowInSeconds is set: every answer must bring the state of the window. */
  readonly isWindowed: boolean;
}

/** One question to the verdict. */
export interface StreamCase {
  readonly policy: StreamPolicy;
  /** Records in the range; none when a window is closed, which is never given up. */
  readonly count: number;
  /** Failures counted for it before this outcome. */
  readonly attempts: number;
  /** Throttles and service errors in a row before this outcome: only the wait grows with them. */
  readonly waits: number;
  readonly outcome: Outcome;
  /** How the function's answer names records; default: by their sequence numbers. */
  readonly nameOf?: NameOf | undefined;
  /** The place of a record in the range by its sequence number; `undefined`: not of this range. */
  readonly indexOf: (itemIdentifier: string) => number | undefined;
  readonly now: number;
  /** In [0, 1): the jitter. */
  readonly chance: number;
}

/** Waits between tries of a failed range. AWS publishes none; 8 invokes in 60 s were counted, which fits a mean of 0.5 s that doubles. */
const RETRY_BACKOFF: BackoffPolicy = { baseMs: 1000, capMs: 30_000 };
/** How long the waits between `attempts` retries of a range may be together, at most, ms. */
export function longestRetryMs(attempts: number): number {
  const { baseMs, capMs } = RETRY_BACKOFF;
  const growing = Math.min(attempts, Math.ceil(Math.log2(capMs / baseMs)));
  return baseMs * (2 ** growing - 1) + (attempts - growing) * capMs;
}

/** Waits after throttles and service errors. */
const SERVICE_BACKOFF: BackoffPolicy = { baseMs: 500, capMs: 20_000 };

/** What becomes of a range whose function succeeded, where its answer is not looked at. */
export const SETTLED: StreamVerdict = { kind: 'settle' };

/** Whether nothing has to be decided: {@link SETTLED}. */
export function isPlainSuccess({ isWindowed, reportBatchItemFailures }: StreamPolicy, { kind }: Outcome): boolean {
  return kind === 'success' && !isWindowed && !reportBatchItemFailures;
}

/**
 * The failure policy of streams in one place (spec d.5, d.6; design: Failure policy). A failure counts one attempt for the
 * range; with bisect a failed range of more than one record is halved instead, at no cost; a partial answer that advances
 * begins the count anew; throttles and service errors never count. Every answer either shortens the range, uses an
 * attempt or only waits, so none can loop for ever unless attempts are without end. Pure.
 */
export function decideStream(question: StreamCase): StreamVerdict {
  const { outcome, policy } = question;
  switch (outcome.kind) {
    case 'success':
      if (policy.isWindowed) return decideInWindow(question, outcome);
      return policy.reportBatchItemFailures ? decideAnswer(question, readAnswer(outcome, question), undefined) : SETTLED;
    case 'function-error':
      return failed(question, { message: `${outcome.errorType}: ${outcome.errorMessage}`, functionError: 'Unhandled' });
    case 'timeout':
      return failed(question, { message: 'the function timed out', functionError: 'Unhandled' });
    case 'throttled':
    case 'service-error':
      return waiting(question, leastWaitMs(outcome.retryAfterMs), `${outcome.kind}: ${outcome.message}`);
    case 'terminal':
      return waiting(question, 0, `${outcome.code}: ${outcome.message}`);
  }
}

/** A range that is known to have failed without an outcome: the process ended while it ran. */
export function decideCrashed(question: Omit<StreamCase, 'outcome' | 'indexOf' | 'waits'>): UndoneVerdict {
  return failed(question, { message: 'the process ended while the function ran', functionError: 'Unhandled' });
}

function waiting({ now, waits, chance }: StreamCase, leastMs: number, cause: string): StreamVerdict {
  return { kind: 'wait', at: now + Math.max(leastMs, backoffMs(SERVICE_BACKOFF, waits + 1, chance)), cause };
}

function failed(question: Omit<StreamCase, 'outcome' | 'indexOf' | 'waits'>, failure: Failure): UndoneVerdict {
  const { policy, count, attempts, now, chance } = question;
  const at = now + backoffMs(RETRY_BACKOFF, attempts + 1, chance);
  if (policy.bisectBatchOnFunctionError && count > 1) return { kind: 'split', first: Math.ceil(count / 2), at, failure };
  const counted = attempts + 1;
  const isUsedUp = count > 0 && policy.maximumRetryAttempts >= 0 && counted > policy.maximumRetryAttempts;
  if (isUsedUp) return { kind: 'discard', attempts: counted, failure };
  return { kind: 'retry', at, attempts: counted, failure };
}

/** An answer without state is a failure, and `null` is one too (spec d.8). The state covers what the answer names as done. */
function decideInWindow(question: StreamCase, outcome: Extract<Outcome, { kind: 'success' }>): StreamVerdict {
  const { policy } = question;
  const answer = readWindowState(outcome);
  if (answer.kind === 'malformed') return failed(question, { message: answer.reason, functionError: null });
  if (!policy.reportBatchItemFailures) return { kind: 'settle', state: answer.state };
  return decideAnswer(question, readPartialAnswer(answer.parsed, isOf(question)), answer.state);
}

function decideAnswer(question: StreamCase, answer: PartialResponse, state: string | undefined): StreamVerdict {
  const { indexOf, now, chance } = question;
  switch (answer.kind) {
    case 'succeeded':
      return { kind: 'settle', state };
    case 'malformed':
      return failed(question, { message: answer.reason, functionError: null });
    case 'failed': {
      const failure = { message: `the function reported ${String(answer.itemIdentifiers.size)} failed items`, functionError: null };
      const done = lowest(answer.itemIdentifiers, indexOf);
      if (done === 0) return failed(question, failure);
      return { kind: 'advance', done, at: now + backoffMs(RETRY_BACKOFF, 1, chance), failure, state };
    }
  }
}

function isOf({ indexOf }: StreamCase): (itemIdentifier: string) => boolean {
  return (itemIdentifier) => indexOf(itemIdentifier) !== undefined;
}

/** The lowest number wins: everything before it is done (spec d.6). */
function lowest(itemIdentifiers: ReadonlySet<string>, indexOf: StreamCase['indexOf']): number {
  let least = Number.POSITIVE_INFINITY;
  for (const itemIdentifier of itemIdentifiers) least = Math.min(least, indexOf(itemIdentifier) ?? Number.POSITIVE_INFINITY);
  return least;
}

function readAnswer(outcome: Extract<Outcome, { kind: 'success' }>, question: StreamCase): PartialResponse {
  let text: string;
  try {
    text = outcome.text();
  } catch {
    return { kind: 'malformed', reason: 'the answer has no JSON form' };
  }
  return readPartialResponse(text, isOf(question), question.nameOf);
}
