import type { SelfManagedKafkaEvent } from 'aws-lambda';
import type { EmbeddedMembership, EmbeddedTopicClient, KafkaRecord } from '../../../adapters/source/embedded-topic/index.ts';
import type {
  BatchInfo,
  CommitResult,
  JoinRequest,
  OffsetCommit,
  PartitionOffsets,
  PartitionReadRequest,
  SequenceNumber,
  StreamStep,
  TopicDescription,
  TopicMembership,
  TopicSource,
} from '../../../src/index.ts';
import { SourceError } from '../../../src/index.ts';
import { call, cross, isOut, pass, type Surroundings, strikes, unavailable } from '../streams/faulty.ts';
import type { TopicJudge } from './judge/index.ts';
import type { TopicFaults } from './plan.ts';

/** What everything around one process works with. */
export interface TopicSurroundings extends Surroundings {
  readonly faults: TopicFaults;
  readonly judge: TopicJudge;
  /** The topic by the clock of the process. */
  readonly client: EmbeddedTopicClient;
  readonly pageRecords: number;
}

/** How far above the exact size the bound of a large record may be, bytes. */
const BOUND_STEP = 30_000;
const BOUND_STEPS = 7;

/** The embedded topic as one process reaches it. */
export class FaultyTopic implements TopicSource<SelfManagedKafkaEvent, KafkaRecord> {
  readonly kind = 'topic';
  readonly label: string;
  readonly topic: string;
  readonly startingPositions;
  readonly filtering;
  /** The newest membership of the process. */
  member: EmbeddedMembership | undefined;
  readonly #around: TopicSurroundings;

  constructor(around: TopicSurroundings) {
    const { client } = around;
    this.#around = around;
    this.label = client.label;
    this.topic = client.topic;
    this.startingPositions = client.startingPositions;
    this.filtering = client.filtering;
  }

