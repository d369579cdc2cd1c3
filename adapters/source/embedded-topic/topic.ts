import type { SequenceNumber } from '../../../src/index.ts';
import { SourceError, sequenceNumber } from '../../../src/index.ts';
import type { KafkaRecord } from '../../shared/kafka-event.ts';
import { Broker } from './broker.ts';
import { EmbeddedTopicClient } from './client.ts';
import { invalid } from './errors.ts';
import type { ClientOptions, EmbeddedTopicOptions } from './options.ts';
import { resolveOptions } from './options.ts';
import { checkRecord, type ProduceInput, type ProduceResult } from './produce-input.ts';
import { EmbeddedTransaction, type TransactionState } from './transaction.ts';

/** One partition as {@link EmbeddedTopic.peek} shows it. */
export interface PeekedPartition {
  readonly logStart: SequenceNumber;
  readonly logEnd: SequenceNumber;
  /** What it keeps when this is asked for, the oldest first; records of open and aborted transactions too. */
  readonly records: readonly KafkaRecord[];
}

/** One group as {@link EmbeddedTopic.peekGroup} shows it. */
export interface PeekedGroup {
  /** Grows with every rebalance. */
  readonly generation: number;
  /** Who is in it, and the partitions of each. */
  readonly members: readonly { readonly memberId: string; readonly partitions: readonly number[] }[];
  /** What was committed, by partition. */
  readonly committed: ReadonlyMap<number, { readonly offset: string; readonly metadata: string }>;
}

/**
 * A topic in this process with the semantics of Kafka: partitions, offsets, groups. Made for a first run, for tests and for
 * simulations: what it holds is lost with the process. README.md beside this file lists what it does and does not.
 */
export class EmbeddedTopic extends EmbeddedTopicClient {
  readonly #broker: Broker;

  /** Throws a ConfigError that lists every option that is wrong. */
  constructor(options: EmbeddedTopicOptions) {
    const settings = resolveOptions(options);
    const broker = new Broker(settings);
    super(broker, settings.clock);
    this.#broker = broker;
    broker.create();
  }

  /** The same topic as another process sees it: its memberships wait, and beat their hearts, on that process's clock. */
  client({ clock }: ClientOptions): EmbeddedTopicClient {
    return new EmbeddedTopicClient(this.#broker, clock);
  }

  /**
   * Puts a record in; it can be read at once. Throws a SourceError: `invalid` when the record breaks a rule, `throttled` when the
   * topic is full, `gone` when there is no such partition, `not-found` when the topic was deleted.
   */
  produce(input: ProduceInput): ProduceResult {
    return this.#produce(input, undefined);
  }

  /** Produces one after the other, any number. The first that is refused throws; those before it are in the topic. */
  produceMany(inputs: readonly ProduceInput[]): ProduceResult[] {
    return inputs.map((input) => this.produce(input));
  }

  /** Begins a transaction. Any number may be open at once. */
  transaction(): EmbeddedTransaction {
    return new EmbeddedTransaction({
      produce: (input, transaction) => this.#produce(input, transaction),
      mark: (partitions) => {
        for (const partition of partitions) this.#broker.logs.log(partition).skip(1);
      },
    });
  }

  /** What is in a partition, without reading it. For tests. Throws `gone`. */
  peek(partition: number): PeekedPartition {
    const log = this.#broker.logs.log(partition);
    return {
      logStart: sequenceNumber(String(log.start)),
      logEnd: sequenceNumber(String(log.end)),
      get records() {
        return log.records;
      },
    };
  }

  /** What is known of a group. */
  peekGroup(groupId: string): PeekedGroup {
    const group = this.#broker.group(groupId);
    const members = group.members.map(({ memberId, assigned }) => ({ memberId, partitions: assigned.map(({ partition }) => partition) }));
    const committed = new Map<number, { readonly offset: string; readonly metadata: string }>();
    for (const { partition } of this.#broker.logs.list()) {
      const known = group.committed(partition);
      if (known !== undefined) committed.set(partition, known);
    }
    return { generation: group.generation, members, committed };
  }

  /** Sets what a group has committed for a partition, as another client or an operator may; `undefined` removes it. */
  setCommitted(groupId: string, partition: number, committed: { readonly offset: string; readonly metadata?: string } | undefined): void {
    const { partition: known } = this.#broker.logs.log(partition);
    const kept = committed === undefined ? undefined : { offset: sequenceNumber(committed.offset), metadata: committed.metadata ?? '' };
    this.#broker.group(groupId).setCommitted(known, kept);
  }

  /** Makes all members of a group join again. */
  rebalance(groupId: string): void {
    this.#broker.group(groupId).rebalance();
  }

  /** Adds so many partitions, empty ones; every group rebalances. */
  addPartitions(count: number): void {
    this.#broker.addPartitions(count);
  }

  /** Removes the records of a partition below an offset, which becomes the log's start; all of them unless one is given. Throws `invalid` beyond the end. */
  deleteRecords(partition: number, before?: string): void {
    const log = this.#broker.logs.log(partition);
    const offset = before === undefined ? log.end : BigInt(sequenceNumber(before));
    if (offset > log.end) throw invalid(`the log of partition ${String(partition)} ends at ${String(log.end)}`);
    log.deleteBefore(offset);
  }

  /** Removes all records but the last of each key, as compaction does; their offsets stay unused. */
  compact(partition: number): void {
    this.#broker.logs.log(partition).compact();
  }

  /** Uses up offsets of a partition without records, as control records do. */
  skipOffsets(partition: number, count: number): void {
    if (!Number.isInteger(count) || count < 1) throw invalid('count must be a whole number, at least 1');
    this.#broker.logs.log(partition).skip(count);
  }

  /** Deletes the topic with all it holds, and what groups have committed for it. Every call then says `not-found`, until it is made again. */
  delete(): void {
    this.#broker.delete();
  }

  /** Deletes the topic if it is there and makes an empty one under its name, with partitions as at first. */
  recreate(): void {
    this.#broker.create();
  }

  #produce(input: ProduceInput, transaction: TransactionState | undefined): ProduceResult {
    const { settings, logs } = this.#broker;
    const record = checkRecord(input, settings.maximumRecordBytes);
    if (!this.#hasRoom(record.bytes)) {
      logs.list();
      if (!this.#hasRoom(record.bytes)) throw this.#full();
    }
    return logs.produce(record, transaction);
  }

  #hasRoom(more: number): boolean {
    const { settings, logs } = this.#broker;
    return logs.holdings.records < settings.maximumRecords && logs.holdings.bytes + more <= settings.maximumBytes;
  }

  #full(): SourceError {
    const { settings, logs } = this.#broker;
    const limits = `maximumRecords is ${String(settings.maximumRecords)}, maximumBytes ${String(settings.maximumBytes)}`;
    const held = `it holds ${String(logs.holdings.records)} records with ${String(logs.holdings.bytes)} bytes`;
    const message = `topic ${this.topic} is full: ${held}; ${limits}. Raise the limit, or lower retentionMs: reading removes nothing`;
    return new SourceError('throttled', 'TopicFull', message);
  }
}

/** Makes an {@link EmbeddedTopic}. */
export function embeddedTopic(options: EmbeddedTopicOptions): EmbeddedTopic {
  return new EmbeddedTopic(options);
}
