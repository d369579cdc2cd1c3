import type { EngineEvents, Outcome } from '../../../../src/index.ts';
import { FAILURES_TO_OPEN } from '../../../../src/invoke/circuit-breaker.ts';
import type { Rule } from '../../facts.ts';
import { Breakers, type Verdict } from '../../judge/index.ts';
import type { Life } from '../../life.ts';
import { faultOf } from '../../remote.ts';
import type { Trace } from '../../trace.ts';
import type { StreamFunction, StreamPlan } from '../plan.ts';
import type { StreamInvocation } from '../record.ts';

/** What a judge needs to know of the plan of a world. */
export type CourtPlan = Pick<StreamPlan, 'mappings' | 'faults' | 'outages' | 'wallJumps' | 'latencyMs' | 'bufferRecords'>;

/** How far above its size the bound of a large record may be, bytes. */
const BOUND_EXCESS_MAX = 210_000;

/** Keeps the first verdict, and sees what is shared by all mappings. */
export class Court {
  readonly plan: CourtPlan;
  readonly trace: Trace;
  readonly now: () => number;
  readonly wall: () => number;
  readonly #running = new Map<string, number>();
  readonly #breakers: Breakers<StreamInvocation>;
  verdict: Verdict | undefined;
  /** What all large records together may take of the room of a process, bytes. */
  offeredBytes = 0;

  constructor(plan: CourtPlan, trace: Trace, now: () => number, wall: () => number) {
    this.plan = plan;
    this.trace = trace;
    this.now = now;
    this.wall = wall;
    this.#breakers = new Breakers(this.fail, now);
  }

  readonly fail = (rule: Rule, text: string): void => {
    this.trace.note('judge', `${rule} broken: ${text}`);
    this.verdict ??= { rule, text, at: this.now() };
  };

  /** A record was put that one of the mappings is to have; `bytes`: what it claims to take, 0 when little. */
  offered(bytes: number): void {
    if (bytes > 0) this.offeredBytes += bytes + BOUND_EXCESS_MAX;
  }

  /** The breaker of a function is in another state. */
  heard(life: Life, change: EngineEvents['breaker.state']): void {
    this.trace.note('breaker', `of ${change.functionName} in life ${String(life.number)} is ${change.state}: ${change.cause}`);
    this.#breakers.changed(life, change);
  }

  /**
   * Since when the breaker of a function lets everything pass, monotonic ms; `undefined`: it does not. What waits for a trial, or is
   * one, is late for a reason.
   */
  passesSince(life: Life, { name }: StreamFunction): number | undefined {
    const { state, changedAt } = this.#breakers.of(life, name);
    return state === 'closed' ? changedAt : undefined;
  }

  /** R3: a function's reserved concurrency, over all its mappings. R9: its breaker. */
  invoked(invocation: StreamInvocation, { name, reserved, remote }: StreamFunction): void {
    const { life } = invocation.tenure;
    const key = `${String(life.number)} ${name}`;
    if (remote !== undefined) this.#breakers.failures.set(name, remote.breaker?.failures ?? FAILURES_TO_OPEN);
    this.#breakers.invoked(life, name, invocation);
    const running = (this.#running.get(key) ?? 0) + 1;
    this.#running.set(key, running);
    if (reserved !== undefined && running > reserved) {
      this.fail('R3', `${name} runs ${String(running)} invocations, reserved are ${String(reserved)}`);
    }
  }

  answered(invocation: StreamInvocation, { name }: StreamFunction, given: Outcome): void {
    this.#breakers.answered(invocation.tenure.life, name, invocation, given.kind, faultOf(given));
  }

  /** The invocation has really stopped. */
  ended({ number }: Life, { name }: StreamFunction): void {
    const key = `${String(number)} ${name}`;
    this.#running.set(key, (this.#running.get(key) ?? 0) - 1);
  }
}
