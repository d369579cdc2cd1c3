import type { Life } from '../life.ts';

/** One record of the traffic and what became of it, in the eyes of one mapping. */
export interface Offered {
  readonly text: string;
  readonly key: string;
  /** It has no key of its own: `key` is nobody else's. Topics only. */
  readonly isKeyless?: boolean;
  /** Its place among the records of its key. */
  readonly order: number;
  readonly incarnation: string;
  readonly shardId: string;
  readonly sequenceNumber: string;
  /** When it was put, ms. */
  readonly putAt: number;
  /** Wall clock of the stream, epoch ms. */
  readonly arrivedAt: number;
  readonly poison: boolean;
  readonly killer: boolean;
  /** What it claims to take in an event, bytes; 0: little. */
  readonly bytes: number;
  /** What was put, as base64. */
  readonly data: string;
  /** The mapping's filter rejects it. */
  readonly isUnwanted: boolean;
  /** Nobody has to handle it: it was there before the start, its stream is gone, or it was lost as the mapping allows. */
  isExempt: boolean;
  /** Handled or given up. */
  isFinished: boolean;
  /** Who handled it, and when that invocation had ended (monotonic, ms). */
  handledBy: { readonly tenure: Tenure; readonly invocation: StreamInvocation } | undefined;
}

/** One time of holding the lease of a mapping. */
export interface Tenure {
  readonly life: Life;
  readonly epoch: number;
  readonly acquiredAt: number;
  /** ParallelizationFactor. */
  readonly factor: number;
  /** Something was stored when it began. */
  readonly isResumed: boolean;
  /** What the store says is done, as it was when the lease was got. */
  readonly durable: ReadonlySet<Offered>;
  /** Per shard the last number of what was stored as failed or running. */
  readonly markedUpTo: ReadonlyMap<string, bigint>;
  /** Something was stored as running: until it is known who ended the process, ranges run alone. */
  readonly hasSuspects: boolean;
  readonly handled: Set<Offered>;
  readonly running: Set<StreamInvocation>;
  /** Failures of one range, counted anew in every tenure. */
  readonly failures: Map<string, number>;
  /** When the engine was given each record, ms. */
  readonly delivered: Map<Offered, number>;
  readonly attempted: Set<Offered>;
  /** When the last read of a shard was begun, ms. */
  readonly openedAt: Map<string, number>;
  /** Shards that stand still because records may have been lost. */
  readonly trimmed: Set<string>;
  readonly lanes: Map<string, LaneState>;
  /** When the process ended or was held, ms. */
  endedAt: number | undefined;
  /** Since when it knows that nothing can be committed, so that it begins nothing, ms; topics only. */
  failingSince?: number | undefined;
  /** When it last heard that this is over, ms. */
  failedUntil?: number | undefined;
}

/** One lane as it is seen from outside. */
export interface LaneState {
  /** When its last invocation or discard was over, ms. */
  freeSince: number;
  /** Its last invocation failed, or a record of it could not be given up. */
  isInTrouble: boolean;
  /** What was too old was taken out of the batch that comes next. */
  isCut: boolean;
}

/** One invocation as the function saw it. */
export interface StreamInvocation {
  readonly tenure: Tenure;
  readonly requestId: string;
  readonly shardId: string;
  readonly records: readonly Offered[];
  /** Absent without tumbling windows. */
  readonly window: WindowCall | undefined;
  hasAnswered: boolean;
  /** When it really stopped, ms. */
  endedAt: number | undefined;
}

/** The text of a record by its data, which has no other digits. */
export function textOf(data: string): string {
  return /\d+/.exec(Buffer.from(data, 'base64').toString('latin1'))?.[0] ?? '';
}

/** Names a range. */
export function rangeOf(records: readonly Offered[]): string {
  return `${records[0]?.text ?? ''}..${records.at(-1)?.text ?? ''}`;
}

/** What an invocation in a tumbling window was told. Instants are epoch ms. */
export interface WindowCall {
  readonly shardId: string;
  readonly start: number;
  readonly end: number;
  /** The texts of the records that the window's invocations were given so far. */
  readonly state: readonly string[];
  readonly isFinal: boolean;
  readonly isEarly: boolean;
}
