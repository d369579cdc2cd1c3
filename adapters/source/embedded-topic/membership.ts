import {
  type CancelTimer,
  type Clock,
  type CommitResult,
  type JoinRequest,
  type OffsetCommit,
  type PartitionOffsets,
  type PartitionReadRequest,
  type SequenceNumber,
  SourceError,
  type StreamStep,
  sequenceNumber,
  type TopicMembership,
} from '../../../src/index.ts';
import type { KafkaRecord } from '../../shared/kafka-event.ts';
import type { Broker } from './broker.ts';
import { expelled, noMember, rebalancing } from './errors.ts';
import type { Assignment, Group } from './group.ts';
import { Reading, type ReadSide } from './reading.ts';

/** How often heartbeats come, in parts of the session timeout. */
const HEARTBEATS_PER_SESSION = 10;
/** How much of the session timeout what runs gets to end when a rebalance begins. */
const REVOKING_SHARE = 0.8;
/** Waits before joining again: the first, and the most that they grow to, ms. */
const REJOIN_MS = 100;
const REJOIN_MOST_MS = 5000;

/**
 * One member of a group, as its process sees it: joins, beats its heart, gives up what it has when a rebalance begins, and joins
 * again. All waits are on the clock of its process.
 */
export class EmbeddedMembership implements TopicMembership<KafkaRecord> {
  readonly #broker: Broker;
  readonly #readSide: ReadSide;
  readonly #clock: Clock;
  readonly #request: JoinRequest;
  readonly #owned = new Map<number, number>();
  /** A rebalance is over: what is ours is known. */
  #isSettled = false;
  readonly #timers = new Set<CancelTimer>();
  #group: Group | undefined;
  #memberId = '';
  #generation = -1;
  #hasEnded = false;
  #isNudged = false;
  #onNudge: (() => void) | undefined;
  #failures = 0;

  /** @internal A client makes its members. */
  constructor(broker: Broker, clock: Clock, request: JoinRequest) {
    this.#broker = broker;
    this.#clock = clock;
    this.#request = request;
    this.#readSide = { broker, clock, waiting: new Set(), owns: (partition, epoch) => this.#owns(partition, epoch) };
    void this.#live();
  }

