import type { DiscardCondition } from './destination.ts';
import type { SourceErrorKind } from './errors.ts';
import type { Finding } from './finding.ts';
import type { MappingState } from './mapping.ts';
import type { Outcome } from './target.ts';
import type { WaitReason } from './wait.ts';

/** What keeps a whole mapping from working. */
export type MappingProblem = Extract<WaitReason, { kind: 'source' | 'store' | 'lease' }>;

/** What happened, by name. Logs, metrics and tests read these; nobody steers by them. One event per batch, never per record. */
export interface EngineEvents {
  /** A mapping changed its state. */
  'mapping.state': { mapping: string; from: MappingState; to: MappingState };
  /** A mapping's problem began, changed or (problem undefined) ended. */
  'mapping.problem': { mapping: string; problem: MappingProblem | undefined };
  /** The store forgets with the process the positions that a mapping keeps in it. Told once for each engine. */
  'store.volatile': { mapping: string; store: string };
  /** A receive answered. */
  'source.polled': { mapping: string; records: number };
  /** The source was asked and refused, or was not reached. `shardId`: of streams and topics. */
  'source.failed': { mapping: string; shardId?: string; error: SourceErrorKind; message: string };
  /** Messages that were in flight already and came again: the newer handle was adopted, nothing is invoked twice. */
  'source.duplicates': { mapping: string; messages: number };
  /**
   * An invocation begins. `ageMs`: how old the first record of the batch is, where it says when it was sent. `iteratorAgeMs`: how old
   * the last one is, of streams only.
   */
  'batch.started': {
    mapping: string;
    shardId?: string;
    requestId: string;
    records: number;
    attempt: number;
    ageMs?: number | undefined;
    iteratorAgeMs?: number;
  };
  /** An invocation came out. */
  'batch.ended': {
    mapping: string;
    shardId?: string;
    requestId: string;
    records: number;
    attempt: number;
    durationMs: number;
    outcome: Outcome['kind'];
    returned: number;
    error: string | undefined;
  };
  /** A verdict was carried out: so many were deleted, so many go back to the queue. */
  'batch.settled': { mapping: string; requestId: string; deleted: number; returned: number };
  /** A handler still runs after its time-out (stopped false) or has stopped at last (true). */
  'handler.overrun': { mapping: string; requestId: string; stopped: boolean };
  /** A handler was given up after abandonAfterSeconds: R2 and R3 are waived for it. */
  'handler.abandoned': { mapping: string; requestId: string };
  /**
   * The breaker of a function opened (`pauseMs`: for how long), lets one batch try the target, or closed. `openings`: how often it
   * has opened since it was closed last. `cause`: what the target did last.
   */
  'breaker.state': {
    functionName: string;
    state: 'open' | 'half-open' | 'closed';
    cause: string;
    pauseMs: number | undefined;
    openings: number;
  };
  /** A message that is larger than the payload cap for itself alone; it is never invoked. */
  'message.oversized': { mapping: string; messageId: string; bytes: number; limit: number };
  /** Messages left a batch before it started: their visibility had run out, or their group is busy. */
  'message.expired': { mapping: string; messages: number };
  /** A shard began to be read, was read and worked off to its end, or stopped because records may have been lost. */
  'shard.state': { mapping: string; shardId: string; state: 'reading' | 'ended' | 'trimmed' };
  /** A page was read. `behindMs`: how far it is behind the tip, where the service tells. */
  'shard.page': { mapping: string; shardId: string; records: number; behindMs: number | undefined };
  /** Records that no filter wants: deleted from their queue, or passed over in their shard. */
  'records.filtered': { mapping: string; records: number };
  /** Records of a range are done: they were handled, or given up (range.discarded comes before). */
  'range.settled': { mapping: string; shardId: string; records: number };
  /** A range failed and goes on as two: its first `first` records, then the rest. */
  'range.split': { mapping: string; shardId: string; records: number; first: number };
  /** A commit of the group holds metadata that is not Millrace's, or of another version: only its offset counts. */
  'metadata.ignored': { mapping: string; partition: number };
  /** The group gave this process so many partitions; it has `kept` of them from before without a break. */
  'group.assigned': { mapping: string; partitions: number; kept: number };
  /** Records were given up. `delivered`: the destination confirmed; false: there is none, or it failed and the mapping drops. */
  'range.discarded': { mapping: string; shardId: string; records: number; condition: DiscardCondition; delivered: boolean };
  /** The on-failure destination cannot be used as it is: seen when the mapping began. What is given up will wait for it. */
  'destination.refused': { mapping: string; destination: string; message: string };
  /** A destination did not take a record of what was given up; it is sent again, or dropped. */
  'destination.failed': { mapping: string; shardId: string; destination: string; message: string };
  /** Positions of so many records were committed to their consumer group; topics only. */
  'offsets.committed': { mapping: string; records: number };
  /** A commit of offsets failed; it is made again. Topics only. */
  'commit.failed': { mapping: string; message: string };
  /** The watchdog found that something does not move, or (isOver) finds it no longer. `mapping`: undefined for the process as a whole. */
  'watchdog.finding': Omit<Finding, 'foundAt'> & { readonly isOver: boolean };
  /** Something threw that never should. What it held returns to its queue by itself; please report it. */
  'engine.defect': { mapping: string; error: unknown };
  /** A delete or visibility change failed for good; the messages return by themselves. */
  'settle.failed': { mapping: string; action: 'delete' | 'changeVisibility'; messages: number; code: string; message: string };
}

/** Receives what happened. Must not throw; what it throws is ignored and counted. */
export type EngineListener = <Name extends keyof EngineEvents>(name: Name, event: EngineEvents[Name]) => void;
