/**
 * Why something does not move (R11). Every waiting thing of the engine states one of these; instants are on the
 * engine's monotonic clock, ms.
 */
export type WaitReason =
  /** The source has nothing; the next look is at `until` (an open long poll ends then). */
  | { readonly kind: 'empty-poll'; readonly until: number }
  /** A batch is being collected until it is full or `until` has come. */
  | { readonly kind: 'batch-window'; readonly records: number; readonly until: number }
  /** The function's reserved concurrency is taken; without a name that of all functions of the engine together. */
  | { readonly kind: 'no-credit'; readonly functionName: string | undefined; readonly inUse: number; readonly limit: number }
  /**
   * The function's breaker is open: its target cannot do its work, so nothing is received until `until`; half-open: one batch is
   * being tried.
   */
  | { readonly kind: 'breaker'; readonly state: 'open'; readonly functionName: string; readonly cause: string; readonly until: number }
  | { readonly kind: 'breaker'; readonly state: 'half-open'; readonly functionName: string; readonly cause: string }
  /** What is in flight in the process takes all the room there is for it. */
  | { readonly kind: 'no-room'; readonly records: number; readonly bytes: number }
  /** Every lane has work, and so many records wait for their turn: no more are read for now. */
  | { readonly kind: 'read-ahead'; readonly records: number }
  /** The function works on a batch. */
  | { readonly kind: 'invocation'; readonly requestId: string; readonly records: number; readonly since: number }
  /** The function overran its time-out and has not stopped yet. */
  | { readonly kind: 'handler-did-not-stop'; readonly requestId: string; readonly since: number }
  /** Throttled or failed outside the function: the same batch again at `at`. */
  | { readonly kind: 'retry'; readonly attempt: number; readonly at: number; readonly cause: string }
  /** Deletes or releases are under way. */
  | { readonly kind: 'settling'; readonly messages: number }
  /** The source cannot be used; the next look is at `retryAt`. */
  | { readonly kind: 'source'; readonly error: string; readonly message: string; readonly retryAt: number }
  /** The state store cannot be used; the next try is at `retryAt`. */
  | { readonly kind: 'store'; readonly message: string; readonly retryAt: number }
  /** Another engine owns this mapping. */
  | { readonly kind: 'lease'; readonly owner: string }
  /** A shard waits until its parents are worked off. */
  | { readonly kind: 'parents'; readonly shards: readonly string[] }
  /** The consumer group is being formed, or spreads its partitions anew; nothing of them is begun. */
  | { readonly kind: 'rebalance' }
  /** The process does not get round to its work: something computes without a pause, which belongs into a process of its own. */
  | { readonly kind: 'event-loop'; readonly delayMs: number }
  /** A lane has nothing to do. */
  | { readonly kind: 'no-records' }
  /** A record of what was given up is on its way to the destination, which has not confirmed it yet. */
  | { readonly kind: 'recording'; readonly destination: string; readonly records: number; readonly since: number }
  /** A destination did not take a record of what was given up; it is sent again at `at`. */
  | { readonly kind: 'destination'; readonly destination: string; readonly message: string; readonly at: number }
  /** Records of a shard may have been lost, so it stands still; README says how to go on. */
  | { readonly kind: 'trimmed'; readonly shardId: string; readonly message: string }
  /** What may have ended the process when it ran before runs alone; this waits for its turn. */
  | { readonly kind: 'suspect'; readonly records: number }
  /** The mapping is being started. */
  | { readonly kind: 'starting' }
  /** The mapping is disabled or the engine is not started. */
  | { readonly kind: 'disabled' }
  /** The engine stops; what still runs has until `deadline`. */
  | { readonly kind: 'stopping'; readonly deadline: number };

/** One waiting thing of a mapping and since when it waits. */
export interface Wait {
  /** Which part waits: `mapping`, `slot 3`, ... */
  readonly part: string;
  readonly reason: WaitReason;
  /** Since when it waits for this kind of thing, on the engine's monotonic clock, ms; absent where nobody took note. */
  readonly since?: number;
}
