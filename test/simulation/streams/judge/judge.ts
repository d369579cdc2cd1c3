import type { KinesisRecord } from '../../../../adapters/source/embedded-stream/index.ts';
import type { Discard, Outcome, ReadRequest, RowWrite, StoredRow, StreamStep } from '../../../../src/index.ts';
import type { Life } from '../../life.ts';
import type { StreamSend } from '../plan.ts';
import { type Offered, rangeOf, type StreamInvocation, type Tenure, textOf } from '../record.ts';
import { covers, type ReadRow, readRow } from '../row.ts';
import type { Put } from '../stream.ts';
import type { Bench } from './bench.ts';
import { Discards } from './discards.ts';
import { ENVELOPE_BYTES, Lanes } from './lanes.ts';
import { Losses } from './losses.ts';
import { Reads } from './reads.ts';
import { Records } from './records.ts';
import { Windows } from './windows.ts';

/** What follows from an answer. */
export interface Concluded {
  /** So many of the first records are done. */
  readonly handled: number;
  /** It counts as a failure of the range. */
  readonly failed: boolean;
}

/** The state that came with an answer in a tumbling window. */
export interface AnsweredState {
  readonly state: readonly string[];
  readonly isTooLarge: boolean;
}

/** What a write may take on top of the interval before it is on disk, in latencies, and ms beside them. */
const WRITE_LATENCIES = 8;
const WRITE_SLACK_MS = 10;
/** The row of the mapping itself. */
const START_ROW = '@start';

/** Sees everything of one mapping, believes nobody. */
export class MappingJudge {
  readonly bench: Bench;
  readonly records = new Records();
  readonly #losses: Losses;
  readonly #reads: Reads;
  readonly #lanes: Lanes;
  readonly #discards: Discards;
  /** Absent without tumbling windows. */
  readonly #windows: Windows | undefined;
  readonly #tenures = new Map<Life, Tenure>();
  /** How often a range has failed, or was cut off with its process. */
  readonly #failures = new Map<string, number>();
  readonly #rows = new Map<string, ReadRow>();
  /** Discards that were seen, and the tenures in which a destination did not take them. */
  readonly #seen = new Set<string>();
  readonly #dropped = new Map<string, Tenure>();
  #current: Tenure | undefined;
  #epoch = 0;
  /** Records that the filter rejects, and that are not from before the start. */
  readonly #unwanted: string[] = [];
  /** There is a first durable word of how the mapping began. */
  hasBegun = false;

