/**
 * The port to topics: partitions that a consumer group spreads over its members. Each partition is read under the partition
 * discipline of streams; what differs is who owns it (the group says so) and where its position lives (in the group's offset
 * commits, with the rest of the state as their metadata).
 *
 * Who retries: the adapter keeps the membership alive by itself, whatever functions do, and joins again with growing waits when it
 * is lost, saying so through {@link GroupListener.onTrouble}. Reading retries as a stream's does. A commit is tried once.
 */
import type { SourceError } from './errors.ts';
import type { FilterSourceKind, FilterView } from './filter.ts';
import type { SequenceNumber } from './sequence-number.ts';
import type { BatchInfo, StartingPosition, StreamPosition, StreamRecord, StreamStep } from './stream.ts';
import type { TraceLink } from './tracer.ts';

/** What a topic says of itself. */
export interface TopicDescription {
  /** How many partitions it has; they are numbered from 0, and only ever become more. */
  readonly partitions: number;
}

/**
 * One uninterrupted ownership of a partition (R6). A partition that stays over a rebalance keeps its epoch; one that was, or may
 * have been, somebody else's meanwhile gets another. Never used twice in one membership.
 */
export interface TopicAssignment {
  readonly partition: number;
  readonly epoch: number;
}

/** What the group knows of a partition, and what of it is kept. Offsets are those of the next record. */
export interface PartitionOffsets {
  readonly partition: number;
  /** `undefined`: the group has no offset for it. */
  readonly committed: { readonly offset: SequenceNumber; readonly metadata: string } | undefined;
  /** The lowest offset that can be read. */
  readonly logStart: SequenceNumber;
  /** The offset that the next record gets. */
  readonly logEnd: SequenceNumber;
}

/** What is told to a member of a group. Called by the adapter, one call at a time. */
export interface GroupListener {
  /**
   * These are ours from now on, all of them. What was ours under the same epoch goes on; what is missing, or comes with another
   * epoch, is ours no longer as it was: work on it is cut off.
   */
  onAssigned(assigned: readonly TopicAssignment[]): void;
  /**
   * These may be somebody else's soon. Nothing more of them is begun. Resolves when nothing of them runs and what is done is
   * committed, and soon after `deadline` aborts at the latest; never rejects. The adapter gives nothing away before. Then comes an
   * `onAssigned`.
   */
  onRevoking(partitions: readonly number[], deadline: AbortSignal): Promise<void>;
  /** The membership is lost, or cannot be had; the adapter tries again at `retryAt` (its monotonic clock, ms). Ends with the next `onAssigned`. */
  onTrouble(error: SourceError, retryAt: number): void;
}

/** One ask for a membership. */
export interface JoinRequest {
  readonly groupId: string;
  readonly listener: GroupListener;
}

/** One ask for a partition's records. */
export interface PartitionReadRequest {
  readonly partition: number;
  /** Of the ownership that it is read under; under another one the read ends. */
  readonly epoch: number;
  /** `before` or `after` an offset, or the trim horizon. */
  readonly position: StreamPosition;
  /** At most so many records a page. */
  readonly maxRecords: number;
  /** Ends the read: the iteration ends soon, without an error. */
  readonly signal: AbortSignal;
}

/** One offset to be committed, with what else has to survive. */
export interface OffsetCommit {
  readonly partition: number;
  readonly epoch: number;
  /** The next record to be read: everything before it is done. */
  readonly offset: SequenceNumber;
  /** At most {@link COMMIT_METADATA_MAX} characters of ASCII. */
  readonly metadata: string;
}

/** The most characters of metadata that a broker takes unless it is configured otherwise (offset.metadata.max.bytes). */
export const COMMIT_METADATA_MAX = 4096;

/** How a commit of one partition came out; `refused`: the partition is not ours under that epoch, and nothing was changed. */
export type CommitResult = 'committed' | 'refused' | SourceError;

/** A membership of a consumer group, from `join` to `leave`. */
export interface TopicMembership<Item extends StreamRecord = StreamRecord> {
  /**
   * Every partition of the topic, ours or not. Where a partition's log cannot be asked at present, its committed offset stands for the
   * log's start and end, and without one it is left out. Throws a SourceError.
   */
  offsets(): Promise<readonly PartitionOffsets[]>;
  /** The offset of the first record that has `timestamp` (epoch ms) or a later one; the log's end when there is none. Throws a SourceError. */
  offsetAt(partition: number, timestamp: number): Promise<SequenceNumber>;
  /**
   * Reads a partition from a position, without end. Pages are fetched when they are asked for: not asking is the back-pressure, and
   * costs no membership. Pages are in the partition's order; `millisBehindLatest` is 0 at the log's end, where an empty page comes now
   * and then, at least every second. Offsets that no record has are passed over (`readTo` tells how far a page reaches). Throws a SourceError:
   * `trimmed` when the position is no longer, or not yet, in the log. It never goes on from another place by itself, and never
   * commits one.
   */
  read(request: PartitionReadRequest): AsyncIterable<StreamStep<Item>>;
  /** Commits what is ours, in one request where that can be; a result for each, in their order. Throws a SourceError when the outcome of all is unknown. */
  commit(commits: readonly OffsetCommit[]): Promise<readonly CommitResult[]>;
  /** Leaves the group: reads end, and the others get the partitions at once. Commits first what has to be. Idempotent; never rejects. */
  leave(): Promise<void>;
}

/** A topic that records are read from. `Event` is what its functions receive. */
export interface TopicSource<Event = unknown, Item extends StreamRecord = StreamRecord> {
  readonly kind: 'topic';
  /** How people know this topic: its brokers and its name. No secret. */
  readonly label: string;
  /** The topic's name. */
  readonly topic: string;
  /** What may be asked for as a start. */
  readonly startingPositions: readonly StartingPosition[];
  /** Throws `not-found` while it does not exist, `denied` when it may not be seen. */
  describe(): Promise<TopicDescription>;
  /** Becomes a member of a group; several memberships of one source are several members. Trouble is told to the listener, now and later. */
  join(request: JoinRequest): TopicMembership<Item>;
  /** The event for a batch of one partition. Pure; keys and values are not decoded and encoded again where that can be avoided. */
  toEvent(partition: number, records: readonly Item[]): Event;
  /** Exact bytes of one record in the event's JSON in UTF-8, comma included. Pure. */
  eventBytes(partition: number, record: Item): number;
  /** Names a batch that is given up; at least one record. Pure. */
  batchInfo(partition: number, records: readonly Item[]): BatchInfo;
  /** Who produced a record, where its headers say so; asked only while somebody records traces. Pure. */
  links?(record: Item): readonly TraceLink[];
  /** What filters look at; a source without it takes no FilterCriteria. */
  readonly filtering?: {
    readonly kind: FilterSourceKind;
    /** Pure, and lazy in all that it shows. */
    view(partition: number, record: Item): FilterView;
  };
  /** Frees connections. Idempotent. */
  close(): Promise<void>;
}

/** How Lambda names a partition, in events and in answers: `orders-0`. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${String(partition)}`;
}
