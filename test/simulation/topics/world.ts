import { memoryStore } from '../../../adapters/store/memory/index.ts';
import {
  CoreEngine,
  type EngineEvents,
  SeededRandom,
  type StateStore,
  silentLogger,
  silentMeter,
  VirtualClock,
} from '../../../src/index.ts';
import { Life } from '../life.ts';
import { FaultyDestination } from '../streams/faulty-destination.ts';
import { Freezer } from '../streams/freezer.ts';
import { Court } from '../streams/judge/index.ts';
import { limitsOf } from '../streams/performance.ts';
import type { StreamMapping } from '../streams/plan.ts';
import type { Offered } from '../streams/record.ts';
import { Trace } from '../trace.ts';
import { FaultyTopic, type TopicSurroundings } from './faulty-topic.ts';
import { TopicJudge } from './judge/index.ts';
import type { TopicAction, TopicPlan, TopicSend } from './plan.ts';
import { TopicTarget } from './target.ts';
import { GROUP, WatchedTopic } from './topic.ts';

/** One process and what it was given. */
export interface TopicEngine {
  readonly life: Life;
  readonly freezer: Freezer;
  readonly engine: CoreEngine;
  readonly source: FaultyTopic;
}

/** How long a stop may take beyond its deadline: a call that is under way may be lost to a slow reply. */
const STOP_TIMEOUT_MS = 20_000;
/** The most partitions that are added to. */
const PARTITIONS_MAX = 8;
/** Retries where no number is given, and there is a destination. */
const RETRIES_MAX = 10;

/** Everything around the processes: clock, topic, stores, function, destinations, and who watches. */
export class TopicSimulation {
  readonly plan: TopicPlan;
  readonly clock = new VirtualClock();
  readonly trace: Trace;
  readonly court: Court;
  readonly judge: TopicJudge;
  readonly topic: WatchedTopic;
  readonly #random: SeededRandom;
  /** Of each process: another machine. */
  readonly #stores: readonly StateStore[];
  #partitions: number;
  #lives = 0;
  #sent = 0;

