import { EmbeddedStream } from '../../../adapters/source/embedded-stream/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import {
  CoreEngine,
  SeededRandom,
  type SequenceNumber,
  type StateStore,
  silentLogger,
  silentMeter,
  VirtualClock,
} from '../../../src/index.ts';
import { Life } from '../life.ts';
import { Trace } from '../trace.ts';
import { FaultyDestination, FaultyStore } from './faulty-store.ts';
import { FaultyStream } from './faulty-stream.ts';
import { Freezer } from './freezer.ts';
import { StreamJudge } from './judge.ts';
import type { StreamAction, StreamPlan, StreamSend } from './plan.ts';
import { StreamTarget } from './target.ts';

/** One engine and what it was given. */
export interface StreamEngine {
  readonly life: Life;
  readonly freezer: Freezer;
  readonly engine: CoreEngine;
}

/** How long a stop may take beyond its deadline: a call that is under way may be lost to a slow reply. */
const STOP_TIMEOUT_MS = 20_000;

/** Everything around the engine: clock, stream, store, function, destination, and who watches. */
export class StreamSimulation {
  readonly plan: StreamPlan;
  readonly clock = new VirtualClock();
  readonly trace: Trace;
  readonly judge: StreamJudge;
  readonly stream: EmbeddedStream;
  readonly store: StateStore = memoryStore();
  readonly #random: SeededRandom;
  #incarnation = 1;
  #lives = 0;
  #sent = 0;

  constructor(plan: StreamPlan, write?: (line: string) => void) {
    this.plan = plan;
    this.trace = new Trace(() => this.clock.monotonic(), write);
    this.#random = new SeededRandom(plan.seed ^ 0x5eed);
    const random = new SeededRandom(this.#random.integer(0, 0xffffffff));
    this.stream = new EmbeddedStream({ name: 'orders', clock: this.clock, random, shards: plan.shards, pollMs: 500 });
    this.judge = new StreamJudge({
      plan,
      stream: this.stream,
      now: () => this.clock.monotonic(),
      wall: () => this.clock.wall(),
      trace: this.trace,
    });
  }

  /** Puts one record of the traffic. What is put before the mapping has durably begun counts only from TRIM_HORIZON. */
  async send({ key, poison, killer }: StreamSend): Promise<void> {
    this.#sent += 1;
    const text = String(this.#sent);
    const { shardId, sequenceNumber } = this.stream.put({ partitionKey: key, data: text });
    const { startingPosition } = this.plan.fields;
    const isBefore = startingPosition === 'LATEST' ? !this.judge.hasBegun : this.clock.monotonic() < this.plan.startsAt;
    const isExempt = startingPosition !== 'TRIM_HORIZON' && isBefore;
    const { incarnation } = await this.stream.describe();
    this.trace.note('orders', `offered ${text} of ${key} to ${shardId.slice(-3)}${poison ? ', poison' : ''}${killer ? ', killer' : ''}`);
    this.judge.offered({ text, key, incarnation, shardId, sequenceNumber, arrivedAt: this.clock.wall(), poison, killer, isExempt });
  }

  /** Starts a new engine on the same stream and store. */
  start(onDeath: (dead: StreamEngine) => void): StreamEngine {
    const number = ++this.#lives;
    const life = new Life(number, this.clock, () => {
      this.trace.note('engine', `life ${String(number)} is killed`);
      this.judge.crashed(life);
      onDeath(started);
    });
    const freezer = new Freezer(life.clock);
    const random = new SeededRandom(this.#random.integer(0, 0xffffffff));
    const { faults, faultsEndAt, latencyMs, fields, factors, reserved, timeoutSeconds, pageRecords } = this.plan;
    const around = { life, freezer, random, clock: this.clock, faults, faultsEndAt, latencyMs };
    const factor = factors[Math.min(number, factors.length) - 1] ?? 1;
    this.trace.note('engine', `life ${String(number)} begins with ${String(factor)} lanes`);
    const engine = new CoreEngine(
      {
        clock: freezer.clock,
        random,
        logger: silentLogger,
        meter: silentMeter,
        store: new FaultyStore(around, this.store, this.judge),
        ownerLabel: `life ${String(number)}`,
      },
      { stopTimeoutMs: STOP_TIMEOUT_MS },
    );
    const started: StreamEngine = { life, freezer, engine };
    engine.on((name, event) => {
      if (name === 'engine.defect' && !life.isDead) this.judge.fail('defect', describe((event as { error: unknown }).error));
    });
    const target = engine.function({
      name: 'work',
      target: new StreamTarget(around, this.plan, this.judge, this.trace),
      timeout: timeoutSeconds,
      ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
    });
    const { partial, startingPosition, ...rest } = fields;
    engine.map({
      ...rest,
      name: 'm',
      source: new FaultyStream(around, this.stream, pageRecords),
      target,
      parallelizationFactor: factor,
      startingPosition,
      ...(startingPosition === 'AT_TIMESTAMP' ? { startingPositionTimestamp: this.#startAt / 1000 } : {}),
      functionResponseTypes: partial ? ['ReportBatchItemFailures'] : [],
      destinationConfig: { onFailure: { destination: new FaultyDestination(around, this.judge) } },
    });
    void engine.start();
    return started;
  }

  /** The wall instant that AT_TIMESTAMP names. */
  get #startAt(): number {
    return this.clock.wall() - this.clock.monotonic() + this.plan.startsAt;
  }

  /** Changes the stream; nothing happens where it cannot be done. */
  async change(action: Extract<StreamAction, { pick: number }>): Promise<void> {
    const shards = this.stream.shardIds;
    const open = shards.filter((shardId) => !this.stream.peek(shardId).isClosed);
    const picked = open[Math.floor(action.pick * open.length)] ?? '';
    switch (action.kind) {
      case 'split':
        if (open.length < 12) this.trace.note('orders', `${picked} is split: ${this.stream.splitShard(picked).join(' ')}`);
        return;
      case 'merge':
        this.#merge(picked, open);
        return;
      case 'expire':
        this.stream.expireIterators();
        return;
      case 'trim': {
        const { incarnation } = await this.stream.describe();
        const shardId = shards[Math.floor(action.pick * shards.length)] ?? '';
        const number = this.judge.positionOf(shardId, incarnation);
        if (number !== undefined) this.stream.trim(shardId, number as SequenceNumber);
        return;
      }
      case 'recreate':
        this.#incarnation += 1;
        this.trace.note('orders', `is created anew, number ${String(this.#incarnation)}`);
        this.judge.recreated();
        this.stream.recreate();
    }
  }

  #merge(shardId: string, open: readonly string[]): void {
    const end = BigInt(this.stream.peek(shardId).hashKeyRange.endingHashKey);
    const neighbour = open.find((other) => BigInt(this.stream.peek(other).hashKeyRange.startingHashKey) === end + 1n);
    if (neighbour === undefined) return;
    this.trace.note('orders', `${shardId} and ${neighbour} are merged: ${this.stream.mergeShards(shardId, neighbour)}`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
