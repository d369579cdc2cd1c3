import type { TopicAssignment } from '../../../src/index.ts';
import { type CancelTimer, COMMIT_METADATA_MAX, type CommitResult, type OffsetCommit, type SequenceNumber } from '../../../src/index.ts';
import { assignSticky } from './assign.ts';
import { metadataTooLarge } from './errors.ts';
import type { TopicSettings } from './options.ts';

/** What the group keeps of a partition. */
export interface Committed {
  readonly offset: SequenceNumber;
  readonly metadata: string;
}

/** What one generation gives a member. */
export interface Assignment {
  readonly generation: number;
  readonly assigned: readonly TopicAssignment[];
}

/** What a heartbeat is answered with. */
export type Standing = 'stable' | 'rebalancing' | 'unknown';

interface Seat {
  readonly memberId: string;
  /** Calls the member when it has to look. */
  readonly nudge: () => void;
  heardAt: number;
  cancelWatch: CancelTimer;
  assigned: readonly TopicAssignment[];
  /** Set while it waits for the next generation. */
  onGeneration: ((assignment: Assignment | undefined) => void) | undefined;
}

/** What a group needs of its topic. */
export interface GroupTopic {
  readonly settings: TopicSettings;
  readonly partitions: number;
  /** Never the same twice, also not for another incarnation of the topic. */
  nextEpoch(): number;
}

/**
 * A group's coordinator, as a broker has one: who is a member, which generation it is, who owns what, and what was committed.
 * A rebalance begins when a member comes, goes or is not heard of; the next generation begins when all who are left
 * have joined again, and those who have not within a session timeout are put out.
 */
export class Group {
  readonly #topic: GroupTopic;
  readonly #seats = new Map<string, Seat>();
  readonly #committed = new Map<number, Committed>();
  #generation = 0;
  #members = 0;
  /** Ends the wait for members to join again; `undefined` when there is no rebalance. */
  #endRebalance: CancelTimer | undefined;

  constructor(topic: GroupTopic) {
    this.#topic = topic;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Who is in it, and what each owns. */
  get members(): readonly { readonly memberId: string; readonly assigned: readonly TopicAssignment[] }[] {
    return [...this.#seats.values()].map(({ memberId, assigned }) => ({ memberId, assigned }));
  }

  committed(partition: number): Committed | undefined {
    return this.#committed.get(partition);
  }

  setCommitted(partition: number, committed: Committed | undefined): void {
    if (committed === undefined) this.#committed.delete(partition);
    else this.#committed.set(partition, committed);
  }

  /** Takes in a new member, whose first generation it then waits for by {@link rejoin}. */
  enter(nudge: () => void): string {
    this.#members += 1;
    const memberId = `member-${String(this.#members)}`;
    const { clock } = this.#topic.settings;
    const seat: Seat = {
      memberId,
      nudge,
      heardAt: clock.monotonic(),
      cancelWatch: () => undefined,
      assigned: [],
      onGeneration: undefined,
    };
    this.#seats.set(memberId, seat);
    this.#watch(seat);
    this.rebalance();
    return memberId;
  }

  /** Waits for the next generation; `undefined` when the member is put out first, or is not known. */
  rejoin(memberId: string): Promise<Assignment | undefined> {
    const seat = this.#seats.get(memberId);
    if (seat === undefined) return Promise.resolve(undefined);
    seat.heardAt = this.#topic.settings.clock.monotonic();
    return new Promise((resolve) => {
      seat.onGeneration = resolve;
      this.#beginWhenAllAreHere();
    });
  }

  heartbeat(memberId: string): Standing {
    const seat = this.#seats.get(memberId);
    if (seat === undefined) return 'unknown';
    seat.heardAt = this.#topic.settings.clock.monotonic();
    return this.#endRebalance === undefined ? 'stable' : 'rebalancing';
  }

  /** Takes a member out: it left, or it is put out. Unless it is told, it hears of that with its next heartbeat. */
  remove(memberId: string, isTold = false): void {
    const seat = this.#seats.get(memberId);
    if (seat === undefined) return;
    seat.cancelWatch();
    this.#seats.delete(memberId);
    seat.onGeneration?.(undefined);
    if (isTold) seat.nudge();
    if (this.#seats.size > 0) {
      this.rebalance();
      this.#beginWhenAllAreHere();
      return;
    }
    this.#endRebalance?.();
    this.#endRebalance = undefined;
  }

  /** Puts everybody out. */
  dissolve(): void {
    for (const memberId of [...this.#seats.keys()]) this.remove(memberId, true);
  }

  /** Makes every member join again. */
  rebalance(): void {
    if (this.#endRebalance !== undefined || this.#seats.size === 0) return;
    const { clock, sessionTimeoutMs } = this.#topic.settings;
    this.#endRebalance = clock.timer(sessionTimeoutMs, () => {
      // Removing the last of them begins a generation, in which nobody waits any more.
      const missing = [...this.#seats.values()].filter(({ onGeneration }) => onGeneration === undefined);
      for (const { memberId } of missing) this.remove(memberId);
    });
    for (const seat of this.#seats.values()) seat.nudge();
  }

  /** Keeps the offsets of a member of this generation, one by one; of nobody else. */
  commit(memberId: string, generation: number, commits: readonly OffsetCommit[]): readonly CommitResult[] {
    const isMember = this.#seats.has(memberId) && generation === this.#generation;
    return commits.map(({ partition, offset, metadata }) => {
      if (!isMember) return 'refused';
      if (metadata.length > COMMIT_METADATA_MAX) return metadataTooLarge(partition, metadata.length, COMMIT_METADATA_MAX);
      this.#committed.set(partition, { offset, metadata });
      return 'committed';
    });
  }

  #beginWhenAllAreHere(): void {
    if (this.#endRebalance === undefined || this.#seats.size === 0) return;
    const seats = [...this.#seats.values()];
    if (seats.some(({ onGeneration }) => onGeneration === undefined)) return;
    this.#endRebalance();
    this.#endRebalance = undefined;
    this.#generation += 1;
    const candidates = seats.map((seat) => ({ member: seat, had: seat.assigned.map(({ partition }) => partition) }));
    for (const [seat, partitions] of assignSticky(candidates, this.#topic.partitions)) {
      const before = new Map(seat.assigned.map(({ partition, epoch }) => [partition, epoch]));
      seat.assigned = partitions.map((partition) => ({ partition, epoch: before.get(partition) ?? this.#topic.nextEpoch() }));
      const { onGeneration } = seat;
      seat.onGeneration = undefined;
      onGeneration?.({ generation: this.#generation, assigned: seat.assigned });
    }
  }

  /** Puts a member out when it has not been heard of for a session timeout. */
  #watch(seat: Seat): void {
    const { clock, sessionTimeoutMs } = this.#topic.settings;
    const left = seat.heardAt + sessionTimeoutMs - clock.monotonic();
    seat.cancelWatch = clock.timer(left, () => {
      if (clock.monotonic() - seat.heardAt >= sessionTimeoutMs) this.remove(seat.memberId);
      else this.#watch(seat);
    });
  }
}
