import type { Rule } from '../../facts.ts';
import type { Verdict } from '../../judge/index.ts';
import type { Life } from '../../life.ts';
import type { Trace } from '../../trace.ts';
import type { StreamFunction, StreamPlan } from '../plan.ts';

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
  verdict: Verdict | undefined;
  /** What all large records together may take of the room of a process, bytes. */
  offeredBytes = 0;

  constructor(plan: CourtPlan, trace: Trace, now: () => number, wall: () => number) {
    this.plan = plan;
    this.trace = trace;
    this.now = now;
    this.wall = wall;
  }

  readonly fail = (rule: Rule, text: string): void => {
    this.trace.note('judge', `${rule} broken: ${text}`);
    this.verdict ??= { rule, text, at: this.now() };
  };

  /** A record was put that one of the mappings is to have; `bytes`: what it claims to take, 0 when little. */
  offered(bytes: number): void {
    if (bytes > 0) this.offeredBytes += bytes + BOUND_EXCESS_MAX;
  }

  /** R3: a function's reserved concurrency, over all its mappings. */
  invoked({ number }: Life, { name, reserved }: StreamFunction): void {
    const key = `${String(number)} ${name}`;
    const running = (this.#running.get(key) ?? 0) + 1;
    this.#running.set(key, running);
    if (reserved !== undefined && running > reserved) {
      this.fail('R3', `${name} runs ${String(running)} invocations, reserved are ${String(reserved)}`);
    }
  }

  /** The invocation has really stopped. */
  ended({ number }: Life, { name }: StreamFunction): void {
    const key = `${String(number)} ${name}`;
    this.#running.set(key, (this.#running.get(key) ?? 0) - 1);
  }
}
