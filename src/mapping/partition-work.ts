import {
  asSourceError,
  compareSequence,
  type FailureDestination,
  type PartitionOffsets,
  partitionName,
  type SequenceNumber,
  type ShardSnapshot,
  type StreamStart,
  type TopicAssignment,
  type TopicMembership,
  type TopicSource,
  type Wait,
} from '../contract/index.ts';
import { beforeOffset, type PartitionPlace, partitionPlace, SOURCE_BACKOFF } from '../intake/index.ts';
import { type Deferred, deferred, Latch, orSet, sleep, steadyBackoffMs } from '../kit/index.ts';
import { LANE_HASH } from '../lanes/index.ts';
import { type CommitState, Discarder, decodeCommit, type OffsetCommitter, type ShardRow, type TopicOrigin } from '../settle/index.ts';
import { offsetNameOf } from '../verdict/index.ts';
import { RunGate } from './run-gate.ts';
import { LOSS_BY_OFFSET } from './shard-loss.ts';
import { ShardTask } from './shard-task.ts';
import { Stated } from './stated.ts';
import type { ShardParts, ShardSource, StreamWorks } from './stream-works.ts';

/** What the partitions of a membership have in common. */
export interface PartitionParts extends Omit<ShardParts, 'stopping' | 'hardStop'> {
  readonly mappingId: string;
  readonly source: TopicSource;
  readonly destination: FailureDestination | undefined;
  readonly membership: TopicMembership;
  readonly committer: OffsetCommitter;
  /** Where the mapping begins. */
  readonly start: StreamStart;
  readonly origin: TopicOrigin;
  /** What the group knows now of every partition; asked after the partition became ours. */
  readonly offsets: () => Promise<readonly PartitionOffsets[]>;
}

/** What an earlier ownership of a partition in this process left behind. */
export interface Predecessor {
  readonly epoch: number;
  /** How far it had come; `undefined` when it never began. */
  readonly row: ShardRow | undefined;
  /** Resolves when it came to rest and everything that it had invoked has really stopped. */
  readonly over: Promise<void>;
}

/**
 * One partition while it is ours: finds its place, commits it, reads and works from there.
 *
 * P1 Nothing is read before the place is known as a number and committed; a place that the log does not have is told, and
 *    nothing is committed.
 * P2 What an earlier ownership in this process invoked has really stopped before this one invokes anything (R2).
 * P3 The same ownership goes on after a rebalance from what it knew itself.
 */
export class PartitionWork implements Predecessor {
  readonly partition: number;
  readonly epoch: number;
  readonly name: string;
  readonly over: Promise<void>;
  readonly #parts: PartitionParts;
  readonly #stopping = new Latch();
  readonly #hardStop = new Latch();
  readonly #stated: Stated;
  readonly #lingering = new Map<string, Promise<unknown>>();
  readonly #rested: Deferred = deferred();
  #task: ShardTask | undefined;
  #row: ShardRow | undefined;

