import type { Life } from '../life.ts';

/** One record of the traffic and what became of it. */
export interface Offered {
  readonly text: string;
  readonly key: string;
  /** Its place among the records of its key. */
  readonly order: number;
  readonly incarnation: string;
  readonly shardId: string;
  readonly sequenceNumber: string;
  /** Wall clock, epoch ms. */
  readonly arrivedAt: number;
  readonly poison: boolean;
  readonly killer: boolean;
  /** Nobody has to handle it: it was there before the start, or its stream is gone. */
  isExempt: boolean;
  /** Handled or given up. */
  isFinished: boolean;
  /** Who handled it, and when that invocation had ended (monotonic, ms). */
  handledBy: { readonly tenure: Tenure; readonly invocation: StreamInvocation } | undefined;
}

/** One time of holding the lease. */
export interface Tenure {
  readonly life: Life;
  readonly epoch: number;
  /** What the store says is done, as it was when the lease was got. */
  readonly durable: ReadonlySet<Offered>;
  readonly handled: Set<Offered>;
  readonly running: Set<StreamInvocation>;
  /** Failures of one range, counted anew in every tenure. */
  readonly failures: Map<string, number>;
  /** When the process ended or was held, ms. */
  endedAt: number | undefined;
}

/** One invocation as the function saw it. */
export interface StreamInvocation {
  readonly tenure: Tenure;
  readonly requestId: string;
  readonly shardId: string;
  readonly records: readonly Offered[];
  hasAnswered: boolean;
  /** When it really stopped, ms. */
  endedAt: number | undefined;
}

/** Names a range. */
export function rangeOf(records: readonly Offered[]): string {
  return `${records[0]?.text ?? ''}..${records.at(-1)?.text ?? ''}`;
}
