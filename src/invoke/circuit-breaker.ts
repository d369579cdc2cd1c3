import { type BackoffPolicy, steadyBackoffMs } from '../kit/index.ts';
import type { TargetFault } from './target-fault.ts';

/** So many faults of the target in a row open the breaker. */
export const FAILURES_TO_OPEN = 5;
/** It opens too when this part of the outcomes were throttles ... */
const THROTTLE_RATE_TO_OPEN = 0.5;
/** ... in this time, ms (two windows side by side, so up to twice as long is looked at), ... */
export const THROTTLE_WINDOW_MS = 10_000;
/** ... of at least so many. */
export const THROTTLE_OUTCOMES_MIN = 10;
/** How long it stays open: the first time up to a second, doubled each time that a trial fails, up to a minute. */
export const BREAKER_PAUSE: BackoffPolicy = { baseMs: 1000, capMs: 60_000 };
/** How soon the next trial may come after one that found nothing to try, ms. */
const TRIAL_BACKOFF: BackoffPolicy = { baseMs: 50, capMs: 1000 };
/** The batch of a trial takes at most so many records of a queue. */
export const TRIAL_RECORDS = 3;

/** When a breaker opens and for how long. */
export interface BreakerSettings {
  /** Faults of the target in a row. */
  readonly failures: number;
  /** The part of the outcomes that may be throttles, above 0 to 1. */
  readonly throttleRate: number;
  readonly pause: BackoffPolicy;
}

/** The settings unless told otherwise. */
export const BREAKER_DEFAULTS: BreakerSettings = {
  failures: FAILURES_TO_OPEN,
  throttleRate: THROTTLE_RATE_TO_OPEN,
  pause: BREAKER_PAUSE,
};

/** Closed: everything goes through. Open: nothing does until `until`. Half-open: one trial, not before `until`. Instants are monotonic, ms. */
export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'half-open'; readonly isTaken: boolean; readonly until: number };

/** How one invocation came out. */
export interface Ended {
  /** What {@link CircuitBreaker.term} was when it began. */
  readonly term: number;
  readonly fault: TargetFault;
  /** How long the target asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  readonly now: number;
  /** In [0, 1): the jitter. */
  readonly chance: number;
}

const CLOSED: BreakerState = { kind: 'closed' };

/**
 * The breaker of one function. Pure: told what happened and when, it says what may go.
 *
 * K1 What began in another term than this changes nothing: of what was in flight when it opened nobody learns anything new.
 * K2 In half-open at most one trial is under way.
 * K3 Only what the target did wrong opens it, never what a function made of its records.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  #state: BreakerState = CLOSED;
  #term = 0;
  /** Faults in a row. */
  #failures = 0;
  /** Openings since it was closed last. */
  #openings = 0;
  #unusedTrials = 0;
  readonly #throttles = new ThrottleWindow();

  constructor(settings: BreakerSettings = BREAKER_DEFAULTS) {
    this.#settings = settings;
  }

  get isClosed(): boolean {
    return this.#state === CLOSED;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Counts the changes of the state; an invocation belongs to the term in which it begins. */
  get term(): number {
    return this.#term;
  }

  /** How often it has opened since it was closed last. */
  get openings(): number {
    return this.#openings;
  }

  /** May something begin at `now`? `trial`: this one alone, in a term of its own. */
  enter(now: number): 'pass' | 'trial' | 'wait' {
    const state = this.#state;
    if (state.kind === 'closed') return 'pass';
    if (now < state.until || (state.kind === 'half-open' && state.isTaken)) return 'wait';
    this.#move({ kind: 'half-open', isTaken: true, until: state.until });
    return 'trial';
  }

  /** An invocation came out. True: the state is another one. */
  ended(ended: Ended): boolean {
    if (ended.term !== this.#term || this.#state.kind === 'open') return false;
    if (this.#state.kind === 'half-open') return this.#tried(ended);
    const isThrottled = ended.fault === 'throttled';
    this.#throttles.add(isThrottled, ended.now);
    if (ended.fault === 'reached') this.#failures = 0;
    else if (!isThrottled) this.#failures += 1;
    const isOver = this.#failures >= this.#settings.failures || (isThrottled && this.#throttles.isAbove(this.#settings.throttleRate));
    return isOver && this.#open(ended);
  }

  /** The trial of this term was not made, or was cut off; another one may be. False: it is over already. */
  giveBack(term: number, now: number, chance: number): boolean {
    if (term !== this.#term || this.#state.kind !== 'half-open' || !this.#state.isTaken) return false;
    this.#unusedTrials += 1;
    const waitMs = steadyBackoffMs(TRIAL_BACKOFF, this.#unusedTrials, chance);
    this.#move({ kind: 'half-open', isTaken: false, until: now + waitMs });
    return true;
  }

  #tried(ended: Ended): boolean {
    if (ended.fault !== 'reached') return this.#open(ended);
    this.#failures = 0;
    this.#openings = 0;
    this.#unusedTrials = 0;
    this.#throttles.clear();
    this.#move(CLOSED);
    return true;
  }

  #open({ now, chance, retryAfterMs = 0 }: Ended): true {
    const { pause } = this.#settings;
    this.#openings += 1;
    const waitMs = Math.max(steadyBackoffMs(pause, this.#openings, chance), Math.min(retryAfterMs, pause.capMs));
    this.#move({ kind: 'open', until: now + waitMs });
    return true;
  }

  #move(state: BreakerState): void {
    this.#state = state;
    this.#term += 1;
  }
}

/** Outcomes and throttles of the running window and the one before it. */
class ThrottleWindow {
  #startedAt = Number.NEGATIVE_INFINITY;
  #outcomes = [0, 0];
  #throttles = [0, 0];

  add(isThrottled: boolean, now: number): void {
    const age = now - this.#startedAt;
    if (age >= THROTTLE_WINDOW_MS) {
      const isNext = age < 2 * THROTTLE_WINDOW_MS;
      this.#outcomes = [0, isNext ? (this.#outcomes[0] ?? 0) : 0];
      this.#throttles = [0, isNext ? (this.#throttles[0] ?? 0) : 0];
      this.#startedAt = now;
    }
    this.#outcomes[0] = (this.#outcomes[0] ?? 0) + 1;
    if (isThrottled) this.#throttles[0] = (this.#throttles[0] ?? 0) + 1;
  }

  isAbove(rate: number): boolean {
    const outcomes = (this.#outcomes[0] ?? 0) + (this.#outcomes[1] ?? 0);
    const throttles = (this.#throttles[0] ?? 0) + (this.#throttles[1] ?? 0);
    return outcomes >= THROTTLE_OUTCOMES_MIN && throttles >= rate * outcomes;
  }

  clear(): void {
    this.#startedAt = Number.NEGATIVE_INFINITY;
    this.#outcomes = [0, 0];
    this.#throttles = [0, 0];
  }
}
