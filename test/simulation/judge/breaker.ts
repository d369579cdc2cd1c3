import type { EngineEvents, ReceiveRequest } from '../../../src/index.ts';
import type { InvocationFacts, MappingFacts, Watcher } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Bench } from './bench.ts';

/** The batch of a trial takes at most so many records where it is received for it. */
const TRIAL_RECORDS = 3;

/** The breaker of one function in one life, as it can be known from outside. */
interface Known {
  state: EngineEvents['breaker.state']['state'];
  /** Changes of the state: what began in an earlier one tells nothing. */
  term: number;
  /** Faults of the target in a row: a hard stop cuts invocations off as a time-out does, and only that tells that it was reached. */
  atLeast: number;
  atMost: number;
  last: 'reached' | 'throttled' | 'failed';
  failedAt: number;
  readonly trials: Set<InvocationFacts>;
  readonly receives: Set<ReceiveRequest>;
}

/**
 * R9: while the breaker of a function is open nothing is received for it and nothing invoked, and while it is half-open one batch
 * at most. R11: it opens when the target does wrong, and only then.
 */
export function watchBreakers({ fail, now }: Bench): Watcher {
  const breakers = new Breakers(fail, now);
  return {
    enabled: ({ mapping }) => {
      if (mapping.breakerFailures !== undefined) breakers.failures.set(mapping.functionName, mapping.breakerFailures);
    },
    event: ({ life, name, event }) => {
      if (name === 'breaker.state') breakers.changed(life, event as EngineEvents['breaker.state']);
    },
    receiveStarted: ({ life, mapping, request }) => {
      breakers.received(life, mapping, request);
    },
    receiveEnded: ({ life, mapping, request }) => {
      breakers.of(life, mapping.functionName).receives.delete(request);
    },
    invoked: (invocation) => {
      breakers.invoked(invocation);
    },
    answered: ({ invocation, kind, fault }) => {
      breakers.answered(invocation, kind, fault);
    },
  };
}

/** What is known of each breaker, and what it may do next. */
class Breakers {
  /** Faults in a row that open the breaker of a function. */
  readonly failures = new Map<string, number>();
  readonly #fail: Bench['fail'];
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #terms = new Map<InvocationFacts, number>();

  constructor(fail: Bench['fail'], now: () => number) {
    this.#fail = fail;
    this.#now = now;
  }

  of(life: Life, functionName: string): Known {
    const key = `${String(life.number)} ${functionName}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      const counts = { term: 0, atLeast: 0, atMost: 0, failedAt: 0 };
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
    Object.assign(known, { state, term: known.term + 1, atLeast: 0, atMost: 0 });
    known.trials.clear();
    known.receives.clear();
  }

  received(life: Life, { name, functionName }: MappingFacts, request: ReceiveRequest): void {
    const { state, receives } = this.of(life, functionName);
    if (state === 'open') this.#fail('R9', `${name} receives while the breaker of ${functionName} is open`);
    if (state !== 'half-open') return;
    receives.add(request);
    if (receives.size > 1) this.#fail('R9', `${name} receives beside the trial of the breaker of ${functionName}`);
    if (request.max > TRIAL_RECORDS) this.#fail('R9', `${name} asks for ${String(request.max)} records to try ${functionName}`);
  }

  invoked(invocation: InvocationFacts): void {
    const { functionName, breakerFailures = Number.POSITIVE_INFINITY } = invocation.mapping;
    const known = this.of(invocation.life, functionName);
    const { state, trials, atLeast, failedAt } = known;
    this.#terms.set(invocation, known.term);
    if (state === 'open') this.#fail('R9', `${functionName} is invoked while its breaker is open`);
    if (state === 'half-open') trials.add(invocation);
    if (trials.size > 1) this.#fail('R9', `${functionName} is tried by ${String(trials.size)} batches at once`);
    if (state === 'closed' && atLeast >= breakerFailures && this.#now() > failedAt)
      this.#fail('R9', `${functionName} is invoked after ${String(atLeast)} faults of its target in a row`);
  }

  answered(invocation: InvocationFacts, kind: string, fault: Known['last']): void {
    const known = this.of(invocation.life, invocation.mapping.functionName);
    known.trials.delete(invocation);
    const isCurrent = this.#terms.get(invocation) === known.term;
    this.#terms.delete(invocation);
    if (!isCurrent || known.state === 'open') return;
    // A hard stop cuts an invocation off in the same way, and that tells nothing.
    if (kind === 'timeout') known.atLeast = 0;
    else this.#count(known, fault);
  }

  #count(known: Known, fault: Known['last']): void {
    known.last = fault;
    if (fault === 'reached') Object.assign(known, { atLeast: 0, atMost: 0 });
    if (fault !== 'failed') return;
    known.atLeast += 1;
    known.atMost += 1;
    known.failedAt = this.#now();
  }
}
