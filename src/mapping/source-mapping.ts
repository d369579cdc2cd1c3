import type {
  Clock,
  EngineListener,
  Epoch,
  LeaseOwner,
  MappingExplanation,
  MappingProblem,
  MappingSnapshot,
  MappingState,
  ShardSnapshot,
  StateStore,
  Wait,
} from '../contract/index.ts';
import type { Buffer } from '../intake/index.ts';
import type { Invoker } from '../invoke/index.ts';
import { type Deferred, deferred, Latch, orSet } from '../kit/index.ts';
import { explainMapping, type Observations } from './explain.ts';
import { Lifecycle } from './lifecycle.ts';
import type { Mapping } from './mapping.ts';
import { TenureLease } from './tenure-lease.ts';

/** After the deadline of a stop, calls under way get this long before the stop resolves without them, ms. */
const HARD_STOP_GRACE_MS = 2000;

/** How long an explanation waits for a queue to say how much it holds, ms. */
const DEPTH_MS = 2000;

/** One uninterrupted time of work. */
export interface Tenure {
  /** Records received or read, and not settled. */
  readonly inFlight: number;
  waits(): Wait[];
  /** Works until `stopping` is set and everything is drained, or until `hardStop` is set. */
  run(): Promise<void>;
  /** What is left to do, as text; `undefined` when nothing is. */
  busy(): Promise<string | undefined>;
  /** What it does at this moment, beside its waits; streams and topics. */
  snapshot?(): TenureSnapshot;
  /** How many messages the source holds, in flight or not; queues. */
  depth?(): Promise<number>;
}

/** What is known of the shards, or partitions, of a tenure. */
export interface TenureSnapshot {
  readonly shards: readonly ShardSnapshot[];
  /** How long the source keeps records, ms. */
  readonly retentionMs: number | undefined;
}

/** What a tenure is told when it begins. */
export interface TenureStart {
  readonly epoch: Epoch;
  readonly stopping: Latch;
  readonly hardStop: Latch;
  readonly onProblem: (problem: MappingProblem | undefined) => void;
  /** The source was found: work begins. */
  readonly onOpen: () => void;
}

/** What a mapping is made of. */
export interface SourceMappingParts {
  readonly id: string;
  readonly name: string;
  readonly functionName: string;
  readonly sourceLabel: string;
  readonly clock: Clock;
  readonly store: StateStore;
  readonly owner: LeaseOwner;
  readonly listener: EngineListener;
  readonly stopTimeoutMs: number;
  /**
   * `always`: it stores positions, so it has a lease in every store. `where-shared`: where the store is shared with other processes.
   * `never`: a consumer group spreads the work.
   */
  readonly lease: 'always' | 'where-shared' | 'never';
  readonly begin: (start: TenureStart) => Tenure;
  readonly invoker: Invoker;
  /** Shared by all mappings of the engine. */
  readonly buffer: Buffer;
  /** What is remembered of it, where somebody takes note. */
  readonly observations?: Observations | undefined;
  /** Streams only. */
  readonly lastProcessingResult?: () => string;
}

/** One enabled time: what stops it and what it has come to. */
interface Running {
  readonly stopping: Latch;
  readonly hardStop: Latch;
  readonly opened: Deferred;
  readonly ended: Promise<void>;
  /** Set when a hard stop has waited long enough for calls under way. */
  readonly givenUp: Latch;
  /** Disabled: another enabled time may begin. */
  readonly over: Deferred;
}

/**
 * A mapping, whatever its source. Enabled, it goes from tenure to tenure: gets the lease where the store is shared, works until
 * the lease is lost or it is disabled, and begins again.
 */
export class SourceMapping implements Mapping {
  readonly #parts: SourceMappingParts;
  readonly #lifecycle: Lifecycle;
  #running: Running | undefined;
  #tenure: Tenure | undefined;
  #problem: MappingProblem | undefined;
  #epoch = 0;
  #wasEnabled = false;
  /** How often it was asked to stop. */
  #disables = 0;
  /** Its engine was stopped. */
  #isEnded = false;

