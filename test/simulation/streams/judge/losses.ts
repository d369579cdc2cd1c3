import type { Offered, Tenure } from '../record.ts';
import { covers, type ReadRow } from '../row.ts';
import type { Bench } from './bench.ts';

/** How old the stored instant up to which a shard was read may be, and the rest of a store's delays, ms. */
const READ_THROUGH_STEP_MS = 30_000;
const READ_THROUGH_SLACK_MS = 8_000;

/** How far a shard was read. Wall instants, epoch ms. */
interface Read {
  /** What earlier tenures must have stored; minus infinity: nothing. */
  stored: number;
  tenure: Tenure;
  /** Pages of this tenure: when they came, monotonic ms, and up to which instant they reach. */
  readonly pages: { readonly at: number; readonly through: number }[];
}

/** R4: records that retention took before they were read. */
export class Losses {
  readonly #bench: Bench;
  /** By incarnation and shard. */
  readonly #reads = new Map<string, Read>();
  readonly #rows = new Map<string, ReadRow>();
  /** Shards that there were when the mapping began with an incarnation. */
  readonly #initial = new Map<string, ReadonlySet<string>>();
  /** What arrived from this instant on was asked for and kept when the mapping began, wall clock. */
  #owedSince = Number.NEGATIVE_INFINITY;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  began(incarnation: string, shards: readonly string[]): void {
    if (this.#initial.has(incarnation)) return;
    const { court, mapping, stream, records } = this.#bench;
    const horizon = court.wall() - stream.plan.retentionMs;
    const isFirst = this.#initial.size === 0;
    for (const record of records.byText.values()) if (!record.isFinished && !stream.keeps(record)) record.isExempt = true;
    this.#initial.set(incarnation, new Set(shards));
    const isOfInstant = isFirst && mapping.fields.startingPosition === 'AT_TIMESTAMP' && stream.startAt >= horizon;
    this.#owedSince = isOfInstant ? Math.min(stream.startAt, court.wall()) : court.wall();
  }

  stored(shardId: string, row: ReadRow): void {
    this.#rows.set(`${row.incarnation} ${shardId}`, row);
  }

