import type { EmbeddedStream } from '../../../adapters/source/embedded-stream/index.ts';
import type { Discard, RowWrite, StoredRow } from '../../../src/index.ts';
import type { Rule } from '../facts.ts';
import type { Verdict } from '../judge/index.ts';
import type { Life } from '../life.ts';
import type { Trace } from '../trace.ts';
import type { StreamPlan } from './plan.ts';
import { type Offered, rangeOf, type StreamInvocation, type Tenure } from './record.ts';
import { covers, readRow } from './row.ts';

/** What a write may take on top of the interval before it is on disk, in latencies, and ms beside them. */
const WRITE_LATENCIES = 8;
const WRITE_SLACK_MS = 10;
/** The row of the mapping itself. */
const START_ROW = '@start';

/** What the judge looks at. */
export interface StreamJudgeParts {
  readonly plan: StreamPlan;
  readonly stream: EmbeddedStream;
  readonly now: () => number;
  readonly wall: () => number;
  readonly trace: Trace;
}

/** Sees everything, believes nobody. The first broken rule is the verdict. */
export class StreamJudge {
  readonly records = new Map<string, Offered>();
  readonly #parts: StreamJudgeParts;
  readonly #byKey = new Map<string, Offered[]>();
  readonly #byShard = new Map<string, Offered[]>();
  readonly #parents = new Map<string, readonly string[]>();
  readonly #tenures = new Map<Life, Tenure>();
  /** How often a range has failed, or was cut off with its process. */
  readonly #failures = new Map<string, number>();
  readonly #rows = new Map<string, string>();
  #epoch = 0;
  /** The first durable word of how the mapping began, ms. */
  hasBegun = false;
  verdict: Verdict | undefined;

  constructor(parts: StreamJudgeParts) {
    this.#parts = parts;
  }