  describe(): Promise<TopicDescription> {
    const { client, faults } = this.#around;
    return call(this.#around, 'describe', { error: faults.listError, lostReply: 0 }, () => client.describe());
  }

  join({ groupId, listener }: JoinRequest): TopicMembership<KafkaRecord> {
    const { life, judge, client } = this.#around;
    // What the embedded topic calls comes after a timer of the process, so never when the process is gone.
    this.member = client.join({
      groupId,
      listener: {
        onAssigned: (assigned) => {
          judge.assigned(life, assigned);
          listener.onAssigned(assigned);
        },
        onRevoking: async (partitions, deadline) => {
          judge.revoking(life, partitions);
          await listener.onRevoking(partitions, deadline);
          await cross(this.#around);
          judge.revoked(life, partitions, deadline.aborted);
        },
        onTrouble: (error, retryAt) => {
          judge.lost(life, error);
          listener.onTrouble(error, retryAt);
        },
      },
    });
    return new FaultyMembership(this.#around, this.member);
  }

  toEvent(partition: number, records: readonly KafkaRecord[]): SelfManagedKafkaEvent {
    return this.#around.client.toEvent(partition, records);
  }

  eventBytes(partition: number, record: KafkaRecord): number {
    return this.#around.judge.bytesOf(partition, record.sequenceNumber) ?? this.#around.client.eventBytes(partition, record);
  }

  batchInfo(partition: number, records: readonly KafkaRecord[]): BatchInfo {
    return this.#around.client.batchInfo(partition, records);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A membership whose calls go wrong now and then. */
class FaultyMembership implements TopicMembership<KafkaRecord> {
  readonly #around: TopicSurroundings;
  readonly #member: EmbeddedMembership;

  constructor(around: TopicSurroundings, member: EmbeddedMembership) {
    this.#around = around;
    this.#member = member;
  }

  offsets(): Promise<readonly PartitionOffsets[]> {
    const error = this.#around.faults.listError;
    return call(this.#around, 'offsets', { error, lostReply: 0 }, () => this.#member.offsets());
  }

  offsetAt(partition: number, timestamp: number): Promise<SequenceNumber> {
    const error = this.#around.faults.listError;
    return call(this.#around, 'offsetAt', { error, lostReply: 0 }, () => this.#member.offsetAt(partition, timestamp));
  }

  async *read(request: PartitionReadRequest): AsyncIterableIterator<StreamStep<KafkaRecord>, undefined> {
    const { clock, random, faults, life, judge, pageRecords } = this.#around;
    const maxRecords = Math.min(request.maxRecords, pageRecords);
    judge.opened(life, request);
    const inner = this.#member.read({ ...request, maxRecords });
    for (;;) {
      if (isOut(this.#around, 'reads') || strikes(this.#around, faults.readError / 2)) throw unavailable('a read');
      if (strikes(this.#around, faults.slowRead)) await pass(clock, random.integer(1, 5000));
      if (strikes(this.#around, faults.trouble)) {
        const ms = random.integer(1, 3000);
        yield { kind: 'trouble', error: unavailable('a fetch'), retryAt: clock.monotonic() + ms };
        await pass(clock, ms);
        await cross(this.#around);
      }
      if (strikes(this.#around, faults.emptyPage)) {
        yield { kind: 'page', records: [], readThrough: undefined, millisBehindLatest: 1, ended: false };
        await pass(clock, 1);
        await cross(this.#around);
      }
      const step = await inner.next();
      await cross(this.#around);
      if (step.done === true || request.signal.aborted) {
        await inner.return?.();
        return undefined;
      }
      if (strikes(this.#around, faults.readError / 2)) throw unavailable('a page');
      judge.delivered(life, request, step.value);
      yield this.#sized(step.value);
    }
  }

  async commit(commits: readonly OffsetCommit[]): Promise<readonly CommitResult[]> {
    const { life, judge } = this.#around;
    const results = await this.#commit(commits).catch((error: unknown) => {
      for (const commit of commits) judge.commitHeard(life, commit, true);
      throw error;
    });
    commits.forEach((commit, index) => {
      const result = results[index];
      judge.commitHeard(life, commit, result instanceof SourceError);
      if (result === 'refused') judge.commitRefused(life, commit);
      if (result instanceof SourceError && result.kind === 'invalid') judge.commitInvalid(commit);
    });
    return results;
  }

  #commit(commits: readonly OffsetCommit[]): Promise<readonly CommitResult[]> {
    const { faults, life, judge } = this.#around;
    const rates = { error: isOut(this.#around, 'commits') ? 1 : faults.storeError, lostReply: faults.storeLostReply };
    return call(this.#around, 'commit', rates, async () => {
      const taken = commits.map((commit) => !strikes(this.#around, faults.commitPart) && commit);
      const answers = await this.#member.commit(taken.filter((commit) => commit !== false));
      let next = 0;
      return taken.map((commit, index): CommitResult => {
        const answer = commit === false ? unavailable(`the commit of ${String(index)}`) : (answers[next++] ?? 'refused');
        if (commit !== false && answer === 'committed') judge.committed(life, commit);
        return answer;
      });
    });
  }

  async leave(): Promise<void> {
    const { life, judge } = this.#around;
    await call(this.#around, 'leave', { error: 0, lostReply: 0 }, () => {
      judge.left(life);
      return this.#member.leave();
    });
  }

  /** Large records are as large as they claim to be. */
  #sized(step: StreamStep<KafkaRecord>): StreamStep<KafkaRecord> {
    const { judge } = this.#around;
    if (step.kind !== 'page' || !judge.hasSizes) return step;
    const records = step.records.map((record) => {
      const bytes = judge.bytesOf(record.partition, record.sequenceNumber);
      if (bytes === undefined) return record;
      return Object.create(record, { sizeBound: { value: bytes + (bytes % BOUND_STEPS) * BOUND_STEP } }) as KafkaRecord;
    });
    return { ...step, records };
  }
}
