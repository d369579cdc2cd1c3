/** Where the invocation records of discarded batches go (spec d.7). */
import type { BatchInfo } from './stream.ts';

/** Why a batch was given up. */
export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'MaximumPayloadSizeExceeded';

/** The JSON of a discarded batch, its keys in the order in which AWS writes them; the batch info under its own name comes last. */
export interface InvocationRecord {
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    readonly condition: DiscardCondition;
    readonly approximateInvokeCount: number;
  };
  /**
   * No such key at all when the records were too old, null when one was too large to be given to the function; functionError is null when the
   * function answered with failures.
   */
  readonly responseContext?: {
    readonly statusCode: number;
    readonly executedVersion: string;
    readonly functionError: string | null;
  } | null;
  readonly version: '1.0';
  /** ISO 8601, ms, Z. */
  readonly timestamp: string;
}

/** One discarded batch. */
export interface Discard {
  /** The mapping's UUID. */
  readonly mappingId: string;
  readonly shardId: string;
  readonly record: InvocationRecord;
  readonly info: BatchInfo;
  /** The event that the function got, or would have got, as JSON text: for destinations that keep the data. */
  readonly payload: () => string;
  /** Wall clock, epoch ms: for names. */
  readonly at: number;
  /** A UUID for this discard, the same when it is sent again. */
  readonly id: string;
}

/** A destination. */
export interface FailureDestination {
  /** How people know it: its ARN or name. No secret. */
  readonly label: string;
  /** Checks that it exists and may be used as one (FIFO queues and topics may not). Throws a SourceError. */
  check(): Promise<void>;
  /**
   * Resolves when the destination has confirmed that it holds the record: only then the position moves (R1). Rejects with a
   * SourceError; the engine sends again, so a destination may see the same `id` twice.
   */
  send(discard: Discard, signal: AbortSignal): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** The JSON text of a discarded batch as SQS and SNS carry it; `payload` adds a last key, as S3 keeps it. */
export function discardJson(discard: Discard, payload?: string): string {
  const { record, info } = discard;
  return JSON.stringify({ ...record, [info.name]: info.value, ...(payload === undefined ? undefined : { payload }) });
}
