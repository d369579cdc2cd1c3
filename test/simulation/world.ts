import { EmbeddedQueue } from '../../adapters/source/embedded-queue/index.ts';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { CoreEngine, SeededRandom, silentLogger, silentMeter, VirtualClock } from '../../src/index.ts';
import { FAILURES_TO_OPEN } from '../../src/invoke/circuit-breaker.ts';
import type { MappingFacts } from './facts.ts';
import { Faults } from './faults.ts';
import { FaultySource } from './faulty-source.ts';
import { Judge, type Verdict } from './judge/index.ts';
import { Life } from './life.ts';
import type { MappingPlan, Plan, Send } from './plan.ts';
import { SimulatedTarget } from './target.ts';
import { Trace } from './trace.ts';

/** One engine and what it was given. */
export interface Incarnation {
  readonly life: Life;
  readonly engine: CoreEngine;
  /** It is being stopped as a whole. */
  isStopping: boolean;
  /** Mappings that are disabled for a while. */
  readonly paused: Set<string>;
}

/** Everything around the engine: clock, queues, functions, and who watches. */
export class World {
  readonly plan: Plan;
  readonly clock = new VirtualClock();
  readonly trace: Trace;
  readonly judge: Judge;
  readonly mappings = new Map<string, MappingFacts>();
  readonly queues = new Map<string, EmbeddedQueue>();
  readonly deadLetters = new Map<string, EmbeddedQueue>();
  readonly #queueOf = new Map<string, EmbeddedQueue>();
  readonly #faults = new Map<string, Faults>();
  readonly #random: SeededRandom;
  readonly #poison = new Set<string>();
  #lives = 0;
  #sent = 0;

  constructor(plan: Plan, write?: (line: string) => void) {
    this.plan = plan;
    this.trace = new Trace(() => this.clock.monotonic(), write);
    this.#random = new SeededRandom(plan.seed ^ 0x5eed);
    for (const mapping of plan.mappings) this.#addQueue(mapping);
    this.judge = new Judge(() => this.clock.monotonic(), this.queues, this.trace);
  }

  get verdict(): Verdict | undefined {
    return this.judge.verdict;
  }

  queueOf(mapping: string): EmbeddedQueue {
    const queue = this.#queueOf.get(mapping);
    if (queue === undefined) throw new Error(`no queue for mapping ${mapping}`);
    return queue;
  }

