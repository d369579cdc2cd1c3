import type { Behaviour, RemotePlan } from '../plan.ts';

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
  /** A destination that does not answer for a while, and fails then. */
  readonly destinationHang: number;
}

export interface StreamSend {
  readonly at: number;
  readonly stream: string;
  readonly key: string;
  /** The function always fails it. */
  readonly poison: boolean;
  /** The process ends when the first mapping invokes with it. */
  readonly killer: boolean;
  /** What it claims to take in an event, bytes; 0: what it takes. */
  readonly bytes: number;
  /** What its data is: filters want orders only. */
  readonly kind: 'order' | 'chat' | 'plain' | 'no text';
}

/** Something that is done to the engine or to a stream at an instant. */
export type StreamAction =
  | { readonly kind: 'crash'; readonly at: number; readonly afterTouches: number; readonly downMs: number }
  | { readonly kind: 'stop'; readonly at: number; readonly timeoutMs: number; readonly downMs: number }
  /** The engine is held, another one takes over, and then it wakes up. */
  | { readonly kind: 'freeze'; readonly at: number; readonly forMs: number }
  | {
      readonly kind: 'split' | 'merge' | 'expire' | 'trim' | 'recreate';
      readonly at: number;
      readonly stream: string;
      readonly pick: number;
    };

/** A time in which nothing of a kind works: reads of streams, the functions, the destinations, or (of topics) commits. */
export interface Outage {
  readonly what: 'reads' | 'functions' | 'destinations' | 'commits';
  readonly from: number;
  readonly to: number;
}

/** The fields of a mapping. */
export interface StreamFields {
  readonly batchSize: number;
  readonly maximumBatchingWindowInSeconds: number;
  readonly maximumRetryAttempts: number;
  readonly maximumRecordAgeInSeconds: number;
  readonly bisectBatchOnFunctionError: boolean;
  readonly partial: boolean;
  readonly checkpointIntervalMs: number;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  readonly onDestinationFailure: 'hold' | 'drop';
  readonly onTrimmed: 'stop' | 'resumeAtTrimHorizon';
  /** 0: no tumbling windows. */
  readonly tumblingWindowInSeconds: number;
  /** Only orders are wanted. */
  readonly isFiltered: boolean;
}

export interface StreamOfPlan {
  readonly name: string;
  readonly shards: number;
  readonly retentionMs: number;
}

export interface StreamFunction {
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly reserved: number | undefined;
  readonly behaviour: Behaviour;
  /** Absent: it is in the process of the engine. */
  readonly remote?: RemotePlan;
  /** How often a state is larger than what can be kept, a probability. */
  readonly largeState: number;
}

export interface StreamMapping {
  readonly name: string;
  readonly stream: string;
  readonly functionName: string;
  readonly fields: StreamFields;
  /** ParallelizationFactor of the first lives; the last one stays. */
  readonly factors: readonly number[];
}

/** Everything that happens in one world, drawn from one seed. */
export interface StreamPlan {
  readonly seed: number;
  readonly streams: readonly StreamOfPlan[];
  readonly functions: readonly StreamFunction[];
  readonly mappings: readonly StreamMapping[];
  readonly faults: StreamFaults;
  readonly outages: readonly Outage[];
  readonly traffic: readonly StreamSend[];
  readonly actions: readonly StreamAction[];
  /** Steps of the wall clock: when and by how much, ms. */
  readonly wallJumps: readonly { readonly at: number; readonly byMs: number }[];
  /** When the first engine starts, ms. */
  readonly startsAt: number;
  /** From here on nothing goes wrong any more, ms. */
  readonly faultsEndAt: number;
  readonly latencyMs: number;
  /** The most records of a page. */
  readonly pageRecords: number;
  /** How many records the engine may hold at once; undefined: its own default. */
  readonly bufferRecords: number | undefined;
}