  constructor(parts: SourceMappingParts) {
    this.#parts = parts;
    this.#lifecycle = new Lifecycle(parts.name, parts.listener);
  }

  get id(): string {
    return this.#parts.id;
  }

  get name(): string {
    return this.#parts.name;
  }

  get functionName(): string {
    return this.#parts.functionName;
  }

  get sourceLabel(): string {
    return this.#parts.sourceLabel;
  }

  get state(): MappingState {
    return this.#lifecycle.state;
  }

  get problem(): MappingProblem | undefined {
    return this.#problem;
  }

  get lastProcessingResult(): string | undefined {
    return this.#parts.lastProcessingResult?.();
  }

  get inFlight(): number {
    return this.#tenure?.inFlight ?? 0;
  }

  waits(): readonly Wait[] {
    if (this.#running === undefined) return [{ part: 'mapping', reason: { kind: 'disabled' } }];
    const since = this.#since;
    const problem = this.#problem;
    const parts = [...this.#processWaits(), ...(this.#tenure?.waits() ?? [])];
    if (problem !== undefined) return [{ part: 'mapping', reason: problem, since }, ...parts];
    return parts.length > 0 ? parts : [{ part: 'mapping', reason: { kind: 'starting' }, since }];
  }

  /** What keeps all mappings of the process waiting. */
  #processWaits(): Wait[] {
    const delayMs = this.#parts.observations?.eventLoopDelayMs;
    return delayMs === undefined ? [] : [{ part: 'process', reason: { kind: 'event-loop', delayMs } }];
  }

  /** Since when it has its problem, or is being started. */
  #since = 0;

  /** What it does at this moment. */
  snapshot(): MappingSnapshot {
    const { id, name, functionName, sourceLabel, state, problem, lastProcessingResult, inFlight } = this;
    const { invoker, buffer } = this.#parts;
    const tenure = this.#running === undefined ? undefined : this.#tenure?.snapshot?.();
    return {
      id,
      name,
      functionName,
      eventSource: sourceLabel,
      state,
      problem,
      lastProcessingResult,
      inFlight,
      waits: this.waits(),
      shards: tenure?.shards ?? [],
      retentionMs: tenure?.retentionMs,
      timeoutMs: invoker.definition.timeoutMs,
      credits: invoker.ledger.snapshotFor(name),
      breaker: invoker.breaker.snapshot,
      lease: this.#running === undefined ? undefined : this.#lease?.snapshot,
      isBufferFull: buffer.isFull,
    };
  }

  explanation(depth?: number): MappingExplanation {
    const { clock, observations } = this.#parts;
    return explainMapping(this.snapshot(), { now: clock.monotonic(), wall: clock.wall(), depth, observations });
  }

  async explain(): Promise<MappingExplanation> {
    return this.explanation(await this.#depth());
  }

  /** What the source says of its depth; a source that does not answer soon is not waited for. */
  async #depth(): Promise<number | undefined> {
    const tenure = this.#running === undefined ? undefined : this.#tenure;
    if (tenure?.depth === undefined) return undefined;
    const late = new Latch();
    const cancel = this.#parts.clock.timer(DEPTH_MS, () => {
      late.set();
    });
    try {
      return await orSet(tenure.depth(), late);
    } catch {
      return undefined;
    } finally {
      cancel();
    }
  }

  /** What is left to do, as text; `undefined` when nothing is: nothing in flight, and the source reports nothing. */
  async busy(): Promise<string | undefined> {
    if (this.inFlight > 0) return `${String(this.inFlight)} records in flight`;
    const left = this.#tenure === undefined ? 'not started' : await this.#tenure.busy();
    return left ?? (this.inFlight > 0 ? `${String(this.inFlight)} records in flight` : undefined);
  }

  async enable(): Promise<void> {
    if (this.#isEnded) throw new Error('the engine has been stopped; make a new one');
    const disables = this.#disables;
    while (this.#running?.stopping.isSet === true) await this.#running.over.promise;
    if (disables !== this.#disables) return;
    if (this.#running === undefined) {
      const stopping = new Latch();
      const hardStop = new Latch();
      const opened = deferred();
      this.#lifecycle.move(this.#wasEnabled ? 'Enabling' : 'Creating');
      this.#wasEnabled = true;
      this.#since = this.#parts.clock.monotonic();
      const ended = this.#run(stopping, hardStop, opened);
      this.#running = { stopping, hardStop, opened, over: deferred(), ended, givenUp: this.#giveUpAfter(hardStop, ended) };
    }
    await this.#running.opened.promise;
  }

  async disable(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#disables += 1;
    const running = this.#running;
    if (running === undefined) return;
    const { clock } = this.#parts;
    const { stopping, hardStop, ended, opened, givenUp } = running;
    const timeoutMs = options.timeoutMs ?? this.#parts.stopTimeoutMs;
    if (!stopping.isSet) this.#lifecycle.move('Disabling');
    stopping.set();
    opened.resolve();
    const cancel = clock.timer(timeoutMs, () => {
      hardStop.set();
    });
    hardStop.onSet(cancel);
    // Not in a later turn: a batch that is open now is not begun any more.
    if (timeoutMs <= 0) hardStop.set();
    await orSet(ended, givenUp);
    cancel();
    if (this.#running === running) {
      this.#running = undefined;
      this.#lifecycle.move('Disabled');
      running.over.resolve();
    }
  }

  /** Disables it for good: it cannot be enabled again. */
  end(options: { readonly timeoutMs: number }): Promise<void> {
    this.#isEnded = true;
    return this.disable(options);
  }

  /** One grace for all who stop this mapping, so that a later call never makes it longer. */
  #giveUpAfter(hardStop: Latch, ended: Promise<void>): Latch {
    const givenUp = new Latch();
    hardStop.onSet(() => {
      const cancel = this.#parts.clock.timer(HARD_STOP_GRACE_MS, () => {
        givenUp.set();
      });
      void ended.then(cancel);
    });
    return givenUp;
  }

  async #run(stopping: Latch, hardStop: Latch, opened: Deferred): Promise<void> {
    while (!stopping.isSet) {
      const tenureStopping = new Latch();
      const forget = stopping.onSet(() => {
        tenureStopping.set();
      });
      await this.#runTenure(tenureStopping, hardStop, opened);
      forget();
    }
    this.#setProblem(undefined);
  }

  async #runTenure(stopping: Latch, hardStop: Latch, opened: Deferred): Promise<void> {
    const lease = this.#leaseFor(stopping);
    this.#lease = lease;
    const leased = lease === undefined ? undefined : await lease.acquire();
    if (lease !== undefined && leased === undefined) return;
    this.#epoch = leased ?? this.#epoch + 1;
    const tenure = this.#parts.begin({
      epoch: this.#epoch as Epoch,
      stopping,
      hardStop,
      onProblem: (problem) => {
        this.#setProblem(problem);
      },
      onOpen: () => {
        if (!stopping.isSet) this.#lifecycle.move('Enabled');
        opened.resolve();
      },
    });
    this.#tenure = tenure;
    await tenure.run();
    await lease?.release();
  }

  #lease: TenureLease | undefined;

  #leaseFor(stopping: Latch): TenureLease | undefined {
    const { store, owner, clock, name, lease } = this.#parts;
    if (lease === 'never' || (lease === 'where-shared' && !store.durable)) return undefined;
    return new TenureLease({
      key: name,
      store,
      owner,
      clock,
      stopping,
      onProblem: (problem) => {
        this.#setProblem(problem);
      },
      onLost: () => {
        stopping.set();
      },
    });
  }

  #setProblem(problem: MappingProblem | undefined): void {
    const before = this.#problem;
    this.#problem = problem;
    if (before === undefined && problem === undefined) return;
    if (before?.kind !== problem?.kind) this.#since = this.#parts.clock.monotonic();
    this.#parts.listener('mapping.problem', { mapping: this.#parts.name, problem });
  }
}
