import type { Outcome } from '../../../src/index.ts';
import { onAbort } from '../../shared/abort.ts';
import type { FunctionIdentity } from './environment.ts';
import { FunctionProcess, type ProcessListener } from './function-process.ts';
import type { Job } from './job.ts';
import type { ResolvedProcessTarget } from './options.ts';

/** An invocation that waits for a process. */
interface Waiting {
  readonly job: Job;
  /** Ends the waiting. */
  readonly leave: () => void;
}

/** An invocation waits for so much of its time while all processes are busy, and for so much while one starts that may serve it. */
const PATIENCE = { busy: 0.5, starting: 0.9 } as const;

const STILL_STARTING: Outcome = {
  kind: 'throttled',
  message: 'the process that was to run it is still starting; it serves a later invocation, or raise the timeout',
  retryAfterMs: undefined,
};

/**
 * The processes of one function. An idle one takes an invocation at once, the one that was busy last first, so that the
 * others can end; where none is idle one more is started, up to the limit.
 */
export class ProcessPool implements ProcessListener {
  readonly #target: ResolvedProcessTarget;
  readonly #identity: FunctionIdentity;
  readonly #all = new Set<FunctionProcess>();
  #idle: FunctionProcess[] = [];
  #waiting: Waiting[] = [];

  constructor(target: ResolvedProcessTarget, identity: FunctionIdentity) {
    this.#target = target;
    this.#identity = identity;
  }

  invoke(job: Job): void {
    const idle = this.#idle.pop();
    if (idle !== undefined) idle.run(job);
    else this.#wait(job);
  }

  /** No process that lives now takes another invocation. */
  renew(): void {
    for (const process of [...this.#all]) process.retire();
  }

  /** Ends all processes. Only once nothing runs. */
  async close(): Promise<void> {
    const all = [...this.#all];
    for (const process of all) process.stop();
    await Promise.all(all.map((process) => process.gone));
  }

  onReady(process: FunctionProcess): void {
    const job = this.#takeWaiting();
    if (job === undefined) this.#idle.push(process);
    else process.run(job);
  }

  onStopping(process: FunctionProcess): void {
    this.#idle = this.#idle.filter((one) => one !== process);
  }

  onInitFailed(_process: FunctionProcess, _outcome: Outcome): Job | undefined {
    return this.#takeWaiting();
  }

  onGone(process: FunctionProcess): void {
    this.#all.delete(process);
    this.#grow();
  }

  #takeWaiting(): Job | undefined {
    const first = this.#waiting[0];
    first?.leave();
    return first?.job;
  }

  #wait(job: Job): void {
    const { remainingMs } = job.context;
    const end = (outcome: Outcome): void => {
      waiting.leave();
      job.answer(outcome);
      job.end();
    };
    // An invocation that never ran must not count as one that took too long.
    const left = remainingMs();
    let patience = setTimeout(() => {
      if (this.#waiting.indexOf(waiting) >= this.#starting()) end(this.#busy());
      else patience = setTimeout(() => end(STILL_STARTING), left * (PATIENCE.starting - PATIENCE.busy));
    }, left * PATIENCE.busy);
    let forgetAbort = (): void => undefined;
    const waiting: Waiting = {
      job,
      leave: () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        forgetAbort();
        clearTimeout(patience);
      },
    };
    this.#waiting.push(waiting);
    forgetAbort = onAbort(job.context, () => {
      end({ kind: 'timeout' });
    });
    this.#grow();
  }

  #busy(): Outcome {
    const { maxProcesses } = this.#target;
    const message = `all ${String(maxProcesses)} processes are busy; raise maxProcesses, or let the function's reserved concurrency be no more than that`;
    return { kind: 'throttled', message, retryAfterMs: undefined };
  }

  #starting(): number {
    let count = 0;
    for (const { phase } of this.#all) if (phase === 'starting') count += 1;
    return count;
  }

  #grow(): void {
    const lacking = this.#waiting.length - this.#starting();
    const room = this.#target.maxProcesses - this.#all.size;
    for (let more = Math.min(lacking, room); more > 0; more -= 1) {
      const process = new FunctionProcess(this.#target, this.#identity, this);
      this.#all.add(process);
      void process.start();
    }
  }
}
