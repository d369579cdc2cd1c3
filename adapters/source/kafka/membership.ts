/** A membership of a consumer group: the member, its reads and its commits over one set of connections. */
import {
  type Clock,
  type CommitResult,
  type JoinRequest,
  type Logger,
  type OffsetCommit,
  type PartitionOffsets,
  type PartitionReadRequest,
  type Random,
  type SequenceNumber,
  SourceError,
  type StreamStep,
  type TopicMembership,
} from '../../../src/index.ts';
import type { KafkaRecord } from '../../shared/kafka-event.ts';
import type { Brokers } from './brokers.ts';
import { Changes } from './changes.ts';
import { partitionError } from './errors.ts';
import { Fetcher } from './fetcher.ts';
import { GroupMember } from './group-member.ts';
import { type MemberIdentity, saysLost } from './heartbeat.ts';
import { readOffsetAt, readOffsets, type TopicLog } from './offsets.ts';
import { Ownership } from './ownership.ts';
import { type ReadingParts, readPartition } from './reading.ts';

/** What a membership needs. */
export interface MembershipParts {
  readonly topic: string;
  readonly isolationLevel: number;
  readonly sessionTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly request: JoinRequest;
  /** A new set of connections. */
  readonly connect: (onMemberId?: (memberId: string) => void) => Brokers;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onLeft: () => void;
}

/** See the port. */
export class KafkaMembership implements TopicMembership<KafkaRecord> {
  readonly #parts: MembershipParts;
  readonly #group: Brokers;
  readonly #data: Brokers;
  readonly #log: TopicLog;
  readonly #ownership = new Ownership();
  readonly #reading: ReadingParts;
  readonly #member: GroupMember;
  #leaving: Promise<void> | undefined;

  constructor(parts: MembershipParts) {
    const { topic, isolationLevel, clock, random, request } = parts;
    this.#parts = parts;
    this.#group = parts.connect((memberId) => this.#member.named(memberId));
    this.#data = parts.connect();
    this.#log = { topic, brokers: this.#data, isolationLevel };
    const changes = new Changes();
    const fetcher = new Fetcher({ topic, brokers: this.#data, isolationLevel, clock, random });
    this.#reading = {
      log: this.#log,
      fetcher,
      ownership: this.#ownership,
      changes,
      onGone: () => this.#member.suspectTopic(),
      clock,
      random,
    };
    this.#member = new GroupMember({
      ...parts,
      groupId: request.groupId,
      listener: request.listener,
      ownership: this.#ownership,
      changes,
      group: this.#group,
      data: this.#data,
    });
  }

  offsets(): Promise<readonly PartitionOffsets[]> {
    return readOffsets(this.#log, this.#parts.request.groupId);
  }

  offsetAt(partition: number, timestamp: number): Promise<SequenceNumber> {
    return readOffsetAt(this.#log, partition, timestamp);
  }

  read(request: PartitionReadRequest): AsyncIterable<StreamStep<KafkaRecord>> {
    return readPartition(this.#reading, request);
  }

  async commit(commits: readonly OffsetCommit[]): Promise<readonly CommitResult[]> {
    const ours = commits.filter(({ partition, epoch }) => this.#ownership.has(partition, epoch));
    const results = await this.#commit(ours);
    return commits.map((commit) => (ours.includes(commit) ? (results.get(commit.partition) ?? noAnswer()) : 'refused'));
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    await this.#member.leave();
    this.#reading.fetcher.close();
    await Promise.all([this.#group.close(), this.#data.close()]);
    await this.#member.ended;
    this.#parts.onLeft();
  }

  /** One request for all that is ours. */
  async #commit(commits: readonly OffsetCommit[]): Promise<ReadonlyMap<number, CommitResult>> {
    if (commits.length === 0) return new Map();
    const identity = this.#member.identity;
    if (identity === undefined) {
      const busy = new SourceError('unavailable', 'REBALANCE_IN_PROGRESS', 'OffsetCommit: the group is being divided anew');
      return new Map(commits.map(({ partition }) => [partition, busy]));
    }
    const { groupId, memberId, generation } = identity;
    const partitions = commits.map(({ partition, offset, metadata }) => ({ partition, offset, metadata }));
    const topics = [{ topic: this.#parts.topic, partitions }];
    const coordinator = await this.#member.coordinator();
    const answer = await this.#group
      .onBroker(coordinator, 'OffsetCommit', (broker) => broker.offsetCommit({ groupId, memberId, groupGenerationId: generation, topics }))
      .catch((error: unknown) => {
        if (error instanceof SourceError) this.#member.heard(error, identity);
        throw error;
      });
    return new Map(
      answer.responses
        .flatMap((one) => one.partitions)
        .map(({ partition, errorCode }) => [partition, this.#result(partition, errorCode, identity)]),
    );
  }

  #result(partition: number, errorCode: number, identity: MemberIdentity): CommitResult {
    const error = partitionError(errorCode, `OffsetCommit of ${this.#parts.topic}-${String(partition)}`);
    if (error === undefined) return 'committed';
    this.#member.heard(error, identity);
    // What was asked before a rebalance in which the partition stayed says nothing of now: it is asked again.
    if (saysLost(error) && identity !== this.#member.identity) return error;
    return saysLost(error) || error.kind === 'not-found' ? 'refused' : error;
  }
}

function noAnswer(): SourceError {
  return new SourceError('unavailable', 'UnreadableAnswer', 'OffsetCommit: the answer lacks the partition');
}
