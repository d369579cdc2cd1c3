import type { KafkaRecord } from '../../../../adapters/source/embedded-topic/index.ts';
import type {
  Discard,
  OffsetCommit,
  Outcome,
  PartitionReadRequest,
  SourceError,
  StreamPosition,
  StreamStep,
  TopicAssignment,
} from '../../../../src/index.ts';
import type { Life } from '../../life.ts';
import { Discards, Lanes, Records } from '../../streams/judge/index.ts';
import { type Offered, rangeOf, textOf } from '../../streams/record.ts';
import type { TopicSend } from '../plan.ts';
import { INCARNATION, POLL_MS, type Produced } from '../topic.ts';
import type { TopicBench } from './bench.ts';
import { Commits } from './commits.ts';
import { Losses } from './losses.ts';
import { Tenures, type TopicInvocation, type TopicTenure } from './tenures.ts';

/** What surrounds the records of an event, bytes. */
const ENVELOPE_BYTES = '{"eventSource":"SelfManagedKafka","bootstrapServers":"embedded:9092","records":{"orders-0":[]}}'.length - 1;

/** What follows from an answer: so many of the first records are done; it counts as a failure of the range. */
export interface Concluded {
  readonly handled: number;
  readonly failed: boolean;
}

/** Sees everything of one group, believes nobody. */
export class TopicJudge {
  readonly bench: TopicBench;
  readonly records = new Records();
  readonly tally = { abandoned: 0, overlaps: 0, repeats: 0 };
  readonly #tenures: Tenures;
  readonly #losses: Losses;
  readonly #commits: Commits;
  readonly #lanes: Lanes;
  readonly #discards: Discards;
  readonly #factors = new Map<Life, number>();
  /** How often a range has failed, or was cut off with its process. */
  readonly #failures = new Map<string, number>();
  readonly #seen = new Set<string>();
  readonly #dropped = new Map<string, TopicTenure>();

