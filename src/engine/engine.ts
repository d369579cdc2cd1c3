import {
  ConfigError,
  type EngineEvents,
  type EngineExplanation,
  type EngineListener,
  type Finding,
  type Logger,
  type MappingLogLevel,
} from '../contract/index.ts';
import { Buffer } from '../intake/index.ts';
import { AccountLedger } from '../invoke/index.ts';
import { Latch } from '../kit/index.ts';
import { type Checked, check, describeWait, logLevelOf, type Mapping, type SourceMapping } from '../mapping/index.ts';
import { EventHub, logListener, MeterListener, Observatory } from '../observe/index.ts';
import type { FoundFunction, FunctionSummary, InvokeAnswer } from './function-summary.ts';
import { FunctionRegistry } from './functions.ts';
import { checkMappingParts } from './given.ts';
import { untilIdle } from './idle.ts';
import { type AnyMapOptions, MappingMaker, type MappingMakerParts, type Named } from './mapping-maker.ts';
import {
  ACCOUNT_ID_DEFAULT,
  ENGINE_FIELDS,
  type EnginePlatform,
  type EngineSettings,
  type FunctionOptions,
  type FunctionRef,
  type NamedQueueMapOptions,
  type NamedStreamMapOptions,
  type NamedTopicMapOptions,
  type QueueMapOptions,
  REGION_DEFAULT,
  type StreamMapOptions,
  type TopicMapOptions,
} from './options.ts';
import { AliasInvoker } from './qualified-invoker.ts';
import { Watch } from './watch.ts';

/** How long a stop drains unless told otherwise, ms. */
const STOP_TIMEOUT_MS_DEFAULT = 30_000;
/** Under which name invocations that no mapping made hold credits. */
const DIRECT = '@invoke';
/** Between the looks of idle() unless told otherwise, ms. */
const IDLE_POLL_MS_DEFAULT = 200;

/**
 * Mappings, functions and what they share, in one process. Made, filled with `function()` and `map()`, started, stopped;
 * a stopped engine is not started again. Who makes a source, target or store closes it.
 */
export class CoreEngine {
  readonly #platform: EnginePlatform;
  readonly #stopTimeoutMs: number;
  readonly #idlePollMs: number;
  readonly #functions: FunctionRegistry;
  readonly #maker: MappingMaker;
  readonly #mappings = new Map<string, SourceMapping>();
  readonly #disabled = new Set<string>();
  readonly #buffer: Buffer;
  readonly #events: EventHub;
  readonly #meters: MeterListener;
  /** Of mappings that have a log level of their own. */
  readonly #loggers = new Map<string, Logger>();
  readonly #observatory: Observatory;
  readonly #watch: Watch;
  readonly #owner: { readonly id: string; readonly label: string };
  /** Set when the engine has stopped: ends invocations that no mapping made. */
  readonly #hardStop = new Latch();
  #phase: 'new' | 'started' | 'stopped' = 'new';
  /** That the store forgets positions was told. */
  #isVolatileTold = false;

