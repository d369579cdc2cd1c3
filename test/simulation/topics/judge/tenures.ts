import type { PartitionReadRequest, SourceError, TopicAssignment } from '../../../../src/index.ts';
import type { Life } from '../../life.ts';
import type { StreamInvocation, Tenure } from '../../streams/record.ts';
import type { TopicBench } from './bench.ts';

/** How a process came to lose a partition. */
export type Loss = 'revoked' | 'left' | 'put out' | 'crashed';

/** One ownership of one partition by one process. */
export interface TopicTenure extends Tenure {
  readonly partition: number;
  readonly shardId: string;
  /** `revoking`: what runs may end, nothing is begun. `revoked`: everything is said and done, until it is given again. */
  phase: 'owned' | 'revoking' | 'revoked' | 'ended';
  loss: Loss | undefined;
  readonly running: Set<TopicInvocation>;
  isResumed: boolean;
  markedUpTo: ReadonlyMap<string, bigint>;
  /** A commit under it was refused, and the process was told. */
  isRefused: boolean;
  /** The partition stands still, and says why. */
  isStanding: boolean;
  /** It stood still before anything was read. */
  hasNotBegun: boolean;
}

/** One invocation, as the function saw it. */
export interface TopicInvocation extends StreamInvocation {
  readonly tenure: TopicTenure;
  readonly signal: AbortSignal;
  /** It was told to stop at a deadline and did not: it may go on beside what the next owner does. */
  isAbandoned: boolean;
}

/** What a tenure begins with, as the group had it committed. */
export type Beginning = Pick<Tenure, 'durable' | 'markedUpTo' | 'hasSuspects' | 'isResumed' | 'factor'>;

/** How long after the deadline of a rebalance a process may take to give up, ms, beside the latency of calls. */
const AFTER_DEADLINE_MS = 1000;

/** R6: whose a partition is. */
export class Tenures {
  readonly #bench: TopicBench;
  readonly #beginning: (life: Life, partition: number) => Beginning;
  /** What each process was told is its own. */
  readonly #held = new Map<Life, Map<number, TopicTenure>>();
  /** The newest of each partition. */
  readonly #newest = new Map<number, TopicTenure>();
  readonly #revokingSince = new Map<Life, number>();
  /** Processes that may be put out of the group: one was made to, or stood still. */
  readonly #endangered = new Set<Life>();
  /** When they last were. */
  readonly #suspendedAt = new Map<Life, number>();
  /** Processes that are being stopped, which has a deadline of its own. */
  readonly #stopping = new Set<Life>();
  /** Every tenure with an invocation that has not ended. */
  readonly #busy = new Map<number, Set<TopicTenure>>();

  constructor(bench: TopicBench, beginning: (life: Life, partition: number) => Beginning) {
    this.#bench = bench;
    this.#beginning = beginning;
  }

  assigned(life: Life, assigned: readonly TopicAssignment[]): void {
    const held = this.#heldBy(life);
    const now = new Map(assigned.map(({ partition, epoch }) => [partition, epoch]));
    for (const tenure of [...held.values()]) if (now.get(tenure.partition) !== tenure.epoch) this.#end(tenure, 'revoked');
    this.#revokingSince.delete(life);
    for (const { partition, epoch } of assigned) {
      const kept = held.get(partition);
      if (kept === undefined) this.#begin(life, partition, epoch);
      else this.#resume(kept);
    }
    const names = assigned.map(({ partition, epoch }) => `${String(partition)}@${String(epoch)}`);
    this.#note(life, `is given ${names.join(' ') || 'nothing'}`);
  }