  constructor(parts: PartitionParts, { partition, epoch }: TopicAssignment, before: Predecessor | undefined) {
    this.#parts = parts;
    this.partition = partition;
    this.epoch = epoch;
    this.name = partitionName(parts.source.topic, partition);
    this.#stated = new Stated(parts.clock, { kind: 'starting' });
    this.over = this.#run(before).then(async () => {
      this.#rested.resolve();
      await Promise.all(this.#lingering.values());
    });
  }

  get isStopped(): boolean {
    return this.#stopping.isSet;
  }

  get row(): ShardRow | undefined {
    return this.#task?.row ?? this.#row;
  }

  /** Records read and not settled. */
  get outstanding(): number {
    return this.#task?.outstanding ?? 0;
  }

  /** Whether the reader has seen the log's end and nothing is left to do. */
  get isIdle(): boolean {
    return this.#task?.isIdle ?? false;
  }

  /** Resolves at the next page, or when the partition comes to rest. */
  nextPage(): Promise<void> {
    return this.#task?.nextPage() ?? Promise.resolve();
  }

  waits(): Wait[] {
    return this.#task?.waits() ?? [this.#stated.wait(this.name)];
  }

  /** What it does at this moment; `undefined` before it reads. */
  snapshot(): ShardSnapshot | undefined {
    return this.#task?.snapshot();
  }

  /** Begins nothing new; resolves when what runs has come out. */
  async stop(): Promise<void> {
    this.#stopping.set();
    await this.#rested.promise;
  }

  /** Cuts off what runs: the partition is, or may be, somebody else's. */
  cut(): void {
    this.#stopping.set();
    this.#hardStop.set();
  }

  async #run(before: Predecessor | undefined): Promise<void> {
    const { listener, mapping } = this.#parts;
    try {
      await this.#afterPredecessor(before);
      const row = before?.epoch === this.epoch && before.row !== undefined ? before.row : undefined;
      const begun = row === undefined ? await this.#begin() : { row, isResumed: false };
      if (begun === undefined || this.#stopping.isSet) return;
      this.#row = begun.row;
      this.#task = new ShardTask(this.#works(), this.name, begun.row, begun.isResumed);
      await this.#task.run();
    } catch (error) {
      listener('engine.defect', { mapping, error });
    }
  }

  /** P2. */
  async #afterPredecessor(before: Predecessor | undefined): Promise<void> {
    if (before === undefined) return;
    this.#stated.say({ kind: 'rebalance' });
    await orSet(before.over, this.#stopping);
    // Whoever comes next waits for it through this one.
    if (this.#stopping.isSet) this.#lingering.set('before', before.over);
  }

  /** P1. `undefined`: stopped first, not ours any more, or the place is not in the log. */
  async #begin(): Promise<{ readonly row: ShardRow; readonly isResumed: boolean } | undefined> {
    for (let failures = 0; !this.#stopping.isSet; ) {
      try {
        const found = await orSet(this.#find(), this.#stopping);
        if (found === undefined || found === 'stands still') return undefined;
        if (found.isStored || (await this.#commitStart(found.row))) return { row: found.row, isResumed: found.isStored };
        return undefined;
      } catch (caught) {
        const { clock, random } = this.#parts;
        const error = asSourceError(caught);
        failures += 1;
        const waitMs = steadyBackoffMs(SOURCE_BACKOFF, failures, random.next());
        this.#stated.say({ kind: 'source', error: error.kind, message: error.message, retryAt: clock.monotonic() + waitMs });
        await sleep(clock, waitMs, this.#stopping);
      }
    }
    return undefined;
  }

  async #find(): Promise<{ readonly row: ShardRow; readonly isStored: boolean } | 'stands still'> {
    const { offsets, start, origin, committer, mapping, listener, options, membership } = this.#parts;
    const all = await offsets();
    const ours = all.find(({ partition }) => partition === this.partition);
    if (ours === undefined) throw new Error(`the log of ${this.name} cannot be asked at present, or it is none of the topic`);
    const known = this.#originOf(all);
    if (known !== undefined) committer.begun(known);
    const began: StreamStart = start.kind === 'latest' ? { kind: 'latest', since: known?.since ?? start.since } : start;
    const isForeign = known === undefined && all.some(({ committed }) => committed !== undefined);
    const initialPartitions = isForeign ? 0 : (known ?? origin).partitions;
    const place = partitionPlace({ offsets: ours, start: began, initialPartitions });
    switch (place.kind) {
      case 'committed': {
        const state = this.#decode(place);
        if (state === undefined && place.metadata !== '') listener('metadata.ignored', { mapping, partition: this.partition });
        return { row: state?.row ?? this.#rowAt(place.offset), isStored: true };
      }
      case 'at':
        return { row: this.#rowAt(place.offset), isStored: false };
      case 'at-timestamp':
        return { row: this.#rowAt(await membership.offsetAt(this.partition, place.timestamp)), isStored: false };
      case 'out-of-range':
        if (options.onTrimmed === 'resumeAtTrimHorizon') return { row: this.#rowAtHorizon(ours), isStored: false };
        this.#standStill(place);
        return 'stands still';
    }
  }

  #standStill({ message }: Extract<PartitionPlace, { kind: 'out-of-range' }>): void {
    const { mapping, listener } = this.#parts;
    this.#stated.say({ kind: 'trimmed', shardId: this.name, message });
    listener('shard.state', { mapping, shardId: this.name, state: 'trimmed' });
  }

  /** The start as the first member of the group took it; `undefined` when no commit tells. */
  #originOf(all: readonly PartitionOffsets[]): TopicOrigin | undefined {
    const told = all.flatMap(({ committed }) => (committed && this.#decode(committed)?.origin) ?? []);
    if (told.length === 0) return undefined;
    return told.reduce((first, origin) => (origin.since < first.since ? origin : first), this.#parts.origin);
  }

  #decode(committed: { readonly offset: SequenceNumber; readonly metadata: string }): CommitState | undefined {
    return decodeCommit(committed, { incarnation: this.#parts.source.topic, hash: LANE_HASH });
  }

  #rowAt(offset: SequenceNumber): ShardRow {
    const pf = this.#parts.options.parallelizationFactor;
    return {
      incarnation: this.#parts.source.topic,
      position: beforeOffset(offset),
      readThrough: undefined,
      current: { scheme: { pf, hash: LANE_HASH }, lanes: Array.from({ length: pf }, () => null) },
      older: [],
      retry: [],
      window: undefined,
    };
  }

  /** What is done beyond the horizon stays done. */
  #rowAtHorizon({ committed, logStart }: PartitionOffsets): ShardRow {
    const isBelow = committed !== undefined && compareSequence(committed.offset, logStart) < 0;
    const row = isBelow ? this.#decode(committed)?.row : undefined;
    return row === undefined ? this.#rowAt(logStart) : { ...row, position: beforeOffset(logStart) };
  }

  async #commitStart(row: ShardRow): Promise<boolean> {
    const { committer } = this.#parts;
    const { partition, epoch } = this;
    committer.changed({ partition, epoch, snapshot: () => row });
    return (await orSet(committer.flushOf({ partition, epoch }), this.#stopping)) === true;
  }

  #works(): StreamWorks {
    const { committer, mapping, mappingId, destination, options, clock, random, listener, invoker } = this.#parts;
    const { partition, epoch } = this;
    const stopping = this.#stopping;
    const hardStop = this.#hardStop;
    return {
      ...this.#parts,
      stopping,
      hardStop,
      source: this.#source(),
      checkpoints: {
        changed: (_, snapshot) => {
          committer.changed({ partition, epoch, snapshot });
        },
        flush: () => committer.flushOf({ partition, epoch }),
        trouble: () => {
          const trouble = committer.troubleOf({ partition, epoch });
          if (trouble === undefined) return undefined;
          const { error, retryAt, changed } = trouble;
          return { reason: { kind: 'source', error: error.kind, message: error.message, retryAt }, changed };
        },
      },
      discarder: new Discarder({
        mapping,
        mappingId,
        functionArn: invoker.definition.arn,
        destination,
        onDestinationFailure: options.onDestinationFailure,
        clock,
        random,
        listener,
        stopping,
      }),
      loss: LOSS_BY_OFFSET,
      nameOf: offsetNameOf(this.name),
      eventSourceArn: '',
      incarnation: this.#parts.source.topic,
      runGate: new RunGate(),
      onLingering: (requestId, ended) => {
        listener('handler.abandoned', { mapping, requestId });
        this.#lingering.set(requestId, ended);
        void ended.then(() => this.#lingering.delete(requestId));
      },
    };
  }

  /** The partition as its reader and lanes see it. */
  #source(): ShardSource {
    const { source, membership } = this.#parts;
    const { partition, epoch } = this;
    const { filtering } = source;
    return {
      read: ({ position, maxRecords, signal }) => membership.read({ partition, epoch, position, maxRecords, signal }),
      toEvent: (_, records) => source.toEvent(partition, records),
      eventBytes: (_, record) => source.eventBytes(partition, record),
      // The comma behind the last record is not there.
      envelopeBytes: new TextEncoder().encode(JSON.stringify(source.toEvent(partition, []))).length - 1,
      batchInfo: (_, records) => source.batchInfo(partition, records),
      links: (record) => source.links?.(record) ?? [],
      ...(filtering && { filtering: { kind: filtering.kind, view: (_, record) => filtering.view(partition, record) } }),
    };
  }
}
