import { kafkaRecord } from '../../shared/kafka-event.ts';
import { invalid, noPartition } from './errors.ts';
import { type Holdings, PartitionLog } from './log.ts';
import { PARTITIONS_MAX, type TopicSettings } from './options.ts';
import { partitionOfKey } from './partitioner.ts';
import type { CheckedRecord, ProduceResult } from './produce-input.ts';
import type { TransactionState } from './transaction.ts';

/** One incarnation of a topic: its partitions and what is in them. */
export class Logs {
  readonly holdings: Holdings = { records: 0, bytes: 0 };
  readonly #settings: TopicSettings;
  readonly #logs: PartitionLog[] = [];
  #turn = 0;

  constructor(settings: TopicSettings) {
    this.#settings = settings;
    this.add(settings.partitions);
  }

  get partitions(): number {
    return this.#logs.length;
  }

  /** Every partition, without what is past retention. */
  list(): readonly PartitionLog[] {
    const horizon = this.#settings.clock.wall() - this.#settings.retentionMs;
    for (const log of this.#logs) log.retain(horizon);
    return this.#logs;
  }

  /** One partition, without what is past retention. Throws `gone`. */
  log(partition: number): PartitionLog {
    const log = this.#logs[partition];
    if (log === undefined) throw noPartition(this.#settings.name, partition);
    log.retain(this.#settings.clock.wall() - this.#settings.retentionMs);
    return log;
  }

  produce(record: CheckedRecord, transaction: TransactionState | undefined): ProduceResult {
    const { name: topic, clock, timestampType } = this.#settings;
    const log = this.log(this.#partitionOf(record));
    const now = Math.floor(clock.wall());
    const arrivedAt = timestampType === 'CREATE_TIME' ? (record.timestamp ?? now) : now;
    const sequenceNumber = log.nextNumber;
    const { key, value, headers } = record;
    const { partition } = log;
    log.append(kafkaRecord({ topic, partition, sequenceNumber, arrivedAt, timestampType, key, value, headers }), transaction);
    return { partition, offset: sequenceNumber };
  }

  /** Adds so many partitions, empty ones. */
  add(count: number): void {
    if (!Number.isInteger(count) || count < 1 || this.#logs.length + count > PARTITIONS_MAX) {
      throw invalid(`a topic takes 1 to ${String(PARTITIONS_MAX)} partitions; it has ${String(this.#logs.length)}`);
    }
    for (let added = 0; added < count; added += 1) {
      this.#logs.push(new PartitionLog(this.#logs.length, BigInt(this.#settings.firstOffset), this.holdings));
    }
  }

  /** Lets every read that waits look again. */
  wake(): void {
    for (const log of this.#logs) log.wake();
  }

  #partitionOf({ partition, key }: CheckedRecord): number {
    if (partition !== undefined) return partition;
    if (key !== null) return partitionOfKey(key, this.#logs.length);
    this.#turn = (this.#turn + 1) % this.#logs.length;
    return this.#turn;
  }
}
