import type { LaneState, Offered, StreamInvocation, Tenure } from '../record.ts';
import { laneOfRecord } from '../row.ts';
import type { Bench, Origin } from './bench.ts';

/** The most that one event takes, and what is around its records, bytes. */
export const EVENT_BYTES_MAX = 6_291_456;
export const ENVELOPE_BYTES = 14;
/** Timers are exact in a world, ms. */
const SLACK_MS = 5;
/** The longest wait between two tries of a range, ms. */
const RETRY_MS = 30_000;
/** Retention that no world outlasts, ms. */
export const DAY_MS = 86_400_000;
/** What storing a range before it is invoked takes at most, in latencies. */
const STORE_LATENCIES = 16;

/** R3: a batch goes when its window ends. R12: a lane does not wait for another one. */
export class Lanes {
  readonly #bench: Bench<Origin>;

  constructor(bench: Bench<Origin>) {
    this.#bench = bench;
  }

  invoked({ tenure, shardId, records }: StreamInvocation): void {
    const first = records[0];
    if (first === undefined) return;
    const isFresh = records.every((record) => !tenure.attempted.has(record));
    for (const record of records) tenure.attempted.add(record);
    const lane = this.#lane(tenure, first);
    const markedUpTo = tenure.markedUpTo.get(shardId);
    const isMarked = markedUpTo !== undefined && BigInt(first.sequenceNumber) <= markedUpTo;
    const deliveredAt = tenure.delivered.get(first);
    // In tumbling windows batches are cut by arrival, and wait for final invocations.
    const isWindowed = this.#bench.mapping.fields.tumblingWindowInSeconds > 0;
    if (tenure.endedAt !== undefined || isMarked || deliveredAt === undefined || isWindowed) return;
    this.#checkLate(tenure, lane, records, isFresh, Math.max(deliveredAt, lane.freeSince, tenure.failedUntil ?? 0));
    if (isFresh && !lane.isCut) this.#checkEarly(tenure, shardId, records, deliveredAt);
    lane.isCut = false;
  }

  /** The head of a batch is too old. */
  cut(tenure: Tenure, record: Offered | undefined): void {
    if (record !== undefined) this.#lane(tenure, record).isCut = true;
  }

  /** An invocation has ended, or a destination was asked to take a range. */
  progressed(tenure: Tenure, record: Offered | undefined, isInTrouble: boolean): void {
    if (record === undefined) return;
    const lane = this.#lane(tenure, record);
    lane.freeSince = this.#bench.court.now();
    lane.isInTrouble = isInTrouble;
  }

  #lane(tenure: Tenure, record: Offered): LaneState {
    const name = `${record.shardId} ${String(laneOfRecord(record, tenure.factor))}`;
    const known = tenure.lanes.get(name);
    if (known !== undefined) return known;
    const made: LaneState = { freeSince: Number.NEGATIVE_INFINITY, isInTrouble: false, isCut: false };
    tenure.lanes.set(name, made);
    return made;
  }

  #checkLate(tenure: Tenure, lane: LaneState, records: readonly Offered[], isFresh: boolean, since: number): void {
    const { court, mapping, fn } = this.#bench;
    const { faults, latencyMs } = court.plan;
    const isStoreSound = faults.storeError === 0 && faults.storeLostReply === 0;
    if (fn.reserved !== undefined || tenure.hasSuspects || (tenure.isResumed && !isStoreSound)) return;
    const storeMs = tenure.isResumed ? STORE_LATENCIES * latencyMs : 0;
    const most = isFresh ? mapping.fields.maximumBatchingWindowInSeconds * 1000 : RETRY_MS;
    const passesSince = court.passesSince(tenure.life, fn);
    if (passesSince === undefined) return;
    const waited = court.now() - Math.max(since, passesSince);
    if (waited <= most + storeMs + SLACK_MS) return;
    const hasOther = [...tenure.lanes.values()].some((other) => other !== lane && other.isInTrouble);
    court.fail(
      isFresh && !hasOther ? 'R3' : 'R12',
      `${mapping.name}: the batch with record ${records[0]?.text ?? ''} waited ${String(waited)} ms and could go after ${String(most)} ms`,
    );
  }

  #checkEarly(tenure: Tenure, shardId: string, records: readonly Offered[], deliveredAt: number): void {
    const { court, mapping, stream } = this.#bench;
    const { batchSize, maximumBatchingWindowInSeconds } = mapping.fields;
    const waited = court.now() - deliveredAt;
    if (records.length >= batchSize || waited >= maximumBatchingWindowInSeconds * 1000 - SLACK_MS) return;
    // What ends a batch before its window: the end of the shard, a loss, ranges of an earlier time, and large records behind it.
    const mayStandStill = mapping.fields.onTrimmed === 'stop' && stream.plan.retentionMs < DAY_MS;
    if (tenure.markedUpTo.has(shardId) || mayStandStill || stream.sizes.size > 0 || stream.isClosed(shardId)) return;
    court.fail(
      'R3',
      `${mapping.name}: a batch of ${String(records.length)} went ${String(waited)} ms after its first record ${records[0]?.text ?? ''}, before its window ended`,
    );
  }
}
