import type { EngineEvents, ReceiveRequest } from '../../../src/index.ts';
import type { Fail } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Fault } from '../remote.ts';

/** The batch of a trial takes at most so many records where it is received for it. */
const TRIAL_RECORDS = 3;

/** The breaker of one function in one life, as it can be known from outside. */
interface Known<Invocation> {
  state: EngineEvents['breaker.state']['state'];
  /** Changes of the state: what began in an earlier one tells nothing. */
  term: number;
  /** Faults of the target in a row: a hard stop cuts invocations off as a time-out does, and only that tells that it was reached. */
  atLeast: number;
  atMost: number;
  last: Fault;
  failedAt: number;
  /** When the state changed last, monotonic ms. */
  changedAt: number;
  readonly trials: Set<Invocation>;
  readonly receives: Set<ReceiveRequest>;
}

/** What is known of each breaker, and what it may do next: R9 and R11, of queues, streams and topics. */
export class Breakers<Invocation extends object> {
  /** Faults in a row that open the breaker of a function. */
  readonly failures = new Map<string, number>();
  readonly #fail: Fail;
  readonly #now: () => number;
  readonly #known = new Map<string, Known<Invocation>>();
  readonly #terms = new Map<Invocation, number>();

  constructor(fail: Fail, now: () => number) {
    this.#fail = fail;
    this.#now = now;
  }

  of(life: Life, functionName: string): Known<Invocation> {
    const key = `${String(life.number)} ${functionName}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      const counts = { term: 0, atLeast: 0, atMost: 0, failedAt: 0, changedAt: Number.NEGATIVE_INFINITY };
      known = { state: 'closed', ...counts, last: 'reached', trials: new Set(), receives: new Set() };
      this.#known.set(key, known);
    }
    return known;
  }

  changed(life: Life, { state, functionName }: EngineEvents['breaker.state']): void {
    const known = this.of(life, functionName);
    const isDue = known.atMost >= (this.failures.get(functionName) ?? Number.POSITIVE_INFINITY) || known.last === 'throttled';
    if (state === 'open' && known.state === 'closed' && !isDue)
      this.#fail('R11', `the breaker of ${functionName} opened although its target did nothing wrong`);
    if (state === 'half-open' && known.state !== 'open') this.#fail('R9', `the breaker of ${functionName} is half-open but was not open`);
    Object.assign(known, { state, term: known.term + 1, atLeast: 0, atMost: 0, changedAt: this.#now() });
    known.trials.clear();
    known.receives.clear();
  }

  received(life: Life, name: string, functionName: string, request: ReceiveRequest): void {
    const { state, receives } = this.of(life, functionName);
    if (state === 'open') this.#fail('R9', `${name} receives while the breaker of ${functionName} is open`);
    if (state !== 'half-open') return;
    receives.add(request);
    if (receives.size > 1) this.#fail('R9', `${name} receives beside the trial of the breaker of ${functionName}`);
    if (request.max > TRIAL_RECORDS) this.#fail('R9', `${name} asks for ${String(request.max)} records to try ${functionName}`);
  }

  invoked(life: Life, functionName: string, invocation: Invocation): void {
    const breakerFailures = this.failures.get(functionName) ?? Number.POSITIVE_INFINITY;
    const known = this.of(life, functionName);
    const { state, trials, atLeast, failedAt } = known;
    this.#terms.set(invocation, known.term);
    if (state === 'open') this.#fail('R9', `${functionName} is invoked while its breaker is open`);
    if (state === 'half-open') trials.add(invocation);
    if (trials.size > 1) this.#fail('R9', `${functionName} is tried by ${String(trials.size)} batches at once`);
    if (state === 'closed' && atLeast >= breakerFailures && this.#now() > failedAt)
      this.#fail('R9', `${functionName} is invoked after ${String(atLeast)} faults of its target in a row`);
  }

  /** Its answer, or that it was cut off. */
  answered(life: Life, functionName: string, invocation: Invocation, kind: string, fault: Fault): void {
    const known = this.of(life, functionName);
    known.trials.delete(invocation);
    const isCurrent = this.#terms.get(invocation) === known.term;
    this.#terms.delete(invocation);
    if (!isCurrent || known.state === 'open') return;
    // A hard stop cuts an invocation off in the same way, and that tells nothing.
    if (kind === 'timeout') known.atLeast = 0;
    else this.#count(known, fault);
  }

  #count(known: Known<Invocation>, fault: Fault): void {
    known.last = fault;
    if (fault === 'reached') Object.assign(known, { atLeast: 0, atMost: 0 });
    if (fault !== 'failed') return;
    known.atLeast += 1;
    known.atMost += 1;
    known.failedAt = this.#now();
  }
}
