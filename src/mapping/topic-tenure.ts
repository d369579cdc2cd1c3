import type {
  Epoch,
  GroupListener,
  MappingProblem,
  PartitionOffsets,
  SourceError,
  TopicAssignment,
  TopicDescription,
  TopicMappingOptions,
  TopicMembership,
  Wait,
} from '../contract/index.ts';
import { SourceGate } from '../intake/index.ts';
import { Latch, orSet, whenSet } from '../kit/index.ts';
import { OffsetCommitter } from '../settle/index.ts';
import { checkDestination } from './check-destination.ts';
import { type PartitionParts, PartitionWork, type Predecessor } from './partition-work.ts';
import type { Tenure, TenureSnapshot } from './source-mapping.ts';
import { startOf } from './stream-start.ts';
import type { ShardParts } from './stream-works.ts';

/** After the deadline of a revocation, what was cut off gets this long to come to rest before the partitions are given away, ms. */
const REVOKE_GRACE_MS = 300;

/** What one tenure works with. */
export interface TopicTenureParts extends ShardParts, Pick<PartitionParts, 'mappingId' | 'source' | 'destination'> {
  readonly options: TopicMappingOptions;
  readonly epoch: Epoch;
  readonly groupId: string;
  /** When the mapping was created, epoch ms: what LATEST means. */
  readonly createdAt: number;
  readonly onProblem: (problem: MappingProblem | undefined) => void;
  readonly onOpen: () => void;
}

/**
 * One membership of a consumer group, from the join to the leaving: works on the partitions that the group gives it.
 *
 * G1 What the group takes away is at rest, and committed, before it is given away; at the deadline it is cut off and reported.
 * G2 A partition that stays goes on where it was; every other ownership begins from the group's offset.
 */
export class TopicTenure implements Tenure {
  readonly #parts: TopicTenureParts;
  readonly #works = new Map<number, PartitionWork>();
  #partitionParts: PartitionParts | undefined;
  #offsets: Promise<readonly PartitionOffsets[]> | undefined;
  /** The group has given us partitions, or none of them, and is not taking any away now. */
  #isMember = false;

  constructor(parts: TopicTenureParts) {
    this.#parts = parts;
  }

