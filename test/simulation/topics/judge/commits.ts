import type { OffsetCommit } from '../../../../src/index.ts';
import type { Life } from '../../life.ts';
import type { Offered } from '../../streams/record.ts';
import { rangeOf } from '../../streams/record.ts';
import { covers } from '../../streams/row.ts';
import { type CommittedRow, readCommitted } from '../row.ts';
import { INCARNATION } from '../topic.ts';
import type { TopicBench } from './bench.ts';
import type { Losses } from './losses.ts';
import type { Beginning, TopicInvocation, TopicTenure } from './tenures.ts';

/** What a commit may take on top of the interval, in latencies, and ms beside them. */
const COMMIT_LATENCIES = 10;
const COMMIT_SLACK_MS = 20;

/** The first commit of a partition. */
interface First {
  readonly partition: number;
  readonly offset: string;
  readonly logStart: string;
  /** When the mapping was created, as the commit says. */
  readonly since: number | undefined;
}

/** How many schemes of other factors are kept beside the newest; beyond them the position alone counts. */
const OLDER_MAX = 4;

/** What is left for an owner with so many lanes. */
function withoutOldest(row: CommittedRow, factor: number): CommittedRow {
  if (row.lanes.length === factor) return row;
  const known = [{ lanes: row.lanes }, ...(row.older ?? [])].filter(({ lanes }) => lanes.some((lane) => lane !== null));
  return { ...row, lanes: [null], older: known.slice(0, OLDER_MAX) };
}

/** R4 and R5: what the group has committed. */
export class Commits {
  readonly #bench: TopicBench;
  readonly #losses: Losses;
  readonly #onAlone: (range: string) => void;
  /** Partitions that have been committed for. */
  readonly #begun = new Set<number>();

  /** `onAlone`: a range has ended its process while it ran alone. */
  constructor(bench: TopicBench, losses: Losses, onAlone: (range: string) => void) {
    this.#bench = bench;
    this.#losses = losses;
    this.#onAlone = onAlone;
  }

  /** What a tenure begins with. */
  beginning(partition: number, factor: number): Beginning {
    const { topic, records } = this.#bench;
    const shardId = topic.nameOf(partition);
    const committed = topic.committed(partition);
    const row = committed === undefined ? undefined : withoutOldest(readCommitted(committed), factor);
    const all = records.ofShard(INCARNATION, shardId);
    const durable = new Set(row === undefined ? [] : all.filter((record) => covers(row, record)));
    const retry = row?.retry ?? [];
    const marks = retry.map(({ to }) => BigInt(to));
    const highest = marks.reduce((most, mark) => (mark > most ? mark : most), -1n);
    for (const { from, to, running } of retry) {
      if (running !== 'alone') continue;
      this.#onAlone(rangeOf([from, to].flatMap((number) => all.filter(({ sequenceNumber }) => sequenceNumber === number))));
    }
    return {
      durable,
      markedUpTo: new Map(highest < 0n ? [] : [[shardId, highest]]),
      hasSuspects: retry.some(({ running }) => running !== undefined),
      isResumed: committed !== undefined,
      factor,
    };
  }

  /** The group is about to take a commit, which is to be looked at before it does. */
  check({ partition, offset, metadata }: OffsetCommit): void {
    const { topic, records, court } = this.#bench;
    const shardId = topic.nameOf(partition);
    const { logStart, logEnd } = topic.embedded.peek(partition);
    if (BigInt(offset) > BigInt(logEnd))
      court.fail('R4', `offset ${offset} of ${shardId} is committed, beyond the end of its log at ${logEnd}`);
    if (!this.#begun.has(partition)) this.#begin({ partition, offset, logStart, since: readCommitted({ offset, metadata }).since });
    const row = readCommitted({ offset, metadata });
    for (const record of records.ofShard(INCARNATION, shardId)) {
      if (record.isFinished || record.isExempt || !covers(row, record) || this.#losses.isExcused(record)) continue;
      const rule = this.#losses.isLost(record) ? 'R4' : 'R5';
      court.fail(
        rule,
        `what is committed of ${shardId}, ${offset}, covers record ${record.text} at ${record.sequenceNumber}, which is neither handled nor given up`,
      );
    }
  }

  /** For the trace. */
  note({ number }: Life, { partition, epoch, offset, metadata }: OffsetCommit): void {
    this.#bench.court.trace.note(`p${String(number)}`, `commits ${String(partition)}@${String(epoch)} at ${offset} ${metadata}`);
  }

  /** R4: nothing is handed over of a partition whose start is not committed. */
  checkBegun(shardId: string, partition: number): void {
    if (this.#bench.topic.committed(partition) !== undefined) return;
    this.#bench.court.fail('R4', `${shardId} is read and nothing is committed of it: its start would be another one for the next owner`);
  }

  /** R5: what was settled long enough before its owner ended is committed, and does not come again. */
  checkRepeat(tenure: TopicTenure, record: Offered, isEndangered: (life: Life) => boolean): void {
    const { court, mapping, tally } = this.#bench;
    const by = record.handledBy;
    if (by === undefined) return;
    const handler = by.tenure as TopicTenure;
    const invocation = by.invocation as TopicInvocation;
    // Who stood still, or was put out without its knowledge, repeats what a later owner has done.
    if (handler.epoch >= tenure.epoch) return;
    tally.repeats += 1;
    const { faults, latencyMs } = court.plan;
    if (faults.storeError > 0 || faults.storeLostReply > 0 || invocation.isAbandoned) return;
    const { endedAt: settledAt } = invocation;
    if (settledAt === undefined || handler.endedAt === undefined) return;
    const isGiven = handler.loss === 'revoked' || handler.loss === 'left' || handler.phase === 'revoked';
    // Who was put out without its knowledge cannot commit what it then gives up.
    const isOrderly = isGiven && !isEndangered(handler.life);
    const bound = (isOrderly ? 0 : mapping.fields.checkpointIntervalMs) + COMMIT_LATENCIES * latencyMs + COMMIT_SLACK_MS;
    const waited = handler.endedAt - settledAt;
    if (isOrderly ? waited < 0 : waited <= bound) return;
    court.fail(
      'R5',
      `record ${record.text} was settled ${String(waited)} ms before its partition was ${handler.loss ?? 'given up'} and is invoked again`,
    );
  }

  /** What is below the first start need not be handled, where the mapping begins later. */
  #begin({ partition, offset, logStart, since }: First): void {
    const { topic, records, mapping, court } = this.#bench;
    this.#begun.add(partition);
    const { startingPosition } = mapping.fields;
    const shardId = topic.nameOf(partition);
    if (startingPosition === 'TRIM_HORIZON' && BigInt(offset) > BigInt(logStart)) {
      court.fail('R4', `${shardId} begins at ${offset}, and its log at ${logStart}`);
    }
    const from = startingPosition === 'LATEST' ? since : startingPosition === 'AT_TIMESTAMP' ? topic.startAt : undefined;
    for (const record of records.ofShard(INCARNATION, shardId)) {
      if (BigInt(record.sequenceNumber) >= BigInt(offset)) continue;
      if (from !== undefined && record.arrivedAt < from) record.isExempt = true;
      // What was gone before anybody began is before the horizon that was asked for.
      if (BigInt(record.sequenceNumber) < BigInt(logStart)) record.isExempt = true;
    }
  }

  /** R6: nobody commits for what stands still. */
  checkStanding(tenure: TopicTenure): void {
    if (tenure.hasNotBegun) this.#bench.court.fail('R4', `something is committed of ${tenure.shardId}, which stands still`);
  }
}
