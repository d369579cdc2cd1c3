import type { Offered } from '../../streams/record.ts';
import type { TopicBench } from './bench.ts';
import type { TopicTenure } from './tenures.ts';

/** R4: records that retention took before they were handled. */
export class Losses {
  readonly #bench: TopicBench;
  readonly #newest: (partition: number) => TopicTenure | undefined;
  /** Partitions that were said to stand still, and what was committed of them then. */
  readonly #told = new Map<number, string | undefined>();

  constructor(bench: TopicBench, newest: (partition: number) => TopicTenure | undefined) {
    this.#bench = bench;
    this.#newest = newest;
  }

  /** Whether a record is gone: neither in the topic nor with a process that has its partition. */
  isLost(record: Offered): boolean {
    const { topic } = this.#bench;
    if (record.isFinished || topic.keeps(record)) return false;
    const tenure = this.#newest(topic.numberOf(record.shardId));
    return tenure?.phase !== 'owned' || !tenure.delivered.has(record);
  }

  /** Whether nothing more has to become of a record. */
  isExcused(record: Offered): boolean {
    if (record.isFinished || record.isExempt) return true;
    const { mapping, topic } = this.#bench;
    if (mapping.fields.onTrimmed === 'stop') return this.#isTold(topic.numberOf(record.shardId));
    if (this.isLost(record)) record.isExempt = true;
    return record.isExempt;
  }

  /** Some owner said that it stands still, and it has not moved since. */
  #isTold(partition: number): boolean {
    if (this.#newest(partition)?.isStanding === true) return true;
    const told = this.#told.get(partition);
    return told !== undefined && told === this.#bench.topic.committed(partition)?.offset;
  }

  /** A process says that a partition stands still. */
  stands(tenure: TopicTenure): void {
    const { court, mapping, topic } = this.#bench;
    tenure.isStanding = true;
    tenure.hasNotBegun = tenure.openedAt.size === 0;
    this.#told.set(tenure.partition, topic.committed(tenure.partition)?.offset);
    court.trace.note('judge', `${tenure.shardId} stands still`);
    if (mapping.fields.onTrimmed !== 'stop') court.fail('R4', `${tenure.shardId} stands still although it is to resume at the horizon`);
    const { logStart } = topic.embedded.peek(tenure.partition);
    const committed = topic.committed(tenure.partition);
    if (committed === undefined || BigInt(committed.offset) >= BigInt(logStart)) {
      court.fail(
        'R4',
        `${tenure.shardId} stands still although nothing was lost: it has ${committed?.offset ?? 'nothing'} committed, its log begins at ${logStart}`,
      );
    }
  }
}
