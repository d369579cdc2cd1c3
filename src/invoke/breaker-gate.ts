import type { BreakerSnapshot, CancelTimer, Clock, EngineListener, Outcome, Random, WaitReason } from '../contract/index.ts';
import type { Latch } from '../kit/index.ts';
import { type BreakerSettings, CircuitBreaker } from './circuit-breaker.ts';
import { causeOf, faultOf } from './target-fault.ts';

/** The leave to begin one invocation. */
export interface Pass {
  /** It decides whether the breaker closes: a few records, and nothing else runs beside it. */
  readonly isTrial: boolean;
  /** Gives a trial back that was not made; after its outcome it does nothing. */
  release(): void;
}

const FREE_PASS: Pass = { isTrial: false, release: () => undefined };

interface Waiter {
  readonly grant: (pass: Pass) => void;
  readonly say: (reason: WaitReason) => void;
}

/** What a gate works with. */
export interface BreakerGateParts {
  readonly functionName: string;
  /** `undefined`: there is no breaker, and everything passes. */
  readonly settings: BreakerSettings | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: EngineListener;
}

/**
 * Where invocations of a function wait while its breaker is not closed. It has a timer only while somebody waits. A trial goes to
 * who has waited longest.
 */
export class BreakerGate {
  readonly #parts: BreakerGateParts;
  readonly #breaker: CircuitBreaker | undefined;
  readonly #waiters = new Set<Waiter>();
  #cancelTimer: CancelTimer | undefined;
  #cause = '';

  constructor(parts: BreakerGateParts) {
    this.#parts = parts;
    this.#breaker = parts.settings === undefined ? undefined : new CircuitBreaker(parts.settings);
  }

  /** Whether there is a breaker at all. */
  get isOn(): boolean {
    return this.#breaker !== undefined;
  }

  /** Whether everything passes. */
  get isClosed(): boolean {
    return this.#breaker === undefined || this.#breaker.isClosed;
  }

  /** How things are; `undefined`: there is none. */
  get snapshot(): BreakerSnapshot | undefined {
    const breaker = this.#breaker;
    if (breaker === undefined) return undefined;
    const { state, openings } = breaker;
    return { state: state.kind, until: state.kind === 'closed' ? undefined : state.until, openings, cause: this.#cause };
  }

  /** Resolves with a pass when one may begin; `undefined` when `cancelled` is set first. `say` hears why it waits, and when that changes. */
  wait(cancelled: Latch, say: (reason: WaitReason) => void): Promise<Pass | undefined> {
    if (this.isClosed) return Promise.resolve(FREE_PASS);
    if (cancelled.isSet) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        say,
        grant: (pass) => {
          this.#waiters.delete(waiter);
          forget();
          resolve(pass);
        },
      };
      this.#waiters.add(waiter);
      const forget = cancelled.onSet(() => {
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#disarm();
        resolve(undefined);
      });
      this.#dispatch();
    });
  }

  /** Watches an invocation that begins now: its outcome tells of the target, unless a hard stop cut it off. */
  watch(outcome: Promise<Outcome>, isCutOff: (outcome: Outcome) => boolean): void {
    const breaker = this.#breaker;
    if (breaker === undefined) return;
    const { term } = breaker;
    void outcome.then((came) => {
      if (isCutOff(came)) this.#giveBack(breaker, term);
      else this.#ended(breaker, term, came);
    });
  }

  #ended(breaker: CircuitBreaker, term: number, outcome: Outcome): void {
    const { clock, random } = this.#parts;
    const fault = faultOf(outcome);
    // The way of nearly every invocation: nothing to count but that it worked.
    const retryAfterMs = 'retryAfterMs' in outcome ? outcome.retryAfterMs : undefined;
    const chance = fault === 'reached' ? 0 : random.next();
    if (!breaker.ended({ term, fault, retryAfterMs, now: clock.monotonic(), chance })) return;
    if (!breaker.isClosed) this.#cause = causeOf(outcome);
    this.#tell(breaker);
    this.#dispatch();
  }

  #giveBack(breaker: CircuitBreaker, term: number): void {
    const { clock, random } = this.#parts;
    if (breaker.term === term && breaker.giveBack(term, clock.monotonic(), random.next())) this.#dispatch();
  }

  /** Lets go who may, tells the others why they wait, and wakes up when that is over. */
  #dispatch(): void {
    const breaker = this.#breaker;
    if (breaker === undefined) return;
    const { clock } = this.#parts;
    for (const waiter of this.#waiters) {
      const entry = breaker.enter(clock.monotonic());
      if (entry === 'pass') waiter.grant(FREE_PASS);
      else if (entry === 'wait') waiter.say(this.#reason(breaker));
      else this.#grantTrial(breaker, waiter);
    }
    this.#arm(breaker);
  }

  #grantTrial(breaker: CircuitBreaker, waiter: Waiter): void {
    const { term } = breaker;
    this.#tell(breaker);
    waiter.grant({
      isTrial: true,
      release: () => {
        this.#giveBack(breaker, term);
      },
    });
  }

  #arm(breaker: CircuitBreaker): void {
    this.#disarm();
    const { state } = breaker;
    if (this.#waiters.size === 0 || state.kind === 'closed' || (state.kind === 'half-open' && state.isTaken)) return;
    const { clock } = this.#parts;
    this.#cancelTimer = clock.timer(Math.max(0, state.until - clock.monotonic()), () => {
      this.#cancelTimer = undefined;
      this.#dispatch();
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #reason({ state }: CircuitBreaker): WaitReason {
    const { functionName } = this.#parts;
    return state.kind === 'open'
      ? { kind: 'breaker', state: 'open', functionName, cause: this.#cause, until: state.until }
      : { kind: 'breaker', state: 'half-open', functionName, cause: this.#cause };
  }

  /** A trial that was given back and is made again is no news. */
  #tell({ state, openings }: CircuitBreaker): void {
    const { functionName, listener, clock } = this.#parts;
    if (state.kind === this.#told) return;
    this.#told = state.kind;
    const pauseMs = state.kind === 'open' ? state.until - clock.monotonic() : undefined;
    listener('breaker.state', { functionName, state: state.kind, cause: this.#cause, pauseMs, openings });
  }

  #told: CircuitBreaker['state']['kind'] = 'closed';
}