  offsets(): Promise<readonly PartitionOffsets[]> {
    return this.#ask(() => {
      const group = this.#broker.group(this.#request.groupId);
      return this.#broker.logs.list().map((log) => ({
        partition: log.partition,
        committed: group.committed(log.partition),
        logStart: toNumber(log.start),
        logEnd: toNumber(log.end),
      }));
    });
  }

  offsetAt(partition: number, timestamp: number): Promise<SequenceNumber> {
    return this.#ask(() => toNumber(this.#broker.logs.log(partition).offsetAt(timestamp)));
  }

  read(request: PartitionReadRequest): AsyncIterableIterator<StreamStep<KafkaRecord>, undefined> {
    return new Reading(this.#readSide, request);
  }

  commit(commits: readonly OffsetCommit[]): Promise<readonly CommitResult[]> {
    if (this.#hasEnded) return Promise.resolve(commits.map(() => 'refused'));
    return this.#ask(() => commits.map((commit) => this.#commit(commit)));
  }

  leave(): Promise<void> {
    const group = this.#group;
    this.#end();
    group?.remove(this.#memberId);
    return Promise.resolve();
  }

  /** Ends it as if its process had died: the group finds out when the session is over. */
  kill(): void {
    this.#end();
  }

  /**
   * Puts it out of the group as if its session were over. It finds out at once, or with its next heartbeat when `isTold` is false, and
   * joins again.
   */
  expire({ isTold = true }: { readonly isTold?: boolean } = {}): void {
    this.#group?.remove(this.#memberId, isTold);
  }

  #owns(partition: number, epoch: number): boolean {
    return !this.#hasEnded && this.#isSettled && this.#owned.get(partition) === epoch;
  }

  /** From one generation to the next, until the end. */
  async #live(): Promise<void> {
    // Whoever joins has his hands free first.
    await this.#pass(0);
    while (!this.#hasEnded) {
      try {
        const assignment = await this.#nextGeneration();
        await this.#pass(0);
        if (assignment === undefined || !this.#isMember()) throw expelled(this.#request.groupId);
        this.#take(assignment);
        await this.#untilNudged();
        if (!this.#isMember()) throw expelled(this.#request.groupId);
        await this.#giveUp();
      } catch (error) {
        await this.#trouble(error);
      }
    }
  }

  #nextGeneration(): Promise<Assignment | undefined> {
    if (this.#group === undefined) {
      const group = this.#broker.group(this.#request.groupId);
      this.#memberId = group.enter(() => {
        this.#nudge();
      });
      this.#group = group;
      this.#beat();
    }
    return this.#group.rejoin(this.#memberId);
  }

  #isMember(): boolean {
    return this.#group !== undefined && this.#group.heartbeat(this.#memberId) !== 'unknown';
  }

  #take({ generation, assigned }: Assignment): void {
    this.#failures = 0;
    this.#generation = generation;
    this.#owned.clear();
    this.#isSettled = true;
    for (const { partition, epoch } of assigned) this.#owned.set(partition, epoch);
    this.#request.listener.onAssigned(assigned);
  }

  /** Holds the rejoin until nothing runs any more, or the deadline is over. */
  async #giveUp(): Promise<void> {
    const deadline = new AbortController();
    const cancel = this.#later(REVOKING_SHARE * this.#broker.settings.sessionTimeoutMs, () => {
      deadline.abort();
    });
    await this.#request.listener.onRevoking([...this.#owned.keys()], deadline.signal);
    cancel();
    this.#unsettle();
  }

  async #trouble(error: unknown): Promise<void> {
    if (this.#hasEnded) return;
    this.#disown();
    this.#group?.remove(this.#memberId);
    this.#group = undefined;
    const ms = Math.min(REJOIN_MOST_MS, REJOIN_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    const told =
      error instanceof SourceError ? error : new SourceError('unavailable', 'UNKNOWN_SERVER_ERROR', 'joining failed', { cause: error });
    this.#request.listener.onTrouble(told, this.#clock.monotonic() + ms);
    await this.#pass(ms);
  }

  /** Heartbeats depend on nothing but the clock. */
  #beat(): void {
    const group = this.#group;
    const memberId = this.#memberId;
    this.#later(this.#broker.settings.sessionTimeoutMs / HEARTBEATS_PER_SESSION, () => {
      if (group !== this.#group || memberId !== this.#memberId || group === undefined) return;
      const standing = group.heartbeat(memberId);
      if (standing === 'unknown') this.#nudge();
      else this.#beat();
    });
  }

  #nudge(): void {
    this.#isNudged = true;
    this.#onNudge?.();
  }

  /** Until a rebalance has begun or the group does not know us any more; told on our own clock. */
  async #untilNudged(): Promise<void> {
    for (;;) {
      if (!this.#isNudged) {
        await new Promise<void>((resolve) => {
          this.#onNudge = resolve;
        });
      }
      await this.#pass(0);
      this.#isNudged = false;
      if (this.#group?.heartbeat(this.#memberId) !== 'stable') return;
    }
  }

  #commit(commit: OffsetCommit): CommitResult {
    if (this.#owned.get(commit.partition) !== commit.epoch) return 'refused';
    // It may stay ours, under the same epoch.
    if (!this.#isSettled) return rebalancing();
    return this.#group?.commit(this.#memberId, this.#generation, [commit])[0] ?? 'refused';
  }

  #disown(): void {
    this.#owned.clear();
    this.#unsettle();
  }

  #unsettle(): void {
    this.#isSettled = false;
    for (const wake of [...this.#readSide.waiting]) wake();
  }

  #end(): void {
    this.#hasEnded = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#disown();
  }

  #ask<Value>(ask: () => Value): Promise<Value> {
    return new Promise((resolve) => {
      if (this.#hasEnded) throw noMember(this.#request.groupId);
      resolve(ask());
    });
  }

  /** Time passes; never to the end of it when the membership ends first. */
  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#hasEnded) this.#later(ms, resolve);
    });
  }

  /** A timer that goes with the membership. */
  #later(ms: number, callback: () => void): CancelTimer {
    const cancel = this.#clock.timer(ms, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }
}

function toNumber(offset: bigint): SequenceNumber {
  return sequenceNumber(String(offset));
}
