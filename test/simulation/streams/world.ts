import type { KinesisStreamEvent } from 'aws-lambda';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import {
  CoreEngine,
  type EngineEvents,
  type FunctionRef,
  SeededRandom,
  type StateStore,
  silentLogger,
  silentMeter,
  VirtualClock,
} from '../../../src/index.ts';
import { Life } from '../life.ts';
import { Trace } from '../trace.ts';
import type { Surroundings } from './faulty.ts';
import { FaultyDestination } from './faulty-destination.ts';
import { FaultyStore } from './faulty-store.ts';
import { FaultyStream } from './faulty-stream.ts';
import { Freezer } from './freezer.ts';
import { Court, MappingJudge } from './judge/index.ts';
import { limitsOf } from './performance.ts';
import type { StreamAction, StreamPlan, StreamSend } from './plan.ts';
import type { Offered } from './record.ts';
import { WatchedStream } from './stream.ts';
import { StreamTarget } from './target.ts';

/** One engine and what it was given. */
export interface StreamEngine {
  readonly life: Life;
  readonly freezer: Freezer;
  readonly engine: CoreEngine;
}

/** How long a stop may take beyond its deadline: a call that is under way may be lost to a slow reply. */
const STOP_TIMEOUT_MS = 20_000;
/** The most shards that a split may lead to. */
const SHARDS_MAX = 12;

/** Everything around the engine: clock, streams, store, functions, destinations, and who watches. */
export class StreamSimulation {
  readonly plan: StreamPlan;
  readonly clock = new VirtualClock();
  readonly trace: Trace;
  readonly court: Court;
  readonly judges: readonly MappingJudge[];
  readonly store: StateStore = memoryStore();
  readonly #random: SeededRandom;
  readonly #streams: ReadonlyMap<string, WatchedStream>;
  #lives = 0;
  #sent = 0;