  revoking(life: Life, partitions: readonly number[]): void {
    this.#note(life, `is to give up ${partitions.join(' ') || 'nothing'}`);
    this.#revokingSince.set(life, this.#bench.court.now());
    for (const tenure of this.#heldBy(life).values()) tenure.phase = 'revoking';
  }

  /** Everything is given up: nothing of it may run, but what did not stop when it was told to. */
  revoked(life: Life, isLate: boolean): void {
    this.#note(life, `has given up${isLate ? ', at the deadline' : ''}`);
    const { court, topic } = this.#bench;
    const since = this.#revokingSince.get(life) ?? court.now();
    const most = 0.8 * topic.plan.sessionTimeoutMs + AFTER_DEADLINE_MS + 10 * court.plan.latencyMs;
    if (court.now() - since > most && !this.#endangered.has(life)) {
      court.fail('R13', `process ${String(life.number)} took ${String(court.now() - since)} ms to give up its partitions`);
    }
    for (const tenure of this.#heldBy(life).values()) {
      tenure.phase = 'revoked';
      tenure.endedAt = court.now();
      // Who is told while he gives up that he is out of the group has lost it all at once.
      const isOut = (this.#suspendedAt.get(life) ?? Number.NEGATIVE_INFINITY) >= since;
      const isCut = isLate || this.#stopping.has(life) || isOut;
      for (const invocation of tenure.running) this.#checkAbandoned(tenure, invocation, isCut);
    }
  }

  /** The process knows that it is no member any more. */
  lost(life: Life, error: SourceError): void {
    this.#note(life, `is out of the group: ${error.code}`);
    const { court } = this.#bench;
    if (error.code === 'UNKNOWN_MEMBER_ID' && !this.#endangered.has(life)) {
      court.fail('R11', `process ${String(life.number)} lives and was put out of the group`);
    }
    for (const tenure of [...this.#heldBy(life).values()]) this.#end(tenure, 'put out');
  }

  /** It leaves the group. */
  left(life: Life): void {
    this.#note(life, 'leaves');
    for (const tenure of [...this.#heldBy(life).values()]) {
      for (const invocation of tenure.running) this.#checkAbandoned(tenure, invocation, true);
      this.#end(tenure, 'left');
    }
  }

  /** The process is gone. */
  crashed(life: Life): void {
    for (const tenure of [...this.#heldBy(life).values()]) {
      this.#end(tenure, 'crashed');
      tenure.running.clear();
      this.#busy.get(tenure.partition)?.delete(tenure);
    }
    for (const busy of this.#busy.values()) for (const tenure of busy) if (tenure.life === life) busy.delete(tenure);
  }

  stopping(life: Life): void {
    this.#stopping.add(life);
  }

  /** Whether the process may have been put out of the group without its knowledge. */
  isEndangered(life: Life): boolean {
    return this.#endangered.has(life);
  }

  /** What stands still of a process, or was put out, counts as ended for all bounds of time. */
  suspend(life: Life): void {
    this.#endangered.add(life);
    this.#suspendedAt.set(life, this.#bench.court.now());
    for (const tenure of this.#heldBy(life).values()) tenure.endedAt ??= this.#bench.court.now();
  }

  of(life: Life, partition: number): TopicTenure | undefined {
    return this.#held.get(life)?.get(partition);
  }

  newest(partition: number): TopicTenure | undefined {
    return this.#newest.get(partition);
  }

  /** All partitions that a process has. */
  heldBy(life: Life): readonly TopicTenure[] {
    return [...(this.#held.get(life)?.values() ?? [])];
  }

  /** A read is opened under what the process has. */
  read(life: Life, { partition, epoch }: PartitionReadRequest): TopicTenure | undefined {
    const tenure = this.of(life, partition);
    return tenure?.epoch === epoch && tenure.phase === 'owned' ? tenure : undefined;
  }

  invoked(tenure: TopicTenure, invocation: TopicInvocation): void {
    const { court } = this.#bench;
    const what = `invocation ${invocation.requestId} of ${tenure.shardId}`;
    const isHeld = this.of(tenure.life, tenure.partition) === tenure;
    if (!isHeld || tenure.phase !== 'owned')
      court.fail('R6', `${what} is begun while the partition is ${isHeld ? tenure.phase : 'not its own'}`);
    if (tenure.isRefused) court.fail('R6', `${what} is begun after a commit under its epoch was refused`);
    if (tenure.hasNotBegun) court.fail('R4', `${what} is begun although the partition stands still`);
    if (tenure.running.size >= tenure.factor) court.fail('R3', `${what} is one too many: ${String(tenure.factor)} may run`);
    this.#checkOverlaps(tenure, invocation);
    tenure.running.add(invocation);
    const busy = this.#busy.get(tenure.partition) ?? new Set();
    busy.add(tenure);
    this.#busy.set(tenure.partition, busy);
  }

  ended(tenure: TopicTenure, invocation: TopicInvocation): void {
    tenure.running.delete(invocation);
    if (tenure.running.size === 0) this.#busy.get(tenure.partition)?.delete(tenure);
  }

  /** The broker took a commit. */
  committed(life: Life, partition: number, epoch: number): TopicTenure | undefined {
    const { court } = this.#bench;
    const tenure = this.of(life, partition);
    const newest = this.#newest.get(partition);
    if (newest !== undefined && newest.epoch > epoch) {
      court.fail(
        'R6',
        `a commit of partition ${String(partition)} under epoch ${String(epoch)} was taken, the newest is ${String(newest.epoch)}`,
      );
    }
    // What a process sent before it died may arrive after that.
    if (tenure?.epoch !== epoch && !life.isDead) {
      court.fail('R6', `a commit of partition ${String(partition)} was taken from process ${String(life.number)}, which has it no longer`);
      return undefined;
    }
    return tenure;
  }

  #begin(life: Life, partition: number, epoch: number): void {
    const { court, topic } = this.#bench;
    const before = this.#newest.get(partition);
    if (before !== undefined && before.epoch >= epoch) {
      court.fail('R6', `partition ${String(partition)} is given under epoch ${String(epoch)} after ${String(before.epoch)}`);
    }
    const tenure: TopicTenure = {
      ...this.#beginning(life, partition),
      life,
      epoch,
      partition,
      shardId: topic.nameOf(partition),
      acquiredAt: court.now(),
      handled: new Set(),
      running: new Set(),
      failures: new Map(),
      delivered: new Map(),
      attempted: new Set(),
      openedAt: new Map(),
      trimmed: new Set(),
      lanes: new Map(),
      endedAt: undefined,
      phase: 'owned',
      loss: undefined,
      isRefused: false,
      isStanding: false,
      hasNotBegun: false,
    };
    // Who had it before and does not know yet that it is out of the group has it no longer.
    if (before !== undefined && before.phase !== 'ended') before.endedAt ??= court.now();
    this.#heldBy(life).set(partition, tenure);
    this.#newest.set(partition, tenure);
  }

  /** It stays: what was read ahead is read again, and waits begin anew. */
  #resume(tenure: TopicTenure): void {
    tenure.phase = 'owned';
    // A commit that came too late in a rebalance is refused, and says nothing of what follows.
    tenure.isRefused = false;
    // What was cut off may be stored before it runs again.
    tenure.isResumed = true;
    tenure.endedAt = undefined;
    // Ranges that were cut off keep their bounds, so batches need not be full.
    tenure.markedUpTo = new Map([[tenure.shardId, tenure.markedUpTo.get(tenure.shardId) ?? -1n]]);
    tenure.delivered.clear();
    tenure.lanes.clear();
  }

  #end(tenure: TopicTenure, loss: Loss): void {
    tenure.phase = 'ended';
    tenure.loss = loss;
    tenure.endedAt ??= this.#bench.court.now();
    this.#held.get(tenure.life)?.delete(tenure.partition);
  }

  /** R2: at once in two processes is only what the first could not stop in time, or did not know to be somebody else's. */
  #checkOverlaps(tenure: TopicTenure, invocation: TopicInvocation): void {
    const { court } = this.#bench;
    const keys = new Set(invocation.records.map(({ key }) => key));
    for (const other of this.#busy.get(tenure.partition) ?? []) {
      for (const running of other.running) {
        const shared = running.records.find(({ key }) => keys.has(key));
        if (shared === undefined) continue;
        // In one process a later ownership waits for what an earlier one began.
        if (other.life !== tenure.life && (running.isAbandoned || this.#isUnaware(other) || this.#isUnaware(tenure))) {
          this.#bench.tally.overlaps += 1;
          continue;
        }
        court.fail('R2', `${shared.key} is in invocations ${running.requestId} and ${invocation.requestId} at once`);
      }
    }
  }

  /** It was put out of the group, and had no time to end what runs. */
  #isUnaware({ life, loss }: TopicTenure): boolean {
    return loss === 'put out' || this.#endangered.has(life);
  }

  #checkAbandoned(tenure: TopicTenure, invocation: TopicInvocation, isLate: boolean): void {
    const { court } = this.#bench;
    if (invocation.isAbandoned) return;
    if (isLate && invocation.signal.aborted) {
      invocation.isAbandoned = true;
      this.#bench.tally.abandoned += 1;
      return;
    }
    court.fail(
      'R6',
      `${tenure.shardId} is given up while invocation ${invocation.requestId} runs${isLate ? ', which was not told to stop' : ''}`,
    );
  }

  #heldBy(life: Life): Map<number, TopicTenure> {
    const known = this.#held.get(life);
    if (known !== undefined) return known;
    const made = new Map<number, TopicTenure>();
    this.#held.set(life, made);
    return made;
  }

  #note(life: Life, what: string): void {
    this.#bench.court.trace.note(`p${String(life.number)}`, what);
  }
}
