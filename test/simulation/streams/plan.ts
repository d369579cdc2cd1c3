import type { Behaviour } from '../plan.ts';

/** How often calls go wrong, each a probability. */
export interface StreamFaults {
  /** A call is throttled inside the adapter, which says so and goes on. */
  readonly trouble: number;
  /** A read ends with an error, before a page was fetched or after it. */
  readonly readError: number;
  readonly slowRead: number;
  /** A page without records although there are some. */
  readonly emptyPage: number;
  /** describe() and listShards() fail. */
  readonly listError: number;
  readonly storeError: number;
  /** The store did it, and the reply was lost. */
  readonly storeLostReply: number;
  readonly destinationError: number;
  readonly destinationLostReply: number;
}

export interface StreamSend {
  readonly at: number;
  readonly key: string;
  /** The function always fails it. */
  readonly poison: boolean;
  /** The process ends when it is invoked. */
  readonly killer: boolean;
}

/** Something that is done to the engine or to the stream at an instant. */
export type StreamAction =
  | { readonly kind: 'crash'; readonly at: number; readonly afterTouches: number; readonly downMs: number }
  | { readonly kind: 'stop'; readonly at: number; readonly timeoutMs: number; readonly downMs: number }
  /** The engine is held, another one takes over, and then it wakes up. */
  | { readonly kind: 'freeze'; readonly at: number; readonly forMs: number }
  | { readonly kind: 'split' | 'merge' | 'expire' | 'trim' | 'recreate'; readonly at: number; readonly pick: number };

/** The fields of the mapping that a life has; ParallelizationFactor may be another one in the next. */
export interface StreamFields {
  readonly batchSize: number;
  readonly maximumBatchingWindowInSeconds: number;
  readonly maximumRetryAttempts: number;
  readonly maximumRecordAgeInSeconds: number;
  readonly bisectBatchOnFunctionError: boolean;
  readonly partial: boolean;
  readonly checkpointIntervalMs: number;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
}

/** Everything that happens in one world, drawn from one seed. */
export interface StreamPlan {
  readonly seed: number;
  readonly shards: number;
  readonly fields: StreamFields;
  /** ParallelizationFactor of the first lives; the last one stays. */
  readonly factors: readonly number[];
  readonly timeoutSeconds: number;
  readonly reserved: number | undefined;
  readonly behaviour: Behaviour;
  readonly faults: StreamFaults;
  readonly traffic: readonly StreamSend[];
  readonly actions: readonly StreamAction[];
  /** When the first engine starts, ms. */
  readonly startsAt: number;
  /** From here on nothing goes wrong any more, ms. */
  readonly faultsEndAt: number;
  readonly latencyMs: number;
  /** The most records of a page. */
  readonly pageRecords: number;
}
