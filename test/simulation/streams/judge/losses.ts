import type { Offered, Tenure } from '../record.ts';
import { covers, type ReadRow } from '../row.ts';
import type { Bench } from './bench.ts';

/** How old the stored instant up to which a shard was read may be, and the rest of a store's delays, ms. */
const READ_THROUGH_STEP_MS = 30_000;
const READ_THROUGH_SLACK_MS = 8_000;

/** R4: records that retention took before they were read. */
export class Losses {
  readonly #bench: Bench;
  /** Wall instants up to which a shard was read, by incarnation and shard. */
  readonly #readThrough = new Map<string, number>();
  readonly #rows = new Map<string, ReadRow>();
  /** Shards that there were when the mapping began with an incarnation. */
  readonly #initial = new Map<string, ReadonlySet<string>>();
  /** When it began, wall clock. */
  #beganAt = Number.NEGATIVE_INFINITY;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  began(incarnation: string, shards: readonly string[]): void {
    if (this.#initial.has(incarnation)) return;
    this.#initial.set(incarnation, new Set(shards));
    this.#beganAt = this.#bench.court.wall();
  }

  stored(shardId: string, row: ReadRow): void {
    this.#rows.set(`${row.incarnation} ${shardId}`, row);
  }

  /** A page goes to the engine. */
  delivered(shardId: string, readThrough: number | undefined): void {
    const { stream, mapping, records } = this.#bench;
    const shard = `${stream.incarnation} ${shardId}`;
    const before = this.#readThrough.get(shard);
    this.#readThrough.set(shard, Math.max(before ?? Number.NEGATIVE_INFINITY, readThrough ?? Number.NEGATIVE_INFINITY));
    // What was gone before anybody read of a shard that was there from the beginning is before the horizon that was asked for.
    if (before !== undefined || mapping.fields.startingPosition === 'LATEST') return;
    if (this.#initial.get(stream.incarnation)?.has(shardId) !== true) return;
    for (const record of records.ofShard(stream.incarnation, shardId)) if (!stream.keeps(record)) record.isExempt = true;
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
    if (!this.#hasLost(tenure, shardId) && !this.#isSuspect(shardId)) {
      court.fail('R4', `${shardId} stands still although nothing was lost: it was read to ${String(this.#agoOf(shardId))} ms ago`);
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
  #isSuspect(shardId: string): boolean {
    const { stream } = this.#bench;
    return this.#agoOf(shardId) > stream.plan.retentionMs - READ_THROUGH_STEP_MS - READ_THROUGH_SLACK_MS;
  }

  #agoOf(shardId: string): number {
    const { stream, records, court } = this.#bench;
    const known = [shardId, ...records.parentsOf(stream.incarnation, shardId)].map((id) =>
      this.#readThrough.get(`${stream.incarnation} ${id}`),
    );
    // What was read of it and never stored, nobody knows any more.
    const own = this.#rows.has(`${stream.incarnation} ${shardId}`) ? known[0] : undefined;
    const read = own ?? Math.min(...known.slice(1).map((instant) => instant ?? Number.NEGATIVE_INFINITY));
    return court.wall() - (Number.isFinite(read) ? read : Math.max(this.#beganAt, stream.bornAt));
  }

  /** A shard that is gone cannot stand still; those that came of it can. */
  #isTold(shardId: string): boolean {
    const { current, records, stream } = this.#bench;
    const children = records.childrenOf(stream.incarnation, shardId);
    return children.length > 0 && children.every((child) => current()?.trimmed.has(child) === true || this.#isTold(child));
  }

  /** A shard, or one it comes from, has stopped in the newest tenure. */
  #standsStill(shardId: string): boolean {
    const { current, records, stream } = this.#bench;
    const trimmed = current()?.trimmed;
    if (trimmed === undefined || trimmed.size === 0) return false;
    return trimmed.has(shardId) || records.parentsOf(stream.incarnation, shardId).some((parent) => this.#standsStill(parent));
  }
}
