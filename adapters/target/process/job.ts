import type { Invocation, InvocationContext, Outcome } from '../../../src/index.ts';

/** One invocation on its way: what is to be told, and its two promises. Only the first outcome counts. */
export class Job implements Invocation {
  readonly outcome: Promise<Outcome>;
  readonly ended: Promise<void>;
  readonly context: InvocationContext;
  /** The event as JSON. */
  readonly body: string;
  #answer: (outcome: Outcome) => void = ignore;
  #end: () => void = ignore;
  #answered: Outcome | undefined;

  constructor(context: InvocationContext, body: string) {
    this.context = context;
    this.body = body;
    this.outcome = new Promise((resolve) => {
      this.#answer = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** How it came out; `undefined` while it has not. */
  get answered(): Outcome | undefined {
    return this.#answered;
  }

  answer(outcome: Outcome): void {
    this.#answered ??= outcome;
    this.#answer(outcome);
  }

  end(): void {
    this.#end();
  }
}

function ignore(): void {
  // Replaced before anybody calls it.
}
