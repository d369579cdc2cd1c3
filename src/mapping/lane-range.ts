import type { TraceLink } from '../contract/index.ts';
import type { RetryMark, ShardEntry } from '../settle/index.ts';

/** What is invoked together, and how often it has failed. */
export interface LaneRange {
  /** None: a tumbling window is closed. */
  readonly entries: readonly ShardEntry[];
  /** Failures counted. */
  readonly attempts: number;
  /** Throttles and service errors in a row. */
  readonly waits: number;
  /** Wall clock, epoch ms; `undefined` before the first failure. */
  readonly firstAttemptAt: number | undefined;
  /** How the last failure came (spec d.7); `undefined` without one. */
  readonly functionError: string | null | undefined;
  /** Not before this instant (monotonic, ms). */
  readonly notBefore: number;
  /** The last invocation of it. */
  readonly requestId: string | undefined;
  /** It was running when the process ended: alone, or with others that may as well be to blame. */
  readonly ran: RetryMark['ran'];
  /** It may be what ended the process, so it runs alone. */
  readonly isSuspected: boolean;
  /** How it was cut is remembered, even if no failure is counted: a half of a range that failed. */
  readonly isCut: boolean;
  /** A tumbling window is ended before its time. */
  readonly early: EarlyEnd | undefined;
  /** The span of the last try, where somebody records traces. */
  readonly trace?: TraceLink | undefined;
}

/** A window whose state has become too large to be kept. */
export interface EarlyEnd {
  /** What the final invocation is given, as JSON text. */
  readonly state: string;
  /** What that state covers; done when the window is closed. */
  readonly covered: readonly ShardEntry[];
}

/** A range without a history. */
export const FRESH: Omit<LaneRange, 'entries'> = {
  attempts: 0,
  waits: 0,
  firstAttemptAt: undefined,
  functionError: undefined,
  notBefore: 0,
  requestId: undefined,
  ran: undefined,
  isSuspected: false,
  isCut: false,
  early: undefined,
};

/** What is stored of a range; `undefined` when it has no history. */
export function retryMark(range: LaneRange, lane: number, ran: RetryMark['ran'], now: number): RetryMark | undefined {
  const { entries, attempts, isCut, firstAttemptAt, functionError } = range;
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined || (attempts === 0 && ran === undefined && !isCut)) return undefined;
  const { sequenceNumber: from } = first.record;
  return { lane, from, to: last.record.sequenceNumber, attempts, firstAttemptAt: firstAttemptAt ?? now, functionError, ran };
}