  constructor(plan: StreamPlan, write?: (line: string) => void) {
    this.plan = plan;
    this.trace = new Trace(() => this.clock.monotonic(), write);
    this.#random = new SeededRandom(plan.seed ^ 0x5eed);
    this.court = new Court(
      plan,
      this.trace,
      () => this.clock.monotonic(),
      () => this.clock.wall(),
    );
    const streams = plan.streams.map((stream) => new WatchedStream(stream, this.clock, this.#seeded(), this.clock.wall() + plan.startsAt));
    this.#streams = new Map(streams.map((stream) => [stream.plan.name, stream]));
    this.judges = plan.mappings.map((mapping) => {
      const stream = this.#stream(mapping.stream);
      const fn = plan.functions.find(({ name }) => name === mapping.functionName);
      if (fn === undefined) throw new Error(`no function ${mapping.functionName}`);
      return new MappingJudge({ court: this.court, mapping, fn, stream });
    });
  }

  async open(): Promise<void> {
    for (const stream of this.#streams.values()) await stream.open();
  }

  /** Puts one record of the traffic. What is put before a mapping has durably begun counts only from TRIM_HORIZON. */
  send(send: StreamSend): void {
    this.#sent += 1;
    const text = String(this.#sent);
    const stream = this.#stream(send.stream);
    const put = stream.put(send, text);
    const marks = `${send.poison ? ', poison' : ''}${send.killer ? ', killer' : ''}${send.bytes > 0 ? `, ${String(send.bytes)} bytes` : ''}`;
    this.trace.note(
      send.stream,
      `offered ${text} of ${send.key} to ${put.shardId.slice(-3)}${marks}${send.kind === 'order' ? '' : `, ${send.kind}`}`,
    );
    for (const judge of this.judges) {
      if (judge.bench.stream !== stream) continue;
      const { startingPosition } = judge.bench.mapping.fields;
      const isBefore = startingPosition === 'LATEST' ? !judge.hasBegun : this.clock.monotonic() < this.plan.startsAt;
      judge.offered(put, text, send, startingPosition !== 'TRIM_HORIZON' && isBefore);
    }
  }

  /** The wall clock is set. */
  jump(byMs: number): void {
    this.trace.note('clock', `the wall clock is set by ${String(byMs)} ms`);
    this.clock.stepWall(byMs);
  }

  /** Starts a new engine on the same streams and store. */
  start(onDeath: (dead: StreamEngine) => void): StreamEngine {
    const number = ++this.#lives;
    const life = new Life(number, this.clock, () => {
      this.trace.note('engine', `life ${String(number)} is killed`);
      for (const judge of this.judges) judge.crashed(life);
      onDeath(started);
    });
    const freezer = new Freezer(life.clock);
    const random = this.#seeded();
    const { faults, outages, faultsEndAt, latencyMs, bufferRecords } = this.plan;
    const around: Surroundings = { life, freezer, random, clock: this.clock, faults, outages, faultsEndAt, latencyMs };
    const factorOf = ({ bench }: MappingJudge): number => {
      const { factors } = bench.mapping;
      return factors[Math.min(number, factors.length) - 1] ?? 1;
    };
    this.trace.note('engine', `life ${String(number)} begins with ${this.judges.map(factorOf).join(', ')} lanes`);
    const stored = new Map(this.judges.map((judge) => [judge.bench.mapping.name, { judge, factor: factorOf(judge) }]));
    const store = new FaultyStore(around, this.store, stored);
    const engine = new CoreEngine(
      { clock: freezer.clock, random, logger: silentLogger, meter: silentMeter, store, ownerLabel: `life ${String(number)}` },
      { stopTimeoutMs: STOP_TIMEOUT_MS, ...(bufferRecords === undefined ? undefined : { bufferRecords }) },
    );
    const started: StreamEngine = { life, freezer, engine };
    engine.on((name, event) => {
      this.#heard(life, name, event);
    });
    this.#furnish(engine, around, factorOf);
    void engine.start();
    return started;
  }

  /** Changes a stream; nothing happens where it cannot be done. */
  async change(action: Extract<StreamAction, { pick: number }>): Promise<void> {
    const stream = this.#stream(action.stream);
    const { embedded } = stream;
    const shards = embedded.shardIds;
    const open = shards.filter((shardId) => !embedded.peek(shardId).isClosed);
    const picked = open[Math.floor(action.pick * open.length)] ?? '';
    switch (action.kind) {
      case 'split':
        if (open.length < SHARDS_MAX) this.trace.note(action.stream, `${picked} is split: ${embedded.splitShard(picked).join(' ')}`);
        break;
      case 'merge':
        this.#merge(stream, picked, open);
        break;
      case 'expire':
        embedded.expireIterators();
        return;
      case 'trim':
        this.#trim(stream, shards[Math.floor(action.pick * shards.length)] ?? '');
        return;
      case 'recreate':
        this.trace.note(action.stream, 'is created anew');
        for (const judge of this.judges) if (judge.bench.stream === stream) judge.recreated();
        await stream.recreate();
    }
    for (const shardId of embedded.shardIds) {
      const { parents } = embedded.peek(shardId);
      for (const { bench, records } of this.judges) if (bench.stream === stream) records.opened(stream.incarnation, shardId, parents);
    }
  }

  /** What is left of all mappings. */
  get unfinished(): readonly { readonly record: Offered; readonly judge: MappingJudge }[] {
    return this.judges.flatMap((judge) => judge.unfinished.map((record) => ({ record, judge })));
  }

  #furnish(engine: CoreEngine, around: Surroundings, factorOf: (judge: MappingJudge) => number): void {
    // In a tumbling window the event is another one, and its records are the same.
    const judges = new WeakMap<KinesisStreamEvent['Records'], MappingJudge>();
    const judgeOf = (event: KinesisStreamEvent): MappingJudge => {
      const judge = judges.get(event.Records);
      if (judge === undefined) throw new Error('an event of no mapping');
      return judge;
    };
    const functions = new Map<string, FunctionRef<KinesisStreamEvent>>();
    for (const fn of this.plan.functions) {
      const { name, timeoutSeconds: timeout } = fn;
      const target = new StreamTarget(around, fn, judgeOf, this.trace);
      functions.set(name, engine.function({ name, target, timeout, ...limitsOf(fn) }));
    }
    for (const judge of this.judges) {
      const { mapping } = judge.bench;
      const target = functions.get(mapping.functionName);
      if (target === undefined) throw new Error(`no function ${mapping.functionName}`);
      const { partial, startingPosition, isFiltered, ...rest } = mapping.fields;
      engine.map({
        ...rest,
        name: mapping.name,
        source: new FaultyStream(around, judge, this.plan.pageRecords, (event) => judges.set(event.Records, judge)),
        target,
        parallelizationFactor: factorOf(judge),
        startingPosition,
        ...(startingPosition === 'AT_TIMESTAMP' ? { startingPositionTimestamp: judge.bench.stream.startAt / 1000 } : {}),
        ...(isFiltered ? { filterCriteria: { filters: [{ pattern: '{"data":{"kind":["order"]}}' }] } } : {}),
        functionResponseTypes: partial ? ['ReportBatchItemFailures'] : [],
        destinationConfig: { onFailure: { destination: new FaultyDestination(around, judge) } },
      });
    }
  }

  #heard<Name extends keyof EngineEvents>(life: Life, name: Name, event: EngineEvents[Name]): void {
    if (life.isDead) return;
    if (name === 'engine.defect') this.court.fail('defect', describe((event as EngineEvents['engine.defect']).error));
    if (name === 'breaker.state') this.court.heard(life, event as EngineEvents['breaker.state']);
    if (name !== 'shard.state') return;
    const { mapping, shardId, state } = event as EngineEvents['shard.state'];
    if (state === 'trimmed') this.judges.find(({ bench }) => bench.mapping.name === mapping)?.trimmed(life, shardId);
  }

  #merge({ embedded, plan }: WatchedStream, shardId: string, open: readonly string[]): void {
    const end = BigInt(embedded.peek(shardId).hashKeyRange.endingHashKey);
    const neighbour = open.find((other) => BigInt(embedded.peek(other).hashKeyRange.startingHashKey) === end + 1n);
    if (neighbour === undefined) return;
    this.trace.note(plan.name, `${shardId} and ${neighbour} are merged: ${embedded.mergeShards(shardId, neighbour)}`);
  }

  /** Removes what every mapping of the stream has stored as done: nothing is lost. */
  #trim(stream: WatchedStream, shardId: string): void {
    const positions = this.judges.filter(({ bench }) => bench.stream === stream).map((judge) => judge.positionOf(shardId));
    const known = positions.filter((position) => position !== undefined);
    const lowest = known.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))[0];
    if (lowest !== undefined && known.length === positions.length) stream.trim(shardId, lowest);
  }

  #stream(name: string): WatchedStream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new Error(`no stream ${name}`);
    return stream;
  }

  #seeded(): SeededRandom {
    return new SeededRandom(this.#random.integer(0, 0xffffffff));
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