  constructor(parts: Omit<Bench, 'records' | 'current'>) {
    this.bench = { ...parts, records: this.records, current: () => this.#current };
    this.#losses = new Losses(this.bench);
    this.#reads = new Reads(this.bench, this.#losses);
    this.#lanes = new Lanes(this.bench);
    this.#discards = new Discards(this.bench, textsOf, ENVELOPE_BYTES);
    this.#windows = parts.mapping.fields.tumblingWindowInSeconds > 0 ? new Windows(this.bench) : undefined;
  }

  /** A record was put into the stream. */
  offered(put: Put, text: string, { key, poison, killer, bytes, kind }: StreamSend, isBefore: boolean): void {
    const { stream, court, mapping } = this.bench;
    const { parents } = stream.embedded.peek(put.shardId);
    court.offered(bytes);
    const isUnwanted = mapping.fields.isFiltered && kind !== 'order';
    if (isUnwanted && !isBefore) this.#unwanted.push(text);
    const isExempt = isBefore || isUnwanted;
    this.records.add({ ...put, text, key, poison, killer, bytes, isUnwanted, isExempt, putAt: court.now() }, parents);
  }

  /** The stream is gone: what was in it need not be handled. */
  recreated(): void {
    for (const record of this.records.byText.values()) record.isExempt = true;
  }

  /** The number up to which the store says that all of a shard is done. */
  positionOf(shardId: string): string | undefined {
    const row = this.#rows.get(shardId);
    return row?.incarnation === this.bench.stream.incarnation ? row.position.number : undefined;
  }

  acquired(life: Life, epoch: number, factor: number, rows: readonly StoredRow[]): void {
    if (epoch <= this.#epoch) this.#fail('R6', `epoch ${String(epoch)} was given out after ${String(this.#epoch)}`);
    this.#epoch = Math.max(epoch, this.#epoch);
    const durable = new Set<Offered>();
    const markedUpTo = new Map<string, bigint>();
    let hasSuspects = false;
    for (const { shard, data } of rows) {
      if (shard === START_ROW) continue;
      const row = readRow(data);
      const records = this.records.ofShard(row.incarnation, shard);
      for (const record of records) if (covers(row, record)) durable.add(record);
      for (const { from, to, running } of row.retry ?? []) {
        const before = markedUpTo.get(shard) ?? 0n;
        markedUpTo.set(shard, BigInt(to) > before ? BigInt(to) : before);
        hasSuspects ||= running !== undefined;
        // What is stored as running alone when the next process looks has failed with the last one.
        const ends = [from, to].map((number) => records.filter(({ sequenceNumber }) => sequenceNumber === number));
        if (running === 'alone') this.#count(rangeOf(ends.flat()));
      }
    }
    this.#end(life);
    const tenure = { ...emptyTenure(), life, epoch, factor, durable, markedUpTo, hasSuspects, isResumed: rows.length > 0 };
    this.#current = { ...tenure, acquiredAt: this.bench.court.now() };
    this.#tenures.set(life, this.#current);
    this.#windows?.acquired(this.#current);
  }

  /** R5 and R6 of every write that the store took. */
  wrote({ shard, epoch, data }: RowWrite): void {
    if (epoch < this.#epoch) this.#fail('R6', `a write under epoch ${String(epoch)} was taken, the lease has ${String(this.#epoch)}`);
    if (data === undefined) {
      this.#rows.delete(shard);
      return;
    }
    if (shard === START_ROW) {
      const { incarnation, shards } = JSON.parse(data) as { incarnation: string; shards: readonly string[] };
      this.hasBegun = true;
      this.#losses.began(incarnation, shards);
      return;
    }
    const row = readRow(data);
    this.#rows.set(shard, row);
    this.#losses.stored(shard, row);
    for (const record of this.records.ofShard(row.incarnation, shard)) {
      if (record.isFinished || record.isExempt || !covers(row, record) || this.#losses.isExcused(record)) continue;
      if (this.#losses.isLost(record))
        this.#fail('R4', `what is stored of ${shard} covers record ${record.text}, which was trimmed before`);
      this.#fail('R5', `what is stored of ${shard} covers record ${record.text}, which is neither handled nor given up`);
    }
    this.#windows?.wrote(this.#current?.epoch === epoch ? this.#current : undefined, shard, row);
  }

  tenureOf(life: Life): Tenure {
    const tenure = this.#tenures.get(life);
    if (tenure === undefined) throw new Error('an engine without a lease');
    return tenure;
  }

  opened(life: Life, request: ReadRequest): void {
    this.#reads.opened(this.tenureOf(life), request);
  }

  delivered(life: Life, shardId: string, step: StreamStep<KinesisRecord>): void {
    this.#reads.delivered(this.tenureOf(life), shardId, step);
  }

  trimmed(life: Life, shardId: string): void {
    this.#losses.trimmed(this.tenureOf(life), shardId);
  }

  invoked(invocation: StreamInvocation): void {
    const { tenure, records, shardId, window } = invocation;
    const { mapping, stream, fn, court } = this.bench;
    const { batchSize } = mapping.fields;
    if (records.length === 0 && window?.isFinal !== true) this.#fail('R3', `an invocation of ${shardId} has no records`);
    if (records.length > batchSize) this.#fail('R3', `${String(records.length)} records in a batch of ${String(batchSize)}`);
    const inBatch = new Set(records);
    const last = new Map<string, number>();
    for (const record of records) {
      if (record.isUnwanted) this.#fail('R1', `record ${record.text} is invoked, and the filter rejects it`);
      if (record.shardId !== shardId) this.#fail('R2', `record ${record.text} of ${record.shardId} is in a batch of ${shardId}`);
      if ((last.get(record.key) ?? -1) >= record.order)
        this.#fail('R2', `record ${record.text} stands behind a later one of ${record.key}`);
      last.set(record.key, record.order);
      if (record.incarnation !== stream.incarnation && tenure.acquiredAt > stream.recreatedAt) {
        this.#fail('R8', `record ${record.text} of a stream that is gone is invoked`);
      }
      this.#checkRepeat(tenure, record);
      this.#checkOrder(record, inBatch);
    }
    const keys = new Set(records.map(({ key }) => key));
    for (const other of tenure.running) {
      const shared = other.records.find(({ key }) => keys.has(key));
      if (shared !== undefined) this.#fail('R2', `${shared.key} is in invocations ${other.requestId} and ${invocation.requestId} at once`);
    }
    this.#checkParents(records[0]);
    this.#discards.checkInvoked(invocation);
    this.#lanes.invoked(invocation);
    court.invoked(invocation, fn);
    if (window !== undefined) this.#windows?.invoked(invocation, window);
    this.#checkAlone(invocation);
    tenure.running.add(invocation);
  }

  /** `state`: of a success in a tumbling window. */
  answered(invocation: StreamInvocation, given: Outcome, concluded: Concluded, state: AnsweredState | undefined): void {
    this.bench.court.answered(invocation, this.bench.fn, given);
    const { handled, failed } = concluded;
    const { tenure, records, window } = invocation;
    const isInWindow = window !== undefined && state !== undefined;
    const done = isInWindow ? this.#windows?.answered(invocation, window, state, concluded) : records.slice(0, handled);
    for (const record of done ?? []) {
      record.isFinished = true;
      record.handledBy = { tenure, invocation };
      tenure.handled.add(record);
    }
    if (!failed || handled > 0 || records.length === 0) return;
    const range = rangeOf(records);
    this.#count(range);
    const count = (tenure.failures.get(range) ?? 0) + 1;
    tenure.failures.set(range, count);
    const { maximumRetryAttempts: most } = this.bench.mapping.fields;
    if (most >= 0 && count > most + 1) {
      this.#fail('R3', `the range ${range} has failed ${String(count)} times, with ${String(most)} retries`);
    }
  }

  /** The invocation has really stopped. */
  ended(invocation: StreamInvocation): void {
    const { tenure, records } = invocation;
    invocation.endedAt = this.bench.court.now();
    tenure.running.delete(invocation);
    this.bench.court.ended(tenure.life, this.bench.fn);
    const isDone = records.every(({ isFinished }) => isFinished);
    this.#lanes.progressed(tenure, records[0], !isDone);
  }

  /** The process is gone, or is held: what it was about to store may come again. */
  crashed(life: Life): void {
    this.#end(life);
  }

  /** A destination is asked to take what is given up. */
  giving(life: Life, discard: Discard): void {
    const tenure = this.tenureOf(life);
    const records = this.#discards.recordsOf(discard);
    const range = rangeOf(records);
    if (this.#dropped.get(range) === tenure) this.#fail('R11', `${range} was to be dropped and is sent again`);
    if (!this.#seen.has(discard.id)) this.#discards.check(discard, records, this.#failures.get(range) ?? 0);
    this.#seen.add(discard.id);
    if (discard.record.requestContext.condition === 'RecordAgeExceeded') this.#lanes.cut(tenure, records[0]);
    this.#lanes.progressed(tenure, records[0], true);
  }

  /** The destination has it. */
  discarded(discard: Discard): void {
    const records = this.#discards.recordsOf(discard);
    const { condition } = discard.record.requestContext;
    this.bench.court.trace.note('target', `given up: ${records.map(({ text }) => text).join(' ')}, ${condition}`);
    for (const one of records) one.isFinished = true;
    this.#windows?.givenUp(records);
  }

  /** The engine hears that the destination has it. */
  confirmed(life: Life, discard: Discard): void {
    this.#lanes.progressed(this.tenureOf(life), this.#discards.recordsOf(discard)[0], false);
  }

  /** The destination did not take it, and says so to the engine now. */
  refused(life: Life, discard: Discard): void {
    const records = this.#discards.recordsOf(discard);
    const tenure = this.tenureOf(life);
    const isDropped = this.bench.mapping.fields.onDestinationFailure === 'drop';
    this.#lanes.progressed(tenure, records[0], !isDropped);
    if (!isDropped) return;
    this.#dropped.set(rangeOf(records), tenure);
    for (const one of records) one.isFinished = true;
    this.#windows?.givenUp(records);
  }

  /** The last account: nothing is left. */
  get unfinished(): readonly Offered[] {
    return [...this.records.byText.values()].filter((record) => !this.#losses.isExcused(record));
  }

  /** Shards with a window that is open. */
  get openWindows(): readonly string[] {
    return this.#windows?.open ?? [];
  }

  /** After the last stop: the position has moved over all that no filter wants. */
  close(): void {
    const { stream } = this.bench;
    for (const record of this.#unwanted.map((text) => this.records.get(text))) {
      // What was not read any more, because another mapping stood still, cannot be moved over.
      if (record.incarnation !== stream.incarnation || this.#current?.delivered.has(record) !== true) continue;
      const row = this.#rows.get(record.shardId);
      if (row === undefined ? stream.keeps(record) : !covers(row, record)) {
        this.#fail('R5', `record ${record.text}, which the filter rejects, holds the position of ${record.shardId}`);
      }
    }
  }

  /** Whether an engine holds the lease. */
  isHeldBy(life: Life): boolean {
    return this.#current?.life === life;
  }

  /** Shards that stand still now. */
  get standing(): readonly string[] {
    return [...(this.#current?.trimmed ?? [])];
  }

  /** Which rule is broken where a record is left. */
  ruleOf(record: Offered): 'R4' | 'R11' {
    return this.#losses.isLost(record) ? 'R4' : 'R11';
  }

  get #fail(): Bench['court']['fail'] {
    const { court, mapping } = this.bench;
    return (rule, text) => {
      court.fail(rule, `${mapping.name}: ${text}`);
    };
  }

  #count(range: string): void {
    this.#failures.set(range, (this.#failures.get(range) ?? 0) + 1);
  }

  #end(life: Life): void {
    const tenure = this.#tenures.get(life);
    if (tenure !== undefined) tenure.endedAt ??= this.bench.court.now();
  }

  /** R5: what is stored as done is not invoked again, and what was settled long before a crash is stored. R2: what is handled is done. */
  #checkRepeat(tenure: Tenure, record: Offered): void {
    if (tenure.durable.has(record)) this.#fail('R5', `record ${record.text} is stored as done and is invoked again`);
    if (tenure.handled.has(record)) this.#fail('R2', `record ${record.text} was handled and is invoked again`);
    const by = record.handledBy;
    const { mapping, court, stream } = this.bench;
    const { faults, latencyMs } = court.plan;
    if (by === undefined || by.tenure.epoch >= tenure.epoch || faults.storeError > 0 || faults.storeLostReply > 0) return;
    // For some seconds the engine may take another stream of the same name for the one it knows.
    if (stream.recreatedAt > 0) return;
    const bound = mapping.fields.checkpointIntervalMs + WRITE_LATENCIES * latencyMs + WRITE_SLACK_MS;
    const settledAt = by.invocation.endedAt;
    if (settledAt === undefined || by.tenure.endedAt === undefined || by.tenure.endedAt - settledAt <= bound) return;
    this.#fail('R5', `record ${record.text} was settled ${String(by.tenure.endedAt - settledAt)} ms before the end and is invoked again`);
  }

  /** R2: everything before it of its key is done, or comes with it. */
  #checkOrder(record: Offered, inBatch: ReadonlySet<Offered>): void {
    for (const earlier of this.records.ofKey(record.key)) {
      if (earlier === record) return;
      if (earlier.isFinished || earlier.isExempt || inBatch.has(earlier) || this.#losses.isExcused(earlier)) continue;
      if (this.#losses.isLost(earlier))
        this.#fail('R4', `record ${record.text} of ${record.key} is invoked, and ${earlier.text} was trimmed`);
      this.#fail('R2', `record ${record.text} of ${record.key} is invoked while the earlier ${earlier.text} is still to come`);
    }
  }

  /** R1: who would be blamed for the end of the process runs alone. */
  #checkAlone(invocation: StreamInvocation): void {
    const others = [...invocation.tenure.running].filter(({ hasAnswered }) => !hasAnswered);
    if (others.length === 0 || ![invocation, ...others].some((one) => this.#isAlone(one))) return;
    this.#fail('R1', `invocation ${invocation.requestId} runs beside one that is stored as running alone`);
  }

  #isAlone({ shardId, records }: StreamInvocation): boolean {
    const marks = this.#rows.get(shardId)?.retry ?? [];
    return marks.some(({ from, running }) => running === 'alone' && from === records[0]?.sequenceNumber);
  }

  /** R7: nothing of a child before its parents are done. */
  #checkParents(record: Offered | undefined): void {
    if (record === undefined) return;
    const { incarnation, shardId } = record;
    for (const parent of this.records.parentsOf(incarnation, shardId)) {
      const left = this.records
        .ofShard(incarnation, parent)
        .find((one) => !one.isFinished && !one.isExempt && !this.#losses.isExcused(one));
      if (left !== undefined)
        this.#fail('R7', `${shardId} is worked on while record ${left.text} of its parent ${parent} is still to come`);
    }
  }
}

function textsOf(event: unknown): readonly string[] {
  return (event as { Records: { kinesis: { data: string } }[] }).Records.map(({ kinesis }) => textOf(kinesis.data));
}

function emptyTenure(): Omit<Tenure, 'life' | 'epoch' | 'factor' | 'durable' | 'markedUpTo' | 'isResumed' | 'hasSuspects' | 'acquiredAt'> {
  return {
    handled: new Set(),
    running: new Set(),
    failures: new Map(),
    delivered: new Map(),
    attempted: new Set(),
    openedAt: new Map(),
    trimmed: new Set(),
    lanes: new Map(),
    endedAt: undefined,
  };
}
