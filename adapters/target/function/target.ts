import { ConfigError, type FunctionTarget, type Invocation, type InvocationContext, type Outcome } from '../../../src/index.ts';
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

/** An invocation that has not been answered. */
interface Open {
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

class InProcessTarget<Event> implements FunctionTarget<Event> {
  readonly #call: Call<Event>;
  /** Those that began in this turn of the event loop: most are over before it is, and listening to a signal costs as much as they do. */
  readonly #begun = new Set<Open>();
  #isTurnAwaited = false;

  constructor(call: Call<Event>) {
    this.#call = call;
  }

  invoke(event: Event, context: InvocationContext): Invocation {
    if (context.signal.aborted) return { outcome: Promise.resolve(TIMEOUT), ended: ENDED };
    let answer: (outcome: Outcome) => void = () => undefined;
    const outcome = new Promise<Outcome>((resolve) => {
      answer = resolve;
    });
    return { outcome, ended: this.#run(event, context, answer) };
  }

  /** There is nothing to free. A handler that still runs goes on; its invocation's `ended` tells when it stops. */
  close(): Promise<void> {
    return ENDED;
  }

  /** Resolves when the handler has settled. Only the first answer counts, so a late one changes nothing. */
  async #run(event: Event, context: InvocationContext, answer: (outcome: Outcome) => void): Promise<void> {
    const { signal } = context;
    const open: Open = {
      signal,
      onAbort: () => {
        answer(TIMEOUT);
      },
    };
    this.#begin(open);
    try {
      const value = await this.#call(event, new HandlerContext(context));
      answer(signal.aborted ? TIMEOUT : { kind: 'success', text: () => payloadOf(value) });
    } catch (error) {
      answer(signal.aborted ? TIMEOUT : functionError(error));
    } finally {
      if (!this.#begun.delete(open)) signal.removeEventListener('abort', open.onAbort);
    }
  }

  #begin(open: Open): void {
    this.#begun.add(open);
    if (this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    setImmediate(this.#onTurn);
  }

  /** The turn is over: whatever still runs listens to its signal. */
  readonly #onTurn = (): void => {
    this.#isTurnAwaited = false;
    for (const { signal, onAbort } of this.#begun) {
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    }
    this.#begun.clear();
  };
}

/** As Lambda's Node runtime does it: what has no JSON of its own (undefined, a function) is `null`. Throws for cycles and BigInt. */
function payloadOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text ?? 'null';
}
