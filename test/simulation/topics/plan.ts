import type { StreamFaults, StreamFunction, StreamMapping, StreamPlan, StreamSend } from '../streams/plan.ts';

/** How often calls go wrong, each a probability. `storeError` and `storeLostReply` are those of commits here, `listError` those of offsets() and offsetAt(). */
export interface TopicFaults extends StreamFaults {
  /** A commit of one partition fails while others of the same call do not. */
  readonly commitPart: number;
}

export interface TopicSend extends Omit<StreamSend, 'stream' | 'key'> {
  /** In [0, 1): which partition of those that there are. */
  readonly pick: number;
  /** Among the keys of its partition; `undefined`: none. */
  readonly key: number | undefined;
}

/** Something that is done to a process, to the group or to the topic at an instant. */
export type TopicAction =
  | { readonly kind: 'crash'; readonly at: number; readonly process: number; readonly afterTouches: number; readonly downMs: number }
  | { readonly kind: 'stop'; readonly at: number; readonly process: number; readonly timeoutMs: number; readonly downMs: number }
  /** The process stands still, and goes on as if nothing had been. */
  | { readonly kind: 'freeze'; readonly at: number; readonly process: number; readonly forMs: number }
  /** The group puts its member out, or makes everybody join again, after so many further calls and replies. */
  | { readonly kind: 'expire' | 'rebalance'; readonly at: number; readonly process: number; readonly afterTouches: number }
  | { readonly kind: 'add' | 'trim' | 'skip' | 'abort'; readonly at: number; readonly pick: number; readonly count: number };

export interface TopicOfPlan {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly sessionTimeoutMs: number;
  readonly firstOffset: number;
  readonly isCommittedOnly: boolean;
}

/** Everything that happens in one world, drawn from one seed: processes that share a topic in one group. */
export interface TopicPlan extends Omit<StreamPlan, 'streams' | 'functions' | 'mappings' | 'traffic' | 'actions' | 'startsAt' | 'faults'> {
  readonly topic: TopicOfPlan;
  readonly fn: StreamFunction;
  /** One; its `stream` is the topic's name. */
  readonly mappings: readonly [StreamMapping];
  readonly faults: TopicFaults;
  readonly traffic: readonly TopicSend[];
  readonly actions: readonly TopicAction[];
  /** When each process starts first, ms. */
  readonly processes: readonly number[];
}