  /** Throws a ConfigError when a setting is wrong. */
  constructor(platform: EnginePlatform, settings: EngineSettings = {}) {
    const fields = check(ENGINE_FIELDS, settings);
    this.#platform = platform;
    this.#stopTimeoutMs = fields.stopTimeoutMs ?? STOP_TIMEOUT_MS_DEFAULT;
    this.#idlePollMs = fields.idlePollMs ?? IDLE_POLL_MS_DEFAULT;
    this.#events = new EventHub(platform.logger);
    const { clock, random } = platform;
    const account = new AccountLedger(fields.accountConcurrency);
    this.#functions = new FunctionRegistry({
      shared: { clock, random, account, listener: this.#events.tell, tracer: platform.tracer },
      breaker: fields.breaker,
      region: fields.region ?? REGION_DEFAULT,
      accountId: fields.accountId ?? ACCOUNT_ID_DEFAULT,
      logger: platform.logger,
      elsewhere: platform.functionsElsewhere,
    });
    this.#buffer = new Buffer(fields.bufferRecords, fields.bufferBytes);
    this.#meters = new MeterListener(platform.meter);
    this.#events.add(this.#meters.listener);
    this.#events.add(logListener(platform.logger, (mapping) => this.#loggers.get(mapping)));
    this.#observatory = new Observatory({ clock, meters: this.#meters, tell: this.#events.tell });
    this.#events.add(this.#observatory.listener);
    this.#watch = new Watch({ clock, eventLoop: platform.eventLoop, look: (delayMs) => void this.look(delayMs) });
    this.#owner = { id: platform.random.uuid(), label: platform.ownerLabel };
    this.#maker = new MappingMaker({ clock, functions: this.#functions, meters: this.#meters, common: (named) => this.#common(named) });
  }

  /** Registers a function that several mappings may name; they share its reserved concurrency. Throws a ConfigError. */
  function<Event>(options: FunctionOptions<Event>, checked?: Checked): FunctionRef<Event> {
    return this.#functions.add(options, checked);
  }

  /** Adds a mapping; in a started engine it begins to work at once unless `enabled` is false. Throws a ConfigError. */
  map<Event>(options: QueueMapOptions<Event> | NamedQueueMapOptions<Event>, checked?: Checked): Mapping;
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- a union would let a queue take the fields of a stream
  map<Event>(options: StreamMapOptions<Event> | NamedStreamMapOptions<Event>, checked?: Checked): Mapping;
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the same for the fields of a topic
  map<Event>(options: TopicMapOptions<Event> | NamedTopicMapOptions<Event>, checked?: Checked): Mapping;
  map<Event>(options: AnyMapOptions<Event>, checked: Checked = {}): Mapping {
    return this.add(options, checked);
  }

  /** What `map()` does, whatever the source. */
  protected add<Event>(options: AnyMapOptions<Event>, checked: Checked = {}): Mapping {
    if (this.#phase === 'stopped') throw new Error('the engine has been stopped; make a new one');
    checkMappingParts(options, checked);
    const id = options.id ?? this.#platform.random.uuid();
    const name = options.name ?? id;
    if (this.#mappings.has(name)) {
      throw new ConfigError([{ field: checked.at ?? 'name', message: `there is a mapping ${name} already; give this one another name` }]);
    }
    const { mapping, enabled } = this.#maker.make(options, { id, name }, checked);
    this.#mappings.set(name, mapping);
    if (options.source.kind === 'stream') this.#tellVolatile(name);
    this.#logAt(name, logLevelOf(options));
    this.#meters.open({ id, name, functionName: mapping.functionName, kind: options.source.kind });
    if (!enabled) this.#disabled.add(name);
    else if (this.#phase === 'started') void mapping.enable();
    return mapping;
  }

  /** A mapping with a level of its own has a logger of its own. */
  #logAt(name: string, level: MappingLogLevel | undefined): void {
    this.#loggers.delete(name);
    if (level !== undefined) this.#loggers.set(name, this.#platform.logger.child({}, { level }));
  }

  /**
   * Takes a mapping out: it receives nothing new, drains for at most `timeoutMs` (default: stopTimeoutMs), releases what is left and
   * is forgotten. Its positions stay in the store. Nothing happens when there is no mapping of that name.
   */
  async remove(name: string, options: { readonly timeoutMs?: number } = {}): Promise<void> {
    const mapping = this.#mappings.get(name);
    if (mapping === undefined) return;
    await mapping.end({ timeoutMs: options.timeoutMs ?? this.#stopTimeoutMs });
    if (this.#mappings.get(name) !== mapping) return;
    this.#mappings.delete(name);
    this.#loggers.delete(name);
    this.#disabled.delete(name);
    this.#meters.close(name);
    this.#functions.elsewhere.leave(name);
  }

  /** Forgets a function that no mapping uses any more, so that another of its name may be registered. Its target is its maker's to close. */
  removeFunction(name: string): void {
    this.#functions.remove(name);
  }

  /** The functions that are registered, in the order they were added. */
  get functions(): readonly FunctionSummary[] {
    return this.#functions.summaries;
  }

  /** The registered function that a FunctionName of AWS's names; `undefined` when there is none. */
  findFunction(functionName: string): FoundFunction | undefined {
    return this.#functions.find(functionName)?.found;
  }

  /**
   * Invokes a registered function once, beside its mappings and within its reserved concurrency; `undefined` when there is none of
   * that name. What it does when it overruns its time-out is between it and its target.
   */
  async invoke(functionName: string, event: unknown): Promise<InvokeAnswer | undefined> {
    const named = this.#functions.find(functionName)?.invoker;
    if (named === undefined) return undefined;
    // Of an alias with weights it is known now which version runs, so that the answer can say so.
    const invoker = named instanceof AliasInvoker ? named.choose() : named;
    const { ledger } = invoker;
    const credit = ledger.tryAcquire(DIRECT);
    if (credit === undefined) return { kind: 'no-credit', isReserved: ledger.scarce.of === 'function' };
    const { requestId, outcome, ended } = invoker.start(event, { attempt: 1, hardStop: this.#hardStop, abandonAfterMs: undefined });
    void ended.then(() => {
      credit.release();
    });
    return { kind: 'answered', requestId, version: invoker.definition.version, outcome: await outcome };
  }

  #tellVolatile(mapping: string): void {
    const { store } = this.#platform;
    if (store.durable || this.#isVolatileTold) return;
    this.#isVolatileTold = true;
    this.#events.tell('store.volatile', { mapping, store: store.label });
  }

  #common({ id, name }: Named): ReturnType<MappingMakerParts['common']> {
    const { clock, random, store } = this.#platform;
    const listener = this.#events.tell;
    const observations = this.#observatory;
    const shared = { clock, random, store, buffer: this.#buffer, owner: this.#owner, listener, observations };
    return { id, name, ...shared, stopTimeoutMs: this.#stopTimeoutMs };
  }

  /** Listens to everything that happens; gives the function that ends it. */
  on(listener: EngineListener): () => void;
  /** Listens to one kind of event. */
  on<Name extends keyof EngineEvents>(name: Name, listener: (event: EngineEvents[Name]) => void): () => void;
  on<Name extends keyof EngineEvents>(first: Name | EngineListener, listener?: (event: EngineEvents[Name]) => void): () => void {
    return this.#events.add(typeof first === 'function' ? first : onlyFor(first, listener));
  }

  /** All mappings, in the order they were added. */
  get mappings(): readonly Mapping[] {
    return [...this.#mappings.values()];
  }

  /** Starts every enabled mapping. Sources that do not exist yet are waited for, so this does not wait for them. */
  start(): Promise<void> {
    if (this.#phase === 'stopped') return Promise.reject(new Error('the engine has been stopped; make a new one'));
    if (this.#phase === 'new') {
      this.#phase = 'started';
      this.#watch.start();
      for (const mapping of this.#mappings.values()) if (!this.#disabled.has(mapping.name)) void mapping.enable();
    }
    return Promise.resolve();
  }

  /**
   * Receives nothing new, drains for at most `timeoutMs` (default: stopTimeoutMs), then releases what is left. Idempotent;
   * a second call with a shorter time shortens the first, 0 ends at once. After it no timer is left, and nothing runs but
   * handlers that did not stop.
   */
  async stop(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#phase = 'stopped';
    this.#watch.stop();
    const timeoutMs = options.timeoutMs ?? this.#stopTimeoutMs;
    await Promise.all([...this.#mappings.values()].map((mapping) => mapping.end({ timeoutMs })));
    this.#hardStop.set();
    await this.#functions.close();
  }

  /**
   * Resolves when, for every enabled mapping, nothing is in flight and the source reports nothing visible, hidden or
   * delayed, on two looks. Messages that await redelivery are not idle, nor is an engine that was not started. Rejects with the wait reasons after `timeoutMs`
   * (default: never).
   */
  idle(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    return untilIdle({
      clock: this.#platform.clock,
      mappings: () => [...this.#mappings.values()],
      isOff: ({ name, state }) => state === 'Disabled' && (this.#phase !== 'new' || this.#disabled.has(name)),
      pollMs: this.#idlePollMs,
      timeoutMs: options.timeoutMs ?? Number.POSITIVE_INFINITY,
      explain: () => this.explain(),
    });
  }

  /** What every part of every mapping waits for, a sentence each. */
  explain(): readonly string[] {
    const now = this.#platform.clock.monotonic();
    return this.mappings.flatMap((mapping) => mapping.waits().map((wait) => `${mapping.name} ${describeWait(wait, now)}`));
  }

  /** What every mapping does and why it waits, shard by shard, and what the watchdog finds. Asks nobody: `mapping.explain()` asks a queue for its depth, too. */
  explanation(): EngineExplanation {
    const mappings = this.mappings.map((mapping) => mapping.explanation());
    return { at: this.#platform.clock.wall(), mappings, findings: this.findings };
  }

  /** What the watchdog found at its last look: what should move and does not, and what is about to go wrong. */
  get findings(): readonly Finding[] {
    return this.#observatory.findings;
  }

  /**
   * Looks at everything once, tells what is found as events (`watchdog.finding`) and sets the metrics that show how things are. A
   * started engine does this by itself every 10 s where the platform has an event loop to measure. `eventLoopDelayMs`: the longest
   * delay of the event loop since the last look.
   */
  look(eventLoopDelayMs?: number): readonly Finding[] {
    const snapshots = [...this.#mappings.values()].map((mapping) => mapping.snapshot());
    return this.#observatory.look(snapshots, eventLoopDelayMs);
  }
}

function onlyFor<Name extends keyof EngineEvents>(
  wanted: Name,
  listener: ((event: EngineEvents[Name]) => void) | undefined,
): EngineListener {
  return (name, event) => {
    if (isNamed(wanted, name, event)) listener?.(event);
  };
}

function isNamed<Name extends keyof EngineEvents>(
  wanted: Name,
  name: keyof EngineEvents,
  _event: EngineEvents[keyof EngineEvents],
): _event is EngineEvents[Name] {
  return name === wanted;
}