  fail(rule: Rule, text: string): void {
    this.#parts.trace.note('judge', `${rule} broken: ${text}`);
    this.verdict ??= { rule, text, at: this.#parts.now() };
  }

  offered(given: Omit<Offered, 'order' | 'isFinished' | 'handledBy'>): void {
    const ofKey = this.#byKey.get(given.key) ?? [];
    const record: Offered = { ...given, order: ofKey.length, isFinished: false, handledBy: undefined };
    ofKey.push(record);
    this.#byKey.set(given.key, ofKey);
    const shard = `${given.incarnation} ${given.shardId}`;
    this.#byShard.set(shard, [...(this.#byShard.get(shard) ?? []), record]);
    this.records.set(given.text, record);
    this.#parents.set(shard, this.#parts.stream.peek(given.shardId).parents);
  }

  /** The stream is gone: what was in it need not be handled. */
  recreated(): void {
    for (const record of this.records.values()) record.isExempt = true;
  }

  /** The number up to which the store says that all of a shard is done. */
  positionOf(shardId: string, incarnation: string): string | undefined {
    const data = this.#rows.get(shardId);
    if (data === undefined) return undefined;
    const row = readRow(data);
    return row.incarnation === incarnation ? row.position.number : undefined;
  }

  acquired(life: Life, epoch: number, rows: readonly StoredRow[]): void {
    if (epoch <= this.#epoch) this.fail('R6', `epoch ${String(epoch)} was given out after ${String(this.#epoch)}`);
    this.#epoch = Math.max(epoch, this.#epoch);
    const durable = new Set<Offered>();
    for (const { shard, data } of rows) {
      if (shard === START_ROW) continue;
      const row = readRow(data);
      const records = this.#byShard.get(`${row.incarnation} ${shard}`) ?? [];
      for (const record of records) if (covers(row, record)) durable.add(record);
      // What is stored as running alone when the next process looks has failed with the last one.
      for (const { from, to, running } of row.retry ?? []) {
        const ends = [from, to].map((number) => records.filter(({ sequenceNumber }) => sequenceNumber === number));
        if (running === 'alone') this.#count(rangeOf(ends.flat()));
      }
    }
    const fresh = { handled: new Set<Offered>(), running: new Set<StreamInvocation>(), failures: new Map<string, number>() };
    this.#end(life);
    this.#tenures.set(life, { life, epoch, durable, ...fresh, endedAt: undefined });
  }

  /** R5 and R6 of every write that the store took. */
  wrote({ shard, epoch, data }: RowWrite): void {
    if (epoch < this.#epoch) this.fail('R6', `a write under epoch ${String(epoch)} was taken, the lease has ${String(this.#epoch)}`);
    if (shard === START_ROW) {
      this.hasBegun = true;
      return;
    }
    if (data === undefined) {
      this.#rows.delete(shard);
      return;
    }
    this.#rows.set(shard, data);
    const row = readRow(data);
    for (const record of this.#byShard.get(`${row.incarnation} ${shard}`) ?? []) {
      if (record.isFinished || record.isExempt || !covers(row, record)) continue;
      this.fail('R5', `what is stored of ${shard} covers record ${record.text}, which is neither handled nor given up`);
    }
  }

  /** R1: who would be blamed for the end of the process runs alone. */
  #checkAlone(invocation: StreamInvocation): void {
    const others = [...invocation.tenure.running].filter(({ hasAnswered }) => !hasAnswered);
    if (others.length === 0 || ![invocation, ...others].some((one) => this.#isAlone(one))) return;
    this.fail('R1', `invocation ${invocation.requestId} runs beside one that is stored as running alone`);
  }

  #isAlone({ shardId, records }: StreamInvocation): boolean {
    const data = this.#rows.get(shardId);
    const marks = data === undefined ? [] : (readRow(data).retry ?? []);
    return marks.some(({ from, running }) => running === 'alone' && from === records[0]?.sequenceNumber);
  }

  tenureOf(life: Life): Tenure {
    const tenure = this.#tenures.get(life);
    if (tenure === undefined) throw new Error('an engine without a lease');
    return tenure;
  }

  invoked(invocation: StreamInvocation): void {
    const { tenure, records, shardId } = invocation;
    const { fields, reserved } = this.#parts.plan;
    if (records.length > fields.batchSize) this.fail('R3', `${String(records.length)} records in a batch of ${String(fields.batchSize)}`);
    if (reserved !== undefined && tenure.running.size >= reserved) this.fail('R3', 'more invocations than the function has reserved');
    const inBatch = new Set(records);
    const last = new Map<string, number>();
    for (const record of records) {
      if (record.shardId !== shardId) this.fail('R2', `record ${record.text} of ${record.shardId} is in a batch of ${shardId}`);
      if ((last.get(record.key) ?? -1) >= record.order) this.fail('R2', `record ${record.text} stands behind a later one of ${record.key}`);
      last.set(record.key, record.order);
      this.#checkRepeat(tenure, record);
      this.#checkOrder(record, inBatch);
    }
    const keys = new Set(records.map(({ key }) => key));
    for (const other of tenure.running) {
      const shared = other.records.find(({ key }) => keys.has(key));
      if (shared !== undefined) this.fail('R2', `${shared.key} is in invocations ${other.requestId} and ${invocation.requestId} at once`);
    }
    this.#checkParents(records[0]);
    this.#checkAlone(invocation);
    tenure.running.add(invocation);
  }

  /** `handled`: how many of the first records this answer names as done. `failed`: it counts as a failure of the range. */
  answered(invocation: StreamInvocation, handled: number, failed: boolean): void {
    const { tenure, records } = invocation;
    for (const record of records.slice(0, handled)) {
      record.isFinished = true;
      record.handledBy = { tenure, invocation };
      tenure.handled.add(record);
    }
    if (!failed || handled > 0) return;
    const range = rangeOf(records);
    this.#count(range);
    const count = (tenure.failures.get(range) ?? 0) + 1;
    tenure.failures.set(range, count);
    const { maximumRetryAttempts: most } = this.#parts.plan.fields;
    if (most >= 0 && count > most + 1)
      this.fail('R3', `the range ${range} has failed ${String(count)} times, with ${String(most)} retries`);
  }

  /** The invocation has really stopped. */
  ended(invocation: StreamInvocation): void {
    invocation.endedAt = this.#parts.now();
    invocation.tenure.running.delete(invocation);
  }

  /** The process is gone, or is held: what it was about to store may come again. */
  crashed(life: Life): void {
    this.#end(life);
  }

  discarded({ record, payload }: Discard): void {
    const { condition, approximateInvokeCount } = record.requestContext;
    const { fields } = this.#parts.plan;
    const event = JSON.parse(payload()) as { Records: { kinesis: { data: string } }[] };
    const texts = event.Records.map(({ kinesis }): string => Buffer.from(kinesis.data, 'base64').toString());
    const records = texts.map((text) => this.#record(text));
    this.#parts.trace.note('target', `given up: ${texts.join(' ')}, ${condition}`);
    if (condition === 'RecordAgeExceeded') {
      const oldest = this.#parts.wall() - fields.maximumRecordAgeInSeconds * 1000;
      const young = records.find(({ arrivedAt }) => arrivedAt > oldest);
      if (young !== undefined) this.fail('R1', `record ${young.text} was given up as too old, and is not`);
    } else if (approximateInvokeCount !== fields.maximumRetryAttempts + 1) {
      this.fail('R3', `given up after ${String(approximateInvokeCount)} invocations, with ${String(fields.maximumRetryAttempts)} retries`);
    } else if (fields.maximumRecordAgeInSeconds < 0 && (this.#failures.get(rangeOf(records)) ?? 0) < approximateInvokeCount) {
      this.fail('R1', `the range ${rangeOf(records)} was given up before it had failed ${String(approximateInvokeCount)} times`);
    }
    if (condition === 'RetryAttemptsExhausted' && fields.bisectBatchOnFunctionError && records.length > 1) {
      this.fail('R1', `the range ${rangeOf(records)} was given up and could have been split`);
    }
    for (const one of records) one.isFinished = true;
  }

  /** The last account: nothing is left. */
  get unfinished(): readonly Offered[] {
    return [...this.records.values()].filter(({ isFinished, isExempt }) => !isFinished && !isExempt);
  }

  record(text: string): Offered {
    return this.#record(text);
  }

  #record(text: string): Offered {
    const record = this.records.get(text);
    if (record === undefined) throw new Error(`no record ${text}`);
    return record;
  }

  #count(range: string): void {
    this.#failures.set(range, (this.#failures.get(range) ?? 0) + 1);
  }

  #end(life: Life): void {
    const tenure = this.#tenures.get(life);
    if (tenure !== undefined) tenure.endedAt ??= this.#parts.now();
  }

  /** R5: what is stored as done is not invoked again, and what was settled long before a crash is stored. R2: what is handled is done. */
  #checkRepeat(tenure: Tenure, record: Offered): void {
    if (tenure.durable.has(record)) this.fail('R5', `record ${record.text} is stored as done and is invoked again`);
    if (tenure.handled.has(record)) this.fail('R2', `record ${record.text} was handled and is invoked again`);
    const by = record.handledBy;
    const { fields, faults, latencyMs, actions } = this.#parts.plan;
    if (by === undefined || by.tenure.epoch >= tenure.epoch || faults.storeError > 0 || faults.storeLostReply > 0) return;
    // For some seconds the engine may take another stream of the same name for the one it knows.
    if (actions.some(({ kind }) => kind === 'recreate')) return;
    const bound = fields.checkpointIntervalMs + WRITE_LATENCIES * latencyMs + WRITE_SLACK_MS;
    const settledAt = by.invocation.endedAt;
    if (settledAt === undefined || by.tenure.endedAt === undefined || by.tenure.endedAt - settledAt <= bound) return;
    this.fail('R5', `record ${record.text} was settled ${String(by.tenure.endedAt - settledAt)} ms before the end and is invoked again`);
  }

  /** R2: everything before it of its key is done, or comes with it. */
  #checkOrder(record: Offered, inBatch: ReadonlySet<Offered>): void {
    for (const earlier of this.#byKey.get(record.key) ?? []) {
      if (earlier === record) return;
      if (earlier.isFinished || earlier.isExempt || inBatch.has(earlier)) continue;
      this.fail('R2', `record ${record.text} of ${record.key} is invoked while the earlier ${earlier.text} is still to come`);
    }
  }

  /** R7: nothing of a child before its parents are done. */
  #checkParents(record: Offered | undefined): void {
    if (record === undefined) return;
    const { incarnation, shardId } = record;
    for (const parent of this.#parents.get(`${incarnation} ${shardId}`) ?? []) {
      const left = this.#byShard.get(`${incarnation} ${parent}`)?.find(({ isFinished, isExempt }) => !isFinished && !isExempt);
      if (left !== undefined) this.fail('R7', `${shardId} is worked on while record ${left.text} of its parent ${parent} is still to come`);
    }
  }
}
