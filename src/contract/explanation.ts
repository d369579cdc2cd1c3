/** What a mapping does and why it waits: as the engine sees it (snapshots) and as people and programs are told (explanations). */
import type { MappingProblem } from './events.ts';
import type { Finding } from './finding.ts';
import type { MappingState } from './mapping.ts';
import type { StreamPosition } from './stream.ts';
import type { Wait, WaitReason } from './wait.ts';

/** The concurrency of a function at one moment. */
export interface CreditsSnapshot {
  /** Invocations that run, or may begin, of all mappings of the function. */
  readonly inUse: number;
  /** Those of this mapping. */
  readonly ofMapping: number;
  /** How many may; Infinity when there is no limit. */
  readonly limit: number;
  /** How many wait for one, of all mappings. */
  readonly waiting: number;
  /** Whether one more may begin now, as far as the function and the account go. */
  readonly isFree: boolean;
}

/** The circuit breaker of a function at one moment. `until`: monotonic, ms. */
export interface BreakerSnapshot {
  readonly state: 'closed' | 'half-open' | 'open';
  readonly until: number | undefined;
  /** How often it has opened since it was closed last. */
  readonly openings: number;
  readonly cause: string;
}

/** The exclusive right to run a mapping, at one moment. */
export interface LeaseSnapshot {
  readonly isHeld: boolean;
  /** When its counter was last seen to move, monotonic ms. */
  readonly movedAt: number;
}

/** One shard or partition at one moment. */
export interface ShardSnapshot {
  readonly shardId: string;
  readonly position: StreamPosition;
  /** Records that were read and are not done. */
  readonly outstanding: number;
  /** The first of them: until it is done the position stands still. */
  readonly oldest: { readonly sequenceNumber: string; readonly arrivedAt: number; readonly lane: number } | undefined;
  /** Records that are known to wait unread; `undefined` where the service does not tell. */
  readonly unread?: number | undefined;
  /** How far the last page was behind the tip, ms; `undefined` where the service does not tell. */
  readonly behindMs: number | undefined;
  readonly isAtTip: boolean;
  /** When the last page came, monotonic ms; `undefined` before the first. */
  readonly pagedAt: number | undefined;
  /** The reader's, then the lanes'. */
  readonly reader: Wait;
  readonly lanes: readonly Wait[];
}

/** A mapping at one moment. Instants are on the engine's monotonic clock, ms. */
export interface MappingSnapshot {
  readonly id: string;
  readonly name: string;
  readonly functionName: string;
  readonly eventSource: string;
  readonly state: MappingState;
  readonly problem: MappingProblem | undefined;
  readonly lastProcessingResult: string | undefined;
  readonly inFlight: number;
  readonly waits: readonly Wait[];
  readonly shards: readonly ShardSnapshot[];
  /** How long the source keeps records, ms; streams only. */
  readonly retentionMs: number | undefined;
  /** The function's time-out, ms. */
  readonly timeoutMs: number;
  readonly credits: CreditsSnapshot;
  /** `undefined`: the function has no breaker. */
  readonly breaker: BreakerSnapshot | undefined;
  /** `undefined`: it needs none. */
  readonly lease: LeaseSnapshot | undefined;
  /** Whether the process holds all the records that it may. */
  readonly isBufferFull: boolean;
}

/** How much is left to do. */
export interface LagExplanation {
  /** Records that are known to wait or to be in flight; `undefined` when nobody has told. */
  readonly records: number | undefined;
  /** There may be more than that. */
  readonly isAtLeast: boolean;
  /**
   * Streams: the age of the oldest record that is not done, or how far reading is behind the tip. Queues: how old the first message
   * of the last batch was when it was invoked. `undefined` when it is not known.
   */
  readonly seconds: number | undefined;
}

/** What one part waits for. Instants are epoch ms. */
export interface WaitExplanation {
  readonly part: string;
  readonly reason: WaitReason['kind'];
  /** As a sentence. */
  readonly text: string;
  /** `undefined` when it is not known. */
  readonly since: number | undefined;
  /** When it ends by itself, or is looked at again. */
  readonly until: number | undefined;
}

/** The last error of a mapping or a shard. */
export interface ErrorExplanation {
  /** Epoch ms. */
  readonly at: number;
  /** Cut where it is long. */
  readonly message: string;
  readonly requestId: string | undefined;
}

/** What one shard or partition does. */
export interface ShardExplanation {
  readonly shardId: string;
  /** Up to where everything is done: a sequence number or offset, or a start such as `TRIM_HORIZON`. */
  readonly position: string;
  /** Records that were read and are not done. */
  readonly inFlight: number;
  readonly lag: LagExplanation;
  /** When records would be lost unread if it went on as it does now; `undefined`: never, or not known. */
  readonly secondsToLoss: number | undefined;
  readonly waits: readonly WaitExplanation[];
  readonly lastError: ErrorExplanation | undefined;
  /** Epoch ms; `undefined` when nothing waits to be tried again. */
  readonly nextRetryAt: number | undefined;
}

/** What a mapping does, and why it waits. Goes into JSON as it is; instants are epoch ms. */
export interface MappingExplanation {
  readonly id: string;
  readonly name: string;
  readonly eventSource: string;
  readonly functionName: string;
  readonly state: MappingState;
  /** AWS's words; streams only. */
  readonly lastProcessingResult: string | undefined;
  /** When this was so. */
  readonly at: number;
  readonly inFlight: number;
  readonly lag: LagExplanation;
  readonly secondsToLoss: number | undefined;
  /** What is of no shard: the mapping itself, the slots of a queue, shards that nobody reads. */
  readonly waits: readonly WaitExplanation[];
  readonly shards: readonly ShardExplanation[];
  readonly lastError: ErrorExplanation | undefined;
  readonly nextRetryAt: number | undefined;
  /** `limit` is absent when there is none. */
  readonly credits: {
    readonly inUse: number;
    readonly ofMapping: number;
    readonly limit: number | undefined;
    readonly waiting: number;
  };
  readonly breaker:
    | {
        readonly state: BreakerSnapshot['state'];
        readonly until: number | undefined;
        readonly openings: number;
        readonly cause: string | undefined;
      }
    | undefined;
  /** What the watchdog finds. */
  readonly findings: readonly Finding[];
}

/** All mappings of an engine. */
export interface EngineExplanation {
  /** Epoch ms. */
  readonly at: number;
  readonly mappings: readonly MappingExplanation[];
  /** Those of mappings, and those of the process. */
  readonly findings: readonly Finding[];
}