  constructor(plan: TopicPlan, write?: (line: string) => void) {
    const now = (): number => this.clock.monotonic();
    this.plan = plan;
    this.trace = new Trace(now, write);
    this.#random = new SeededRandom(plan.seed ^ 0x5eed);
    this.#stores = plan.processes.map(() => memoryStore());
    this.#partitions = plan.topic.partitions;
    this.topic = new WatchedTopic(plan.topic, this.clock, this.#seeded(), this.clock.wall() + Math.min(...plan.processes));
    this.court = new Court(plan, this.trace, now, () => this.clock.wall());
    this.judge = new TopicJudge({
      court: this.court,
      mapping: withCap(plan.mappings[0]),
      fn: plan.fn,
      stream: this.topic,
      topic: this.topic,
    });
  }

  /** Produces one record of the traffic. */
  send(send: TopicSend): void {
    this.#sent += 1;
    const text = String(this.#sent);
    const produced = this.topic.produce(send, text, this.#partitions);
    const marks = `${send.poison ? ', poison' : ''}${send.killer ? ', killer' : ''}${send.bytes > 0 ? `, ${String(send.bytes)} bytes` : ''}`;
    const kind = send.kind === 'order' ? '' : `, ${send.kind}`;
    this.trace.note('topic', `offered ${text} of ${produced.key} to ${produced.shardId} at ${produced.sequenceNumber}${marks}${kind}`);
    this.judge.offered(produced, text, send);
  }

  /** Starts a new engine for a process, on the same topic and in the same group. */
  start(process: number, onDeath: (dead: TopicEngine) => void): TopicEngine {
    const number = ++this.#lives;
    const life = new Life(number, this.clock, () => {
      this.trace.note('world', `p${String(number)} is killed`);
      this.judge.crashed(life);
      onDeath(started);
    });
    const freezer = new Freezer(life.clock);
    const random = this.#seeded();
    const { faults, outages, faultsEndAt, latencyMs, bufferRecords, pageRecords } = this.plan;
    const { factors } = this.plan.mappings[0];
    const factor = factors[Math.min(number, factors.length) - 1] ?? 1;
    const client = this.topic.embedded.client({ clock: freezer.clock });
    const around: TopicSurroundings = {
      ...{ life, freezer, random, clock: this.clock, faults, outages, faultsEndAt, latencyMs },
      ...{ judge: this.judge, client, pageRecords },
    };
    this.trace.note('world', `p${String(number)} begins as process ${String(process)} with ${String(factor)} lanes`);
    this.judge.began(life, factor);
    const store = this.#stores[process] ?? memoryStore();
    const source = new FaultyTopic(around);
    const engine = new CoreEngine(
      { clock: freezer.clock, random, logger: silentLogger, meter: silentMeter, store, ownerLabel: `p${String(number)}` },
      { stopTimeoutMs: STOP_TIMEOUT_MS, ...(bufferRecords === undefined ? undefined : { bufferRecords }) },
    );
    const started: TopicEngine = { life, freezer, engine, source };
    engine.on((name, event) => {
      this.#heard(life, name, event);
    });
    this.#furnish(engine, around, source, factor);
    void engine.start();
    return started;
  }

  /** Something is done to the topic. */
  change({ kind, pick, count }: Extract<TopicAction, { pick: number }>): void {
    const { embedded } = this.topic;
    const partition = Math.floor(pick * this.#partitions);
    const name = this.topic.nameOf(partition);
    switch (kind) {
      case 'add':
        if (this.#partitions + count > PARTITIONS_MAX) return;
        this.#partitions += count;
        this.trace.note('topic', `has ${String(this.#partitions)} partitions now`);
        embedded.addPartitions(count);
        return;
      case 'skip':
        embedded.skipOffsets(partition, count);
        this.trace.note('topic', `${name} skips ${String(count)} offsets`);
        return;
      case 'abort':
        this.#abort(partition, count);
        return;
      case 'trim': {
        // What the group has committed as done: nothing is lost.
        const committed = this.topic.committed(partition);
        if (committed === undefined || BigInt(committed.offset) > BigInt(embedded.peek(partition).logEnd)) return;
        embedded.deleteRecords(partition, committed.offset);
        this.trace.note('topic', `${name} begins at ${committed.offset} now`);
      }
    }
  }

  /** What is left to do. */
  get unfinished(): readonly Offered[] {
    return this.judge.unfinished;
  }

  /** The members that the group knows. */
  get members(): number {
    return this.topic.embedded.peekGroup(GROUP).members.length;
  }

  #furnish(engine: CoreEngine, around: TopicSurroundings, source: FaultyTopic, factor: number): void {
    const [mapping] = this.plan.mappings;
    const { name, timeoutSeconds: timeout } = this.plan.fn;
    const target = engine.function({ name, target: new TopicTarget(around, this.plan.fn, this.trace), timeout, ...limitsOf(this.plan.fn) });
    const { partial, startingPosition, isFiltered, tumblingWindowInSeconds: _, ...rest } = mapping.fields;
    engine.map({
      ...rest,
      name: mapping.name,
      source,
      target,
      consumerGroupId: GROUP,
      parallelizationFactor: factor,
      startingPosition,
      ...(startingPosition === 'AT_TIMESTAMP' ? { startingPositionTimestamp: this.topic.startAt / 1000 } : {}),
      ...(isFiltered ? { filterCriteria: { filters: [{ pattern: '{"value":{"kind":["order"]}}' }] } } : {}),
      functionResponseTypes: partial ? ['ReportBatchItemFailures'] : [],
      destinationConfig: { onFailure: { destination: new FaultyDestination(around, this.judge) } },
    });
  }

  #heard<Name extends keyof EngineEvents>(life: Life, name: Name, event: EngineEvents[Name]): void {
    if (life.isDead) return;
    if (name === 'engine.defect') this.court.fail('defect', describe((event as EngineEvents['engine.defect']).error));
    if (name === 'breaker.state') this.court.heard(life, event as EngineEvents['breaker.state']);
    if (name !== 'shard.state') return;
    const { shardId, state } = event as EngineEvents['shard.state'];
    if (state === 'trimmed') this.judge.stands(life, shardId);
  }

  /** Records that were taken back: only who reads committed records may pass over them. */
  #abort(partition: number, count: number): void {
    if (!this.plan.topic.isCommittedOnly) return;
    const transaction = this.topic.embedded.transaction();
    for (let made = 0; made < count; made += 1) transaction.produce({ partition, key: 'taken back', value: `"taken back"` });
    transaction.abort();
    this.trace.note('topic', `${String(count)} records of ${this.topic.nameOf(partition)} are taken back`);
  }

  #seeded(): SeededRandom {
    return new SeededRandom(this.#random.integer(0, 0xffffffff));
  }
}

/** With an on-failure destination, retries without end are capped. */
function withCap(mapping: StreamMapping): StreamMapping {
  const { maximumRetryAttempts } = mapping.fields;
  return { ...mapping, fields: { ...mapping.fields, maximumRetryAttempts: maximumRetryAttempts < 0 ? RETRIES_MAX : maximumRetryAttempts } };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
