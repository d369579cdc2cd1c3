import type { FunctionTarget, Invocation, InvocationContext, Outcome } from '../contract/index.ts';
import { deferred } from '../kit/index.ts';

/** One invocation as a test sees it. */
export interface RecordedInvocation<Event = unknown> {
  readonly functionName: string;
  readonly requestId: string;
  /** 1 for the first try of a batch; more for a throttled batch that was tried again. */
  readonly attempt: number;
  readonly event: Event;
  /** How it came out; `undefined` while it runs. */
  readonly outcome: Outcome | undefined;
}

interface Waiter {
  readonly matches: (invocation: RecordedInvocation) => boolean;
  readonly found: (invocation: RecordedInvocation) => void;
}

/** Writes down what was invoked with what, and lets a test wait for the next invocation it cares about. */
export class Recorder {
  readonly #invocations: { -readonly [Key in keyof RecordedInvocation]: RecordedInvocation[Key] }[] = [];
  readonly #waiters = new Set<Waiter>();

  /** Everything so far, in the order of their beginnings. */
  get invocations(): readonly RecordedInvocation[] {
    return this.#invocations;
  }

  /** Forgets everything so far. */
  clear(): void {
    this.#invocations.length = 0;
  }

  /** The first finished invocation that matches, past or to come. Never rejects: put a time-out of the test around it. */
  finished(matches: (invocation: RecordedInvocation) => boolean = () => true): Promise<RecordedInvocation> {
    const past = this.#invocations.find((invocation) => invocation.outcome !== undefined && matches(invocation));
    if (past !== undefined) return Promise.resolve(past);
    const waiting = deferred<RecordedInvocation>();
    this.#waiters.add({ matches, found: waiting.resolve });
    return waiting.promise;
  }

  /** The same target, with every invocation written down. */
  around<Event>(target: FunctionTarget<Event>): FunctionTarget<Event> {
    return {
      ...(target.remote === undefined ? {} : { remote: target.remote }),
      ...(target.maxConcurrency === undefined ? {} : { maxConcurrency: target.maxConcurrency }),
      invoke: (event, context) => this.#record(target, event, context),
      close: () => target.close(),
    };
  }

  #record<Event>(target: FunctionTarget<Event>, event: Event, context: InvocationContext): Invocation {
    const { functionName, requestId, attempt } = context;
    const entry = { functionName, requestId, attempt, event, outcome: undefined as Outcome | undefined };
    this.#invocations.push(entry);
    const invocation = target.invoke(event, context);
    void invocation.outcome.then((outcome) => {
      entry.outcome = outcome;
      for (const waiter of this.#waiters) {
        if (!waiter.matches(entry)) continue;
        this.#waiters.delete(waiter);
        waiter.found(entry);
      }
    });
    return invocation;
  }
}