  constructor(parts: Omit<TopicBench, 'records' | 'tally'>) {
    this.bench = { ...parts, records: this.records, tally: this.tally };
    const bench = { ...this.bench, current: () => undefined };
    this.#lanes = new Lanes(bench);
    this.#discards = new Discards(bench, textsOf, ENVELOPE_BYTES);
    this.#tenures = new Tenures(this.bench, (life, partition) => this.#commits.beginning(partition, this.#factors.get(life) ?? 1));
    this.#losses = new Losses(this.bench, (partition) => this.#tenures.newest(partition));
    this.#commits = new Commits(this.bench, this.#losses, (range) => {
      this.#count(range);
    });
  }

  /** A process begins, with so many lanes. */
  began(life: Life, factor: number): void {
    this.#factors.set(life, factor);
  }

  /** A record was produced. */
  offered(produced: Produced, text: string, { poison, killer, bytes, kind }: TopicSend): void {
    // What is not JSON passes a filter of Kafka records that wants JSON.
    const isUnwanted = this.bench.mapping.fields.isFiltered && kind === 'chat';
    this.records.add({ ...produced, text, poison, killer, bytes, isUnwanted, isExempt: isUnwanted, putAt: this.bench.court.now() }, []);
  }

  get hasSizes(): boolean {
    return this.bench.topic.sizes.size > 0;
  }

  bytesOf(partition: number, offset: string): number | undefined {
    return this.bench.topic.sizes.get(`${this.bench.topic.nameOf(partition)} ${offset}`);
  }

  assigned(life: Life, assigned: readonly TopicAssignment[]): void {
    this.#tenures.assigned(life, assigned);
  }

  revoking(life: Life, partitions: readonly number[]): void {
    this.#tenures.revoking(life, partitions);
  }

  revoked(life: Life, _partitions: readonly number[], isLate: boolean): void {
    this.#tenures.revoked(life, isLate);
  }

  lost(life: Life, error: SourceError): void {
    this.#tenures.lost(life, error);
  }

  left(life: Life): void {
    this.#tenures.left(life);
  }

  crashed(life: Life): void {
    this.#tenures.crashed(life);
  }

  /** The process is stopped: what does not end in time is left. */
  stopping(life: Life): void {
    this.#tenures.stopping(life);
  }

  /** The process stands still, or was put out of the group. */
  suspend(life: Life): void {
    this.#tenures.suspend(life);
  }

  opened(life: Life, request: PartitionReadRequest): void {
    const { court, topic, mapping } = this.bench;
    const { partition, position } = request;
    const shardId = topic.nameOf(partition);
    const tenure = this.#tenures.read(life, request);
    if (tenure === undefined) return;
    this.#commits.checkBegun(shardId, partition);
    const from = offsetOf(position) ?? BigInt(topic.embedded.peek(partition).logStart);
    if (position.kind === 'start' && mapping.fields.onTrimmed === 'stop') court.fail('R4', `${shardId} is read from no number`);
    tenure.openedAt.set(shardId, court.now());
    for (const record of this.records.ofShard(INCARNATION, shardId)) {
      if (BigInt(record.sequenceNumber) >= from) return;
      if (tenure.attempted.has(record) || tenure.delivered.has(record) || tenure.durable.has(record) || this.#losses.isExcused(record))
        continue;
      court.fail('R4', `${shardId} is read from ${String(from)}, and ${record.text} at ${record.sequenceNumber} was never read`);
    }
  }

  delivered(life: Life, request: PartitionReadRequest, step: StreamStep<KafkaRecord>): void {
    const tenure = this.#tenures.read(life, request);
    if (step.kind !== 'page' || tenure === undefined) return;
    const numbers = new Set(step.records.map(({ sequenceNumber }) => sequenceNumber as string));
    for (const record of this.records.ofShard(INCARNATION, tenure.shardId)) {
      if (numbers.has(record.sequenceNumber) && !tenure.delivered.has(record)) {
        tenure.delivered.set(record, this.bench.court.now());
        this.#checkPrompt(tenure, record);
      }
    }
  }

  committed(life: Life, commit: OffsetCommit): void {
    const tenure = this.#tenures.committed(life, commit.partition, commit.epoch);
    this.#commits.note(life, commit);
    if (tenure !== undefined) this.#commits.checkStanding(tenure);
    this.#commits.check(commit);
  }

  /** The process was told that a partition is not its own. */
  commitRefused(life: Life, { partition, epoch }: OffsetCommit): void {
    const tenure = this.#tenures.of(life, partition);
    if (tenure?.epoch === epoch) tenure.isRefused = true;
  }

  /** The process was told how a commit came out. */
  commitHeard(life: Life, { partition, epoch }: OffsetCommit, hasFailed: boolean): void {
    const tenure = this.#tenures.of(life, partition);
    if (tenure?.epoch !== epoch) return;
    const now = this.bench.court.now();
    if (hasFailed) tenure.failingSince ??= now;
    else if (tenure.failingSince !== undefined) {
      tenure.failingSince = undefined;
      tenure.failedUntil = now;
    }
  }

  commitInvalid({ partition, metadata }: OffsetCommit): void {
    this.#fail('R5', `a commit of partition ${String(partition)} has ${String(metadata.length)} characters of metadata`);
  }

  /** A process says that a partition stands still. */
  stands(life: Life, shardId: string): void {
    const tenure = this.#tenures.of(life, this.bench.topic.numberOf(shardId));
    if (tenure !== undefined) this.#losses.stands(tenure);
  }

  /** What the function is called with. */
  invocation(life: Life, shardId: string, records: readonly Offered[], requestId: string, signal: AbortSignal): TopicInvocation {
    const partition = this.bench.topic.numberOf(shardId);
    const tenure = this.#tenures.of(life, partition) ?? this.#tenures.newest(partition);
    if (tenure === undefined) throw new Error(`nobody was given ${shardId}, and it is invoked`);
    if (tenure.life !== life) this.#fail('R6', `process ${String(life.number)} invokes records of ${shardId}, which it was not given`);
    return { tenure, requestId, shardId, records, window: undefined, signal, hasAnswered: false, endedAt: undefined, isAbandoned: false };
  }

  invoked(invocation: TopicInvocation): void {
    const { tenure, records, shardId } = invocation;
    const { mapping, fn, court } = this.bench;
    const { batchSize } = mapping.fields;
    if (records.length === 0) this.#fail('R3', `an invocation of ${shardId} has no records`);
    if (records.length > batchSize) this.#fail('R3', `${String(records.length)} records in a batch of ${String(batchSize)}`);
    const inBatch = new Set(records);
    const last = new Map<string, number>();
    for (const record of records) {
      if (record.isUnwanted) this.#fail('R1', `record ${record.text} is invoked, and the filter rejects it`);
      if (record.shardId !== shardId) this.#fail('R2', `record ${record.text} of ${record.shardId} is in a batch of ${shardId}`);
      if ((last.get(record.key) ?? -1) >= record.order)
        this.#fail('R2', `record ${record.text} stands behind a later one of ${record.key}`);
      last.set(record.key, record.order);
      if (tenure.durable.has(record)) this.#fail('R5', `record ${record.text} is committed as done and is invoked again`);
      if (tenure.handled.has(record)) this.#fail('R2', `record ${record.text} was handled and is invoked again`);
      this.#commits.checkRepeat(tenure, record, (life) => this.#tenures.isEndangered(life));
      this.#checkOrder(record, inBatch);
    }
    if ((tenure.failingSince ?? Infinity) < court.now())
      this.#fail('R5', `record ${records[0]?.text ?? ''} is begun while nothing of ${shardId} can be committed`);
    this.#tenures.invoked(tenure, invocation);
    this.#discards.checkInvoked(invocation);
    if (tenure.phase === 'owned') this.#lanes.invoked(invocation);
    court.invoked(invocation, fn);
  }

  answered(invocation: TopicInvocation, given: Outcome, { handled, failed }: Concluded): void {
    this.bench.court.answered(invocation, this.bench.fn, given);
    const { tenure, records } = invocation;
    for (const record of records.slice(0, handled)) {
      record.isFinished = true;
      record.handledBy = { tenure, invocation };
      tenure.handled.add(record);
    }
    if (!failed || handled > 0 || records.length === 0) return;
    const range = rangeOf(records);
    this.#count(range);
    // What is cut off because its partition is given up is no failure of its own.
    if (tenure.phase !== 'owned') return;
    const count = (tenure.failures.get(range) ?? 0) + 1;
    tenure.failures.set(range, count);
    const { maximumRetryAttempts: most } = this.bench.mapping.fields;
    if (most >= 0 && count > most + 1)
      this.#fail('R3', `the range ${range} has failed ${String(count)} times, with ${String(most)} retries`);
  }

  /** The invocation has really stopped. */
  ended(invocation: TopicInvocation): void {
    const { tenure, records } = invocation;
    invocation.endedAt = this.bench.court.now();
    this.#tenures.ended(tenure, invocation);
    this.bench.court.ended(tenure.life, this.bench.fn);
    this.#lanes.progressed(tenure, records[0], !records.every(({ isFinished }) => isFinished));
  }

  /** The destination is asked to take what is given up. */
  giving(life: Life, discard: Discard): void {
    const records = this.#discards.recordsOf(discard);
    const range = rangeOf(records);
    const tenure = this.#tenureOf(life, records);
    if (tenure === undefined) return;
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
  }

  /** The process hears that the destination has it. */
  confirmed(life: Life, discard: Discard): void {
    const records = this.#discards.recordsOf(discard);
    const tenure = this.#tenureOf(life, records);
    if (tenure !== undefined) this.#lanes.progressed(tenure, records[0], false);
  }

  /** The destination did not take it, and says so to the process now. */
  refused(life: Life, discard: Discard): void {
    const records = this.#discards.recordsOf(discard);
    const tenure = this.#tenureOf(life, records);
    if (tenure === undefined) return;
    const isDropped = this.bench.mapping.fields.onDestinationFailure === 'drop';
    this.#lanes.progressed(tenure, records[0], !isDropped);
    if (!isDropped) return;
    this.#dropped.set(rangeOf(records), tenure);
    for (const one of records) one.isFinished = true;
  }

  /** The last account: nothing is left. */
  get unfinished(): readonly Offered[] {
    return [...this.records.byText.values()].filter((record) => !this.#losses.isExcused(record));
  }

  /** Which rule is broken where a record is left. */
  ruleOf(record: Offered): 'R4' | 'R11' {
    return this.#losses.isLost(record) ? 'R4' : 'R11';
  }

  /** Names of partitions of a process that stand still. */
  standingOf(life: Life): readonly string[] {
    return this.#tenures.heldBy(life).flatMap(({ isStanding, shardId }) => (isStanding ? [shardId] : []));
  }

  #tenureOf(life: Life, records: readonly Offered[]): TopicTenure | undefined {
    const [first] = records;
    return first === undefined ? undefined : this.#tenures.of(life, this.bench.topic.numberOf(first.shardId));
  }

  readonly #fail: TopicBench['court']['fail'] = (rule, text) => {
    this.bench.court.fail(rule, text);
  };

  #count(range: string): void {
    this.#failures.set(range, (this.#failures.get(range) ?? 0) + 1);
  }

  /** R12: a partition is read as soon as it can be. */
  #checkPrompt(tenure: TopicTenure, record: Offered): void {
    const { faults, outages, bufferRecords } = this.bench.court.plan;
    const isDisturbed = faults.trouble > 0 || faults.readError > 0 || faults.slowRead > 0 || bufferRecords !== undefined || this.hasSizes;
    if (isDisturbed || tenure.endedAt !== undefined || outages.some(({ what }) => what === 'reads')) return;
    const waited = this.bench.court.now() - Math.max(record.putAt, tenure.openedAt.get(tenure.shardId) ?? Number.NaN);
    if (waited > POLL_MS + 50)
      this.#fail('R12', `record ${record.text} of ${tenure.shardId} was read ${String(waited)} ms after it could be`);
  }

  /** R2: everything before it of its key is done, or comes with it. */
  #checkOrder(record: Offered, inBatch: ReadonlySet<Offered>): void {
    for (const earlier of this.records.ofKey(record.key)) {
      if (earlier === record) return;
      if (earlier.isFinished || earlier.isExempt || inBatch.has(earlier) || this.#losses.isExcused(earlier)) continue;
      const isLost = this.#losses.isLost(earlier);
      if (isLost) this.#fail('R4', `record ${record.text} of ${record.key} is invoked, and ${earlier.text} was trimmed`);
      else this.#fail('R2', `record ${record.text} of ${record.key} is invoked while the earlier ${earlier.text} is still to come`);
    }
  }
}

function offsetOf(position: StreamPosition): bigint | undefined {
  if (position.kind === 'before') return BigInt(position.sequenceNumber);
  return position.kind === 'after' ? BigInt(position.sequenceNumber) + 1n : undefined;
}

function textsOf(event: unknown): readonly string[] {
  const { records } = event as { readonly records: Readonly<Record<string, readonly { readonly value: string }[]>> };
  return Object.values(records).flatMap((shown) => shown.map(({ value }) => textOf(value)));
}
