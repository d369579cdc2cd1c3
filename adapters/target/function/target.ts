import { ConfigError, type FunctionTarget, type Invocation, type InvocationContext, type Outcome } from '../../../src/index.ts';
import { onAbort } from '../../shared/abort.ts';
import { type FunctionContext, HandlerContext } from './context.ts';
import { functionError } from './failure.ts';

/**
 * A function as users write it. What it returns, or its promise resolves with, becomes the payload as JSON; what it
 * throws is a function error. The third parameter is there for handlers that are declared with Lambda's `Handler`
 * types; a function that really takes it (callback style) is refused.
 */
export type FunctionHandler<Event> = (event: Event, context: FunctionContext, callback: never) => unknown;

/** How a handler is called: never with a callback. */
type Call<Event> = (event: Event, context: FunctionContext) => unknown;

const TIMEOUT: Outcome = { kind: 'timeout' };
const ENDED: Promise<void> = Promise.resolve();

/**
 * Makes a target of a function in this process. Existing Lambda handlers fit as they are.
 *
 * At the deadline the outcome is `timeout` and `context.signal` aborts, but JavaScript cannot be stopped from outside:
 * `ended` resolves when the handler's promise settles, and what it then settles with is ignored.
 *
 * @throws ConfigError when `fn` is no function or takes a callback.
 */
export function handler<Event = unknown>(fn: FunctionHandler<Event>): FunctionTarget<Event> {
  // Callers without types pass anything.
  const given: unknown = fn;
  if (typeof given !== 'function') {
    throw new ConfigError([
      { field: 'handler', message: `must be a function (event, context), but is ${given === null ? 'null' : typeof given}` },
    ]);
  }
  if (fn.length > 2) {
    const message = 'takes a callback as third parameter, which is not supported; make it async and return the value instead';
    throw new ConfigError([{ field: 'handler', message }]);
  }
  return new InProcessTarget(fn as Call<Event>);
}

class InProcessTarget<Event> implements FunctionTarget<Event> {
  readonly #call: Call<Event>;

  constructor(call: Call<Event>) {
    this.#call = call;
  }

  invoke(event: Event, context: InvocationContext): Invocation {
    const answer = new Answer(context);
    if (answer.isAborted) return { outcome: answer.outcome, ended: ENDED };
    return { outcome: answer.outcome, ended: this.#run(event, context, answer) };
  }

  /** There is nothing to free. A handler that still runs goes on; its invocation's `ended` tells when it stops. */
  close(): Promise<void> {
    return ENDED;
  }

  /** Resolves when the handler has settled. */
  async #run(event: Event, context: InvocationContext, answer: Answer): Promise<void> {
    try {
      const value = await this.#call(event, new HandlerContext(context));
      answer.give({ kind: 'success', text: () => payloadOf(value) });
    } catch (error) {
      answer.give(functionError(error));
    }
  }
}

function ignore(): void {
  // Stands until there is somebody to resolve.
}

/** What an invocation answers: its handler's word, or `timeout` when its signal aborts first. The first counts. */
class Answer {
  readonly outcome: Promise<Outcome>;
  #resolve: (outcome: Outcome) => void = ignore;
  readonly #forgetAbort: () => void;
  #isAborted = false;

  constructor(context: InvocationContext) {
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#forgetAbort = onAbort(context, () => {
      this.#isAborted = true;
      this.#resolve(TIMEOUT);
    });
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  give(outcome: Outcome): void {
    this.#forgetAbort();
    this.#resolve(outcome);
  }
}

/** As Lambda's Node runtime does it: what has no JSON of its own (undefined, a function) is `null`. Throws for cycles and BigInt. */
function payloadOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text ?? 'null';
}