  /** Records read and not settled. */
  get inFlight(): number {
    let sum = 0;
    for (const work of this.#works.values()) sum += work.outstanding;
    return sum;
  }

  /** As of streams: each answer that nothing is left waits for one more page of every partition of ours. */
  async busy(): Promise<string | undefined> {
    const left = this.#left();
    if (left !== undefined) return left;
    await Promise.all([...this.#works.values()].map((work) => work.nextPage()));
    return this.#left();
  }

  #left(): string | undefined {
    if (!this.#isMember) return 'the group has not spread its partitions yet';
    const left = [...this.#works.values()].filter((work) => !work.isIdle).map(({ name }) => name);
    return left.length === 0 ? undefined : `partitions that are not worked off: ${left.join(', ')}`;
  }

  waits(): Wait[] {
    const waits = [...this.#works.values()].flatMap((work) => work.waits());
    return this.#isMember ? waits : [{ part: 'group', reason: { kind: 'rebalance' } }, ...waits];
  }

  snapshot(): TenureSnapshot {
    return { shards: [...this.#works.values()].flatMap((work) => work.snapshot() ?? []), retentionMs: undefined };
  }

  /** Works until stopped and drained, with everything committed that can be. */
  async run(): Promise<void> {
    const { source, clock, random, stopping, onProblem, invoker, mapping } = this.#parts;
    let described: TopicDescription | undefined;
    const onDescribed = (description: TopicDescription): void => {
      described = description;
    };
    const gate = new SourceGate({ source, clock, random, stopping, onProblem, onDescribed });
    invoker.ledger.join(mapping);
    if ((await gate.open()) && described !== undefined) {
      const { membership, committer } = this.#join(described);
      this.#parts.onOpen();
      checkDestination(this.#parts);
      await whenSet(stopping);
      await this.#drain(committer);
      await membership.leave();
    }
    invoker.ledger.leave(mapping);
  }

  #join(described: TopicDescription): { readonly membership: TopicMembership; readonly committer: OffsetCommitter } {
    const { source, groupId, options, createdAt, mapping, clock, listener, hardStop, onProblem } = this.#parts;
    const membership = source.join({ groupId, listener: this.#groupListener() });
    const origin = { since: createdAt, partitions: described.partitions };
    const committer = new OffsetCommitter({
      mapping,
      membership,
      origin,
      clock,
      intervalMs: options.checkpointIntervalMs,
      hurry: hardStop,
      listener,
      onRefused: ({ partition, epoch }) => {
        const work = this.#works.get(partition);
        if (work?.epoch === epoch) this.#lose(work);
      },
      onTrouble: (error) => {
        onProblem(error && problemOf(error, clock.monotonic()));
      },
    });
    const start = startOf(options, createdAt);
    this.#partitionParts = { ...this.#parts, membership, committer, start, origin, offsets: () => this.#ask(membership) };
    return { membership, committer };
  }

  /** One question for all partitions that were given to us at the same time. */
  #ask(membership: TopicMembership): Promise<readonly PartitionOffsets[]> {
    if (this.#offsets === undefined) {
      const asked = membership.offsets();
      this.#offsets = asked;
      // A failure is not kept, nor is an answer that somebody asks for much later.
      const forget = (): void => {
        if (this.#offsets === asked) this.#offsets = undefined;
      };
      asked.then(forget, forget);
    }
    return this.#offsets;
  }

  #groupListener(): GroupListener {
    return {
      onAssigned: (assigned) => {
        this.#assign(assigned);
      },
      onRevoking: (partitions, deadline) => this.#revoke(partitions, deadline),
      onTrouble: (error, retryAt) => {
        this.#isMember = false;
        for (const work of [...this.#works.values()]) this.#lose(work);
        this.#parts.onProblem(problemOf(error, retryAt));
      },
    };
  }

  /** G2. */
  #assign(assigned: readonly TopicAssignment[]): void {
    const { mapping, listener, stopping, onProblem, clock } = this.#parts;
    const parts = this.#partitionParts;
    if (stopping.isSet) return;
    // Told before the join had returned.
    if (parts === undefined) {
      void clock.turn().then(() => {
        this.#assign(assigned);
      });
      return;
    }
    this.#offsets = undefined;
    this.#isMember = true;
    onProblem(undefined);
    const epochs = new Map(assigned.map(({ partition, epoch }) => [partition, epoch]));
    let kept = 0;
    for (const [partition, work] of [...this.#works]) {
      if (epochs.get(partition) === work.epoch) kept += 1;
      else this.#lose(work);
    }
    for (const assignment of assigned) {
      const { partition } = assignment;
      const work = this.#works.get(partition);
      if (work !== undefined && !work.isStopped) continue;
      parts.committer.begin(assignment);
      this.#works.set(partition, new PartitionWork(parts, assignment, work ?? this.#ended.get(partition)));
    }
    listener('group.assigned', { mapping, partitions: assigned.length, kept });
  }

  /** Ownerships that are over and have not come to rest: what comes after them here waits. */
  readonly #ended = new Map<number, Predecessor>();

  /** It is, or may be, somebody else's. Only its end is remembered: what it had read is for the next owner to read. */
  #lose(work: PartitionWork): void {
    const { partition, epoch, over } = work;
    this.#partitionParts?.committer.forget(work);
    work.cut();
    this.#works.delete(partition);
    const ended = { epoch, row: undefined, over };
    this.#ended.set(partition, ended);
    void over.then(() => {
      this.#partitionParts?.committer.rested(work);
      if (this.#ended.get(partition) === ended) this.#ended.delete(partition);
    });
  }

  /** G1. */
  async #revoke(partitions: readonly number[], deadline: AbortSignal): Promise<void> {
    const { clock, hardStop } = this.#parts;
    const works = partitions.flatMap((partition) => this.#works.get(partition) ?? []);
    this.#isMember = false;
    const late = new Latch();
    let cancel = (): void => undefined;
    const cutOff = (): void => {
      for (const work of works) work.cut();
      cancel();
      cancel = clock.timer(REVOKE_GRACE_MS, () => {
        late.set();
      });
    };
    if (deadline.aborted) cutOff();
    else deadline.addEventListener('abort', cutOff, { once: true });
    // What is done is committed before the group may refuse it.
    const forget = hardStop.onSet(cutOff);
    await orSet(this.#settle(works), late);
    deadline.removeEventListener('abort', cutOff);
    cancel();
    forget();
  }

  async #settle(works: readonly PartitionWork[]): Promise<void> {
    await Promise.all(works.map((work) => work.stop()));
    await this.#partitionParts?.committer.flush();
  }

  async #drain(committer: OffsetCommitter): Promise<void> {
    const { hardStop, clock } = this.#parts;
    const works = [...this.#works.values()];
    const forget = hardStop.onSet(() => {
      for (const work of works) work.cut();
    });
    await Promise.all(works.map((work) => work.stop()));
    forget();
    // A hard stop still lets one commit pass, but waits for it no longer than it waits for calls under way.
    const over = new Latch();
    const cancel = hardStop.isSet ? clock.timer(REVOKE_GRACE_MS, () => over.set()) : (): void => undefined;
    const forgetOver = hardStop.isSet
      ? (): void => undefined
      : hardStop.onSet(() => {
          over.set();
        });
    await orSet(committer.flush(), over);
    cancel();
    forgetOver();
  }
}

function problemOf(error: SourceError, retryAt: number): MappingProblem {
  return { kind: 'source', error: error.kind, message: error.message, retryAt };
}