  /** Puts one message of the traffic into its queue. */
  send({ mapping: name, group, delaySeconds, poison, padding }: Send): void {
    const mapping = this.#facts(name);
    const queue = this.queueOf(name);
    this.#sent += 1;
    const body = `${poison ? 'poison ' : ''}${String(this.#sent)}${'\u0001'.repeat(padding)}`;
    const fifo = { messageGroupId: group, messageDeduplicationId: String(this.#sent) };
    const { messageId } = queue.send({ body, ...(group === undefined ? { delaySeconds: delaySeconds || undefined } : fifo) });
    if (poison) this.#poison.add(messageId);
    this.trace.note(name, `offered ${messageId.slice(0, 4)}${group === undefined ? '' : ` of ${group}`}${poison ? ', poison' : ''}`);
    const delay = delaySeconds || (this.plan.mappings.find((one) => one.name === name)?.queue.delaySeconds ?? 0);
    this.judge.tell('offered', { mapping, messageId, groupId: group, visibleAt: this.clock.monotonic() + delay * 1000 });
  }

  /** Starts a new engine on the same queues. */
  start(onDeath: (incarnation: Incarnation) => void): Incarnation {
    this.#lives += 1;
    const life = new Life(this.#lives, this.clock, () => {
      this.trace.note('engine', `life ${String(life.number)} is killed`);
      this.judge.tell('crashed', { life });
      onDeath(incarnation);
    });
    this.trace.note('engine', `life ${String(life.number)} begins`);
    const engine = new CoreEngine(
      {
        clock: life.clock,
        random: new SeededRandom(this.#random.integer(0, 0xffffffff)),
        logger: silentLogger,
        meter: silentMeter,
        store: memoryStore(),
        ownerLabel: `life ${String(life.number)}`,
      },
      {
        stopTimeoutMs: this.plan.stopTimeoutMs,
        ...(this.plan.accountConcurrency === undefined ? {} : { accountConcurrency: this.plan.accountConcurrency }),
        ...(this.plan.bufferRecords === undefined ? {} : { bufferRecords: this.plan.bufferRecords }),
      },
    );
    const incarnation: Incarnation = { life, engine, isStopping: false, paused: new Set() };
    engine.on((name, event) => {
      if (!life.isDead) this.judge.tell('event', { life, name, event });
    });
    this.#mapAll(life, engine);
    for (const mapping of this.mappings.values()) this.judge.tell('enabled', { life, mapping });
    void engine.start();
    return incarnation;
  }

  #mapAll(life: Life, engine: CoreEngine): void {
    const { clock, trace, judge, plan } = this;
    const targets = new Map(
      plan.functions.map((definition) => {
        const target = new SimulatedTarget({
          life,
          plan: definition,
          random: this.#random,
          clock,
          tell: judge.tell,
          trace,
          faultsEndAt: plan.faultsEndAt,
          mappingOf: (arn) => this.#factsByArn(arn),
          isPoison: (messageId) => this.#isPoison(messageId),
        });
        const ref = engine.function({
          name: definition.name,
          target,
          timeout: definition.timeoutSeconds,
          ...(definition.reserved === undefined ? {} : { reservedConcurrentExecutions: definition.reserved }),
          ...(definition.remote?.breaker === undefined ? {} : { breaker: definition.remote.breaker }),
        });
        return [definition.name, ref] as const;
      }),
    );
    for (const { name, functionName, fields } of plan.mappings) {
      const target = targets.get(functionName);
      const faults = this.#faults.get(name);
      if (target === undefined || faults === undefined) throw new Error(`mapping ${name} has no function`);
      const source = new FaultySource({
        life,
        mapping: this.#facts(name),
        queue: this.queueOf(name),
        faults,
        clock,
        tell: judge.tell,
        trace,
      });
      engine.map({ ...fields, name, source, target });
    }
  }

  /** Without a redrive policy somebody mends the function in the end. */
  #isPoison(messageId: string): boolean {
    if (!this.#poison.has(messageId)) return false;
    return this.judge.messages.get(messageId).mapping.hasRedrive || this.clock.monotonic() < this.plan.faultsEndAt;
  }

  #addQueue(plan: MappingPlan): void {
    const { clock } = this;
    const { name, fifo, visibilitySeconds, delaySeconds } = plan.queue;
    const random = new SeededRandom(this.#random.integer(0, 0xffffffff));
    const isTooLarge = this.plan.traffic.some(({ mapping, padding }) => mapping === plan.name && padding > 1_000_000);
    const maxReceiveCount = plan.queue.maxReceiveCount ?? (isTooLarge ? 3 : undefined);
    const settings = { clock, random, visibilityTimeoutSeconds: visibilitySeconds, delaySeconds };
    let redrive: { queue: EmbeddedQueue; maxReceiveCount: number } | undefined;
    if (maxReceiveCount !== undefined) {
      const deadLetters = new EmbeddedQueue({ clock, random, name: fifo ? 'dead.fifo' : 'dead' });
      this.deadLetters.set(plan.name, deadLetters);
      redrive = { queue: deadLetters, maxReceiveCount };
    }
    const queue = new EmbeddedQueue({ ...settings, name, redrive });
    this.queues.set(queue.arn, queue);
    this.#queueOf.set(plan.name, queue);
    this.#faults.set(plan.name, new Faults(this.plan, plan, new SeededRandom(this.#random.integer(0, 0xffffffff)), clock));
    this.mappings.set(plan.name, factsOf(this.plan, plan, queue.arn, redrive !== undefined));
  }

  #facts(name: string): MappingFacts {
    const facts = this.mappings.get(name);
    if (facts === undefined) throw new Error(`no mapping ${name}`);
    return facts;
  }

  #factsByArn(arn: string): MappingFacts {
    for (const facts of this.mappings.values()) if (facts.arn === arn) return facts;
    throw new Error(`no mapping for ${arn}`);
  }
}

function factsOf(plan: Plan, mapping: MappingPlan, arn: string, hasRedrive: boolean): MappingFacts {
  const { fields, queue, functionName, name, latencyBoundMs } = mapping;
  const definition = plan.functions.find((one) => one.name === functionName);
  if (definition === undefined) throw new Error(`no function ${functionName}`);
  return {
    name,
    arn,
    fifo: queue.fifo,
    functionName,
    reserved: definition.reserved,
    accountConcurrency: plan.accountConcurrency,
    breakerFailures: definition.remote === undefined ? undefined : (definition.remote.breaker?.failures ?? FAILURES_TO_OPEN),
    timeoutMs: definition.timeoutSeconds * 1000,
    batchSize: fields.batchSize ?? 10,
    windowMs: (fields.maximumBatchingWindowInSeconds ?? 0) * 1000,
    maximumConcurrency: fields.scalingConfig?.maximumConcurrency,
    partial: fields.functionResponseTypes !== undefined,
    quarantine: fields.groupQuarantine ?? false,
    visibilitySeconds: queue.visibilitySeconds,
    hasRedrive,
    latencyBoundMs,
    isCramped: plan.bufferRecords !== undefined,
  };
}
