/**
 * One member of a consumer group: joins, lives, gives partitions back in peace, and joins again when it was lost. What it owns is
 * in its {@link Ownership}, which it alone changes.
 */
import { type Clock, type GroupListener, type Logger, type Random, SourceError } from '../../../src/index.ts';
import { kafkaError, kafkaType } from '../../shared/kafka-errors.ts';
import { pause } from '../../shared/pause.ts';
import { divide } from './assignment.ts';
import { steadyBackoffMs } from './backoff.ts';
import type { Brokers } from './brokers.ts';
import type { Changes } from './changes.ts';
import { Heartbeat, type MemberIdentity, saysLost } from './heartbeat.ts';
import type { Ownership } from './ownership.ts';
import { offers, readAssignment, readMembers, writeAssignments } from './protocol.ts';
import type { WireJoined } from './wire.ts';

/** What a member needs. */
export interface MemberParts {
  readonly groupId: string;
  readonly topic: string;
  readonly sessionTimeoutMs: number;
  /** How often the topic's partitions are looked up. */
  readonly metadataMaxAgeMs: number;
  readonly listener: GroupListener;
  readonly ownership: Ownership;
  /** Told whenever the ownership has changed. */
  readonly changes: Changes;
  /** For what may wait long (joins), and what has to come in order with it. */
  readonly group: Brokers;
  /** For everything else. */
  readonly data: Brokers;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Of the session time-out: how long a member may take to come to rest before its partitions go, and what it then has to say so. */
const HOLD_SHARE = 0.8;
const HOLD_GRACE_SHARE = 0.1;
/** The brokers wait so many session time-outs for members to join again; those that are dead are gone after one. */
const REBALANCE_SESSIONS = 2;
const BACKOFF = { baseMs: 300, capMs: 15_000 } as const;
/** A broker that has just started may not know its topics for a moment. */
const CONFIRM_MS = 1_000;
const LEAVE_MS = 3_000;

type Phase = 'joining' | 'stable' | 'giving-up' | 'left';

/** See the file's head. */
export class GroupMember {
  readonly #parts: MemberParts;
  readonly #heartbeat: Heartbeat;
  readonly #leaving = new AbortController();
  #sleep = new AbortController();
  #phase: Phase = 'joining';
  #memberId = '';
  /** Of the last assignment. */
  #settled: MemberIdentity | undefined;
  #isLeader = false;
  #partitionCount = 0;
  #lost: SourceError | undefined;
  #failures = 0;
  #isSuspect = false;
  readonly #life: Promise<void>;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#heartbeat = new Heartbeat(parts.group, parts.clock, parts.sessionTimeoutMs);
    this.#life = this.#live();
  }

  /** Who commits; `undefined` while no commit would be taken: before a join, and in it. */
  get identity(): MemberIdentity | undefined {
    return this.#phase === 'stable' || this.#phase === 'giving-up' ? this.#settled : undefined;
  }

  hasLeft(): boolean {
    return this.#phase === 'left';
  }

  /** Hears the name that the group gives, before the join is through. */
  named(memberId: string): void {
    this.#memberId = memberId;
  }

  coordinator(): Promise<number> {
    return this.#heartbeat.coordinator(this.#parts.groupId);
  }

