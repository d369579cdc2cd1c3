import type {
  Clock,
  EngineListener,
  Epoch,
  LeaseOwner,
  MappingProblem,
  MappingState,
  QueueDepth,
  QueueMappingOptions,
  QueueSource,
  Random,
  StateStore,
  Wait,
} from '../contract/index.ts';
import type { Buffer } from '../intake/index.ts';
import type { Invoker } from '../invoke/index.ts';
import { type Deferred, deferred, Latch, orSet } from '../kit/index.ts';
import { GroupLocks } from '../lanes/index.ts';
import { Lifecycle } from './lifecycle.ts';
import type { Mapping } from './mapping.ts';
import { QueueTenure } from './queue-tenure.ts';
import { TenureLease } from './tenure-lease.ts';
import type { Lingering } from './works.ts';

/** After the deadline of a stop, calls under way get this long before the stop resolves without them, ms. */
const HARD_STOP_GRACE_MS = 2000;

/** What a queue mapping is made of. */
export interface QueueMappingParts {
  readonly id: string;
  readonly name: string;
  readonly options: QueueMappingOptions;
  readonly source: QueueSource;
  readonly invoker: Invoker;
  readonly buffer: Buffer;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: StateStore;
  readonly owner: LeaseOwner;
  readonly listener: EngineListener;
  readonly stopTimeoutMs: number;
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
 * A mapping of a queue. Enabled, it goes from tenure to tenure: gets the lease where the store is shared, works until
 * the lease is lost or it is disabled, and begins again.
 */
export class QueueMapping implements Mapping {
  readonly #parts: QueueMappingParts;
  readonly #lifecycle: Lifecycle;
  readonly #locks = new GroupLocks();
  readonly #lingering = new Map<number, Lingering>();
  #running: Running | undefined;
  #tenure: QueueTenure | undefined;
  #problem: MappingProblem | undefined;
  #epoch = 0;
  #wasEnabled = false;
  /** How often it was asked to stop. */
  #disables = 0;
  /** Its engine was stopped. */
  #isEnded = false;

  constructor(parts: QueueMappingParts) {
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
    return this.#parts.invoker.definition.name;
  }

  get sourceLabel(): string {
    return this.#parts.source.label;
  }

  get state(): MappingState {
    return this.#lifecycle.state;
  }

  get problem(): MappingProblem | undefined {
    return this.#problem;
  }

  get inFlight(): number {
    return this.#tenure?.inFlight ?? 0;
  }

  waits(): readonly Wait[] {
    if (this.#running === undefined) return [{ part: 'mapping', reason: { kind: 'disabled' } }];
    const problem = this.#problem;
    const parts = this.#tenure?.waits() ?? [];
    if (problem !== undefined) return [{ part: 'mapping', reason: problem }, ...parts];
    return parts.length > 0 ? parts : [{ part: 'mapping', reason: { kind: 'starting' } }];
  }

  /** What the source still has. */
  depth(): Promise<QueueDepth> {
    return this.#parts.source.depth();
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
    const lease = this.#lease(stopping);
    const leased = lease === undefined ? undefined : await lease.acquire();
    if (lease !== undefined && leased === undefined) return;
    this.#epoch = leased ?? this.#epoch + 1;
    const { id: _id, name, store: _store, owner: _owner, ...parts } = this.#parts;
    const tenure = new QueueTenure({
      ...parts,
      mapping: name,
      epoch: this.#epoch as Epoch,
      locks: this.#locks,
      lingering: this.#lingering,
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

  #lease(stopping: Latch): TenureLease | undefined {
    const { store, owner, clock, name } = this.#parts;
    if (!store.durable) return undefined;
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
    this.#parts.listener('mapping.problem', { mapping: this.#parts.name, problem });
  }
}