  /** A page goes to the engine. */
  delivered(tenure: Tenure, shardId: string, readThrough: number | undefined): void {
    const { stream, records, court } = this.#bench;
    const shard = `${stream.incarnation} ${shardId}`;
    const before = this.#reads.get(shard);
    const read = before?.tenure === tenure ? before : { stored: this.#storedThrough(before), tenure, pages: [] };
    this.#reads.set(shard, read);
    if (readThrough !== undefined) read.pages.push({ at: court.now(), through: readThrough });
    if (before !== undefined) return;
    for (const record of records.ofShard(stream.incarnation, shardId)) if (this.#isBeforeHorizon(record)) record.isExempt = true;
  }

  /** How far a later tenure must know that a shard was read: what a process had no time to store before it ended is not known. */
  #storedThrough(read: Read | undefined): number {
    if (read === undefined) return Number.NEGATIVE_INFINITY;
    const { checkpointIntervalMs } = this.#bench.mapping.fields;
    const until = (read.tenure.endedAt ?? Number.POSITIVE_INFINITY) - checkpointIntervalMs - READ_THROUGH_SLACK_MS;
    return Math.max(read.stored, ...read.pages.filter(({ at }) => at <= until).map(({ through }) => through));
  }

  /** It was there when the mapping began, and gone before anybody read of its shard: before the horizon that was asked for. */
  #isBeforeHorizon(record: Offered): boolean {
    const { stream, mapping } = this.#bench;
    if (mapping.fields.startingPosition === 'LATEST' || record.arrivedAt >= this.#owedSince) return false;
    return this.#initial.get(record.incarnation)?.has(record.shardId) === true && !stream.keeps(record);
  }

  /** Whether a record is gone: neither in the stream nor with an engine that lives. */
  isLost(record: Offered): boolean {
    const { stream, current } = this.#bench;
    const tenure = current();
    const isHeld = tenure?.endedAt === undefined && tenure?.delivered.has(record) === true;
    return !isHeld && !record.isFinished && !stream.keeps(record);
  }

  /** Whether nothing more has to become of a record. */
  isExcused(record: Offered): boolean {
    if (record.isFinished || record.isExempt) return true;
    const { mapping, stream } = this.#bench;
    const isUnread = !this.#reads.has(`${record.incarnation} ${record.shardId}`);
    if (isUnread && this.#isBeforeHorizon(record)) record.isExempt = true;
    if (mapping.fields.onTrimmed === 'stop') {
      if (record.incarnation !== stream.incarnation) return false;
      return this.#standsStill(record.shardId) || (this.isLost(record) && this.#isTold(record.shardId));
    }
    if (this.isLost(record)) record.isExempt = true;
    return record.isExempt;
  }

  /** The engine said that a shard stands still. */
  trimmed(tenure: Tenure, shardId: string): void {
    const { court, mapping, stream } = this.#bench;
    if (tenure.endedAt !== undefined || tenure.acquiredAt <= stream.recreatedAt) return;
    tenure.trimmed.add(shardId);
    court.trace.note('judge', `${mapping.name}: ${shardId} stands still`);
    if (mapping.fields.onTrimmed !== 'stop') court.fail('R4', `${shardId} stands still although it is to resume at the horizon`);
    if (!this.#hasLost(tenure, shardId) && !this.#isSuspect(tenure, shardId)) {
      court.fail('R4', `${shardId} stands still although nothing was lost: it was read to ${String(this.#agoOf(tenure, shardId))} ms ago`);
    }
  }

  /** Records of it, as stored, are gone, and this tenure has not read them. */
  #hasLost(tenure: Tenure, shardId: string): boolean {
    const { records, stream } = this.#bench;
    const row = this.#rows.get(`${stream.incarnation} ${shardId}`);
    return records
      .ofShard(stream.incarnation, shardId)
      .some((record) => !tenure.delivered.has(record) && !(row !== undefined && covers(row, record)) && !stream.keeps(record));
  }

  /** Records older than the stream keeps may not have been read. */
  #isSuspect(tenure: Tenure, shardId: string): boolean {
    const { stream } = this.#bench;
    return this.#agoOf(tenure, shardId) > stream.plan.retentionMs - READ_THROUGH_STEP_MS - READ_THROUGH_SLACK_MS;
  }

  #agoOf(tenure: Tenure, shardId: string): number {
    const { stream, records, court } = this.#bench;
    const known = [shardId, ...records.parentsOf(stream.incarnation, shardId)].map((id) => {
      const read = this.#reads.get(`${stream.incarnation} ${id}`);
      if (read?.tenure !== tenure) return read && this.#storedThrough(read);
      return Math.max(read.stored, ...read.pages.map(({ through }) => through));
    });
    // What was read of it and never stored, nobody knows any more.
    const own = this.#rows.has(`${stream.incarnation} ${shardId}`) ? known[0] : undefined;
    const read = own ?? Math.min(...known.slice(1).map((instant) => instant ?? Number.NEGATIVE_INFINITY));
    return court.wall() - (Number.isFinite(read) ? read : Math.max(this.#owedSince, stream.bornAt));
  }

  /** A shard that is gone cannot stand still; those that came of it can, or wait behind another that does. */
  #isTold(shardId: string): boolean {
    const { records, stream } = this.#bench;
    const children = records.childrenOf(stream.incarnation, shardId);
    return children.length > 0 && children.every((child) => this.#standsStill(child) || this.#isTold(child));
  }

  /** A shard, or one it comes from, has stopped in the newest tenure. */
  #standsStill(shardId: string): boolean {
    const { current, records, stream } = this.#bench;
    const trimmed = current()?.trimmed;
    if (trimmed === undefined || trimmed.size === 0) return false;
    return trimmed.has(shardId) || records.parentsOf(stream.incarnation, shardId).some((parent) => this.#standsStill(parent));
  }
}