  /** Hears what the group answered to something else than a heartbeat. */
  heard(thrown: SourceError, asked: MemberIdentity): void {
    // An answer to who we were before says nothing of who we are.
    if (asked !== this.#settled) return;
    // A topic that is gone takes its offsets along: what is ours of it must not be committed to another one of its name.
    if (saysLost(thrown) || isNotFound(thrown)) this.#lost = thrown;
    else if (thrown.code === 'NOT_COORDINATOR_FOR_GROUP' || thrown.code === 'GROUP_COORDINATOR_NOT_AVAILABLE') {
      this.#heartbeat.forgetCoordinator();
    } else if (thrown.code !== 'REBALANCE_IN_PROGRESS') return;
    this.#sleep.abort();
  }

  /** A read has found the topic gone: it is looked for now, not when its time comes. */
  suspectTopic(): void {
    this.#isSuspect = true;
    this.#sleep.abort();
  }

  /** Leaves the group at once. Never rejects. */
  async leave(): Promise<void> {
    if (this.hasLeft()) return;
    this.#phase = 'left';
    this.#parts.ownership.lose();
    this.#parts.changes.tell();
    this.#leaving.abort();
    this.#sleep.abort();
    const isOver = new AbortController();
    await Promise.race([this.#leaveGroup(), pause(this.#parts.clock, LEAVE_MS, isOver.signal)]);
    isOver.abort();
  }

  /** Resolves when nothing of it runs any more: after `leave`, and when its connections are closed. */
  get ended(): Promise<void> {
    return this.#life;
  }

  async #live(): Promise<void> {
    // Nothing is told before `join` has returned.
    await this.#parts.clock.turn();
    while (!this.hasLeft()) {
      try {
        await this.#join();
        await this.#stay();
        await this.#giveUp();
      } catch (thrown) {
        if (!this.hasLeft()) await this.#afterFailure(kafkaError(thrown, 'JoinGroup'));
      }
    }
  }

  /** Until the group is to be divided anew. Throws when the membership is lost. */
  async #stay(): Promise<void> {
    const { clock, metadataMaxAgeMs } = this.#parts;
    let checkedAt = clock.monotonic();
    while (!this.hasLeft()) {
      await this.#pause(this.#heartbeat.intervalMs);
      if (this.hasLeft() || (await this.#beat())) return;
      const isDue = clock.monotonic() - checkedAt >= metadataMaxAgeMs;
      if (!this.#isSuspect && !(isDue && this.#isLeader)) continue;
      this.#isSuspect = false;
      checkedAt = clock.monotonic();
      if (await this.#hasMorePartitions()) return;
    }
  }

  /** Holds what is ours until nothing of it runs. Throws when the membership is lost meanwhile. */
  async #giveUp(): Promise<void> {
    const { ownership, changes, listener, clock, sessionTimeoutMs } = this.#parts;
    if (this.hasLeft()) return;
    this.#phase = 'giving-up';
    ownership.unsettle();
    changes.tell();
    if (ownership.size === 0) return;
    const deadline = new AbortController();
    const cancel = clock.timer(HOLD_SHARE * sessionTimeoutMs, () => deadline.abort());
    const endsAt = clock.monotonic() + (HOLD_SHARE + HOLD_GRACE_SHARE) * sessionTimeoutMs;
    const atRest = new AbortController();
    const isAtRest = (): boolean => atRest.signal.aborted;
    const done = listener
      .onRevoking(ownership.partitions, deadline.signal)
      .catch((error: unknown) => this.#parts.logger.error({ error }, 'giving partitions back failed'))
      .then(() => {
        atRest.abort();
        this.#sleep.abort();
      });
    try {
      while (!isAtRest() && !this.hasLeft() && clock.monotonic() < endsAt) {
        await this.#pause(Math.min(this.#heartbeat.intervalMs, endsAt - clock.monotonic()), isAtRest);
        if (!isAtRest() && !this.hasLeft()) await this.#beat();
      }
    } finally {
      cancel();
      if (!isAtRest()) {
        deadline.abort();
        if (!this.hasLeft()) await Promise.race([done, pause(clock, HOLD_GRACE_SHARE * sessionTimeoutMs, atRest.signal)]);
      }
    }
  }

  async #join(): Promise<void> {
    const { groupId, topic, sessionTimeoutMs, ownership, changes, group, data, listener } = this.#parts;
    if (this.hasLeft()) return;
    this.#phase = 'joining';
    ownership.unsettle();
    changes.tell();
    this.#partitionCount = (await data.refresh()).length;
    const codec = await group.codec();
    const had = { generation: this.#settled?.generation ?? -1, partitions: { [topic]: ownership.partitions } };
    const coordinator = await this.coordinator();
    const joined = await group
      .onBroker(coordinator, 'JoinGroup', (broker) =>
        broker.joinGroup({
          groupId,
          memberId: this.#memberId,
          sessionTimeout: sessionTimeoutMs,
          rebalanceTimeout: REBALANCE_SESSIONS * sessionTimeoutMs,
          groupProtocols: offers(codec, topic, had),
        }),
      )
      .catch((error: unknown) => {
        if (kafkaType(error) === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
        throw error;
      });
    const { memberId, generationId: generation } = joined;
    this.#memberId = memberId;
    if (this.hasLeft()) return;
    this.#isLeader = joined.leaderId === memberId;
    const groupAssignment = this.#isLeader ? writeAssignments(codec, await this.#divide(joined)) : [];
    const synced = await group.onBroker(coordinator, 'SyncGroup', (broker) =>
      broker.syncGroup({ groupId, memberId, generationId: generation, groupAssignment }),
    );
    if (this.hasLeft()) return;
    const stays = this.#staysOver(memberId, generation);
    this.#settled = { groupId, memberId, generation };
    this.#heartbeat.alive();
    this.#lost = undefined;
    this.#failures = 0;
    this.#phase = 'stable';
    const assigned = ownership.assign(readAssignment(codec, synced.memberAssignment, topic), stays);
    changes.tell();
    listener.onAssigned(assigned);
  }

  /** Nobody else can have had our partitions when no generation lies between this one and ours. */
  #staysOver(memberId: string, generation: number): boolean {
    if (this.#settled?.memberId !== memberId || this.#lost !== undefined) return false;
    const between = generation - this.#settled.generation;
    return between === 0 || between === 1;
  }

  async #divide({ members }: WireJoined): Promise<ReturnType<typeof divide>> {
    const { topic, data, group, logger } = this.#parts;
    const read = readMembers(await group.codec(), members, (memberId, reason) => {
      logger.warn({ memberId, reason }, 'what a member of the group sent cannot be read, so it is given no partition');
    });
    const others = new Set(read.flatMap(({ topics }) => topics));
    others.delete(topic);
    const partitions = await data.partitionsOf([...others]);
    const ours = await data.partitions();
    partitions.set(
      topic,
      ours.map(({ partitionId }) => partitionId).sort((a, b) => a - b),
    );
    return divide(read, partitions);
  }

  /** True when the group is to be divided anew. Throws when the membership is lost. */
  async #beat(): Promise<boolean> {
    if (this.#lost === undefined && this.#settled !== undefined) {
      try {
        return await this.#heartbeat.beat(this.#settled);
      } catch (thrown) {
        this.#lost ??= kafkaError(thrown, 'Heartbeat');
      }
    }
    throw this.#lost ?? new SourceError('unavailable', 'NotJoined', 'Heartbeat: no member yet');
  }

  /** The leader looks after the partitions for all. Throws when the topic is gone. */
  async #hasMorePartitions(): Promise<boolean> {
    try {
      return (await this.#parts.data.refresh()).length !== this.#partitionCount && this.#isLeader;
    } catch (thrown) {
      if (!isNotFound(thrown)) return false;
    }
    await this.#pause(CONFIRM_MS);
    try {
      await this.#parts.data.refresh();
      // Maybe another one of the same name: where we were in the one before says nothing of it.
      this.#lost = new SourceError(
        'unavailable',
        'TOPIC_REMADE',
        'Metadata: the topic was gone for a moment; its offsets are looked up anew',
      );
    } catch (thrown) {
      if (isNotFound(thrown)) this.#lost = kafkaError(thrown, 'Metadata');
    }
    return false;
  }

  async #afterFailure(error: SourceError): Promise<void> {
    const { clock, random, ownership, listener, logger, group } = this.#parts;
    const wasLost = this.#lost;
    if (error.code === 'REBALANCE_IN_PROGRESS' || (error.code === 'UNKNOWN_MEMBER_ID' && wasLost === undefined && ownership.size === 0)) {
      // Another join came in between, or the name that we had is forgotten: ours is simply asked for again.
      await this.#pause(0);
      return;
    }
    this.#heartbeat.forgetCoordinator();
    if (wasLost?.code === 'SessionTimeout') group.cut();
    const isOver = wasLost !== undefined || error.kind !== 'unavailable' || this.#heartbeat.isOverdue;
    const waitMs = this.#waitMs(wasLost, random.next());
    if (isOver || ownership.size === 0) {
      this.#lose(wasLost ?? error);
      logger.warn({ code: error.code, retryInMs: waitMs }, error.message);
      listener.onTrouble(error, clock.monotonic() + waitMs);
    } else logger.debug({ code: error.code, retryInMs: waitMs }, error.message);
    await this.#pause(waitMs);
  }

  /** A member that was lost comes back at once; the waits grow when that fails. */
  #waitMs(lost: SourceError | undefined, chance: number): number {
    this.#failures += 1;
    if (lost !== undefined && this.#failures === 1) return 0;
    return steadyBackoffMs(BACKOFF, this.#failures, chance);
  }

  #lose(error: SourceError): void {
    const { ownership, changes, listener } = this.#parts;
    this.#phase = 'joining';
    const hadSome = ownership.size > 0;
    ownership.lose();
    this.#settled = undefined;
    this.#lost = undefined;
    changes.tell();
    if (hadSome) listener.onAssigned([]);
    if (error.kind === 'not-found') void this.#leaveGroup();
  }

  async #leaveGroup(): Promise<void> {
    const { groupId, data, group } = this.#parts;
    const memberId = this.#memberId;
    if (memberId === '') return;
    // Not behind a join that waits on the same connection.
    const brokers = this.#phase === 'left' ? data : group;
    try {
      await brokers.onBroker(await brokers.coordinator(groupId), 'LeaveGroup', (broker) => broker.leaveGroup({ groupId, memberId }));
    } catch (thrown) {
      this.#parts.logger.debug({ code: kafkaType(thrown) }, 'leaving the group failed; it will notice by itself');
    }
    if (this.#memberId === memberId) this.#memberId = '';
  }

  async #pause(ms: number, isDone: () => boolean = () => false): Promise<void> {
    const { clock } = this.#parts;
    if (ms <= 0 || this.#lost !== undefined || isDone() || this.hasLeft()) {
      await clock.turn();
      return;
    }
    this.#sleep = new AbortController();
    await pause(clock, ms, this.#sleep.signal);
  }
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof SourceError && thrown.kind === 'not-found';
}
