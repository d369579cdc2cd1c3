import type { CancelTimer, Clock, Invocation, InvocationContext, Outcome, Span, Tracer } from '../contract/index.ts';
import { type Deferred, deferred, type Latch } from '../kit/index.ts';
import type { FunctionDefinition } from './function-definition.ts';
import { RunContext } from './run-context.ts';

/** One invocation under way. */
export interface Running {
  readonly requestId: string;
  /** Monotonic, ms. */
  readonly startedAt: number;
  /** How it came out, at the deadline at the latest. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** When it has really stopped, or was given up. Never rejects. */
  readonly ended: Promise<'stopped' | 'abandoned'>;
  /** Whether it has really stopped: nobody need wait for `ended` then. */
  readonly hasStopped: boolean;
}

/** What one invocation is to obey. */
export interface InvokeOptions {
  readonly attempt: number;
  /** Set at a hard stop: the signal aborts. */
  readonly hardStop: Latch;
  /** Give up on a handler that overran its time-out by this much, ms; `undefined`: never. */
  readonly abandonAfterMs: number | undefined;
  /** The batch that it is an attempt of, where somebody records traces. */
  readonly trace?: { readonly mapping: string; readonly batch: Span } | undefined;
}

/** The outcome of an invocation that a hard stop cut off. */
const CUT_OFF: Outcome = { kind: 'service-error', message: 'the engine stopped before the function answered', retryAfterMs: undefined };

/** Whether a hard stop cut it off: it says nothing of the target. */
export function isCutOff(outcome: Outcome): boolean {
  return outcome === CUT_OFF;
}

/** One invocation: its deadline, its signal, its two promises. */
export class Run implements Running {
  readonly requestId: string;
  readonly startedAt: number;
  readonly outcome: Promise<Outcome>;
  readonly #definition: FunctionDefinition;
  readonly #clock: Clock;
  readonly #options: InvokeOptions;
  #comeOut: (outcome: Outcome) => void = nothing;
  #cancelTimer: CancelTimer = nothing;
  #forgetStop: () => void = nothing;
  #context: RunContext | undefined;
  #span: Span | undefined;
  #isOverdue = false;
  #how: 'stopped' | 'abandoned' | undefined;
  /** Made for who asks before it has ended. */
  #ended: Deferred<'stopped' | 'abandoned'> | undefined;
  #onOver: () => void = nothing;

  constructor(definition: FunctionDefinition, clock: Clock, requestId: string, options: InvokeOptions) {
    this.#definition = definition;
    this.#clock = clock;
    this.#options = options;
    this.requestId = requestId;
    this.startedAt = clock.monotonic();
    this.outcome = new Promise((resolve) => {
      this.#comeOut = resolve;
    });
  }

  get ended(): Promise<'stopped' | 'abandoned'> {
    if (this.#how !== undefined) return Promise.resolve(this.#how);
    this.#ended ??= deferred();
    return this.#ended.promise;
  }

  get hasStopped(): boolean {
    return this.#how === 'stopped';
  }

  /** Makes a span of it. */
  recordIn(tracer: Tracer | undefined, { mapping, batch }: NonNullable<InvokeOptions['trace']>): void {
    const { name, version, arn } = this.#definition;
    const { attempt } = this.#options;
    const span = tracer?.start('attempt', {
      mapping,
      parent: batch,
      attributes: {
        'faas.invoked_name': name,
        'faas.version': version,
        'cloud.resource_id': arn,
        'faas.invocation_id': this.requestId,
        'millrace.attempt': attempt,
      },
    });
    if (span === undefined) return;
    this.#span = span;
    void this.outcome.then((outcome) => {
      span.set({ 'millrace.outcome': outcome.kind });
      if (outcome.kind !== 'success') span.fail(outcome.kind === 'function-error' ? outcome.errorType : outcome.kind);
      span.end();
    });
  }

  /** Invokes the target. `onOver` hears when it has ended. */
  begin(event: unknown, onOver: () => void): void {
    this.#onOver = onOver;
    const context = new RunContext({
      definition: this.#definition,
      clock: this.#clock,
      requestId: this.requestId,
      attempt: this.#options.attempt,
      trace: this.#span?.place,
    });
    this.#context = context;
    this.#cancelTimer = this.#clock.timer(this.#definition.timeoutMs, this.#onDeadline);
    this.#forgetStop = this.#options.hardStop.onSet(this.#onHardStop);
    const invocation = this.#invoke(event, context);
    // The port rules rejections out; a target of a user's own may reject all the same.
    void Promise.resolve(invocation.outcome).then(this.#onOutcome, this.#onBroken);
    void Promise.resolve(invocation.ended).then(this.#onEnd, this.#onEnd);
  }

  #invoke(event: unknown, context: InvocationContext): Invocation {
    const { target } = this.#definition;
    const span = this.#span;
    try {
      return checked(span === undefined ? target.invoke(event, context) : span.run(() => target.invoke(event, context)));
    } catch (error) {
      return broken(error);
    }
  }

  readonly #onOutcome = (outcome: Outcome): void => {
    this.#comeOut(isOutcome(outcome) ? outcome : notReached(new TypeError('it gave no outcome')));
  };

  readonly #onBroken = (error: unknown): void => {
    this.#comeOut(notReached(error));
  };

  readonly #onEnd = (): void => {
    this.#cancelTimer();
    this.#forgetStop();
    this.#end('stopped');
  };

  /** Who was given up stays given up, also when it stops later. */
  #end(how: 'stopped' | 'abandoned'): void {
    if (this.#how !== undefined) return;
    this.#how = how;
    this.#ended?.resolve(how);
    this.#onOver();
  }

  readonly #onDeadline = (): void => {
    this.#isOverdue = true;
    this.#cut({ kind: 'timeout' });
    this.#abandonLater();
  };

  readonly #onHardStop = (): void => {
    this.#cut(CUT_OFF);
    if (this.#isOverdue) return;
    // What is cut off cannot time out any more, and a stop leaves no timer behind.
    this.#cancelTimer();
    this.#abandonLater();
  };

  /** The first outcome counts, so a late answer changes nothing. */
  #cut(outcome: Outcome): void {
    this.#comeOut(outcome);
    this.#context?.abort();
  }

  #abandonLater(): void {
    const { abandonAfterMs } = this.#options;
    if (abandonAfterMs === undefined) return;
    this.#cancelTimer = this.#clock.timer(abandonAfterMs, () => {
      this.#end('abandoned');
    });
  }
}

function nothing(): void {
  // Stands where there is nothing to do yet.
}

/** The port's types say it already; a target of a user's own may be written without them. */
function checked(invocation: unknown): Invocation {
  const { outcome, ended } = (invocation ?? {}) as Partial<Record<keyof Invocation, { readonly then?: unknown }>>;
  if (typeof outcome?.then === 'function' && typeof ended?.then === 'function') return invocation as Invocation;
  throw new TypeError('invoke() gave no { outcome, ended } of two promises');
}

const OUTCOMES: Readonly<Record<Outcome['kind'], true>> = {
  success: true,
  'function-error': true,
  timeout: true,
  throttled: true,
  'service-error': true,
  terminal: true,
};

function isOutcome(given: unknown): given is Outcome {
  const kind = (given as { readonly kind?: unknown } | null | undefined)?.kind;
  return typeof kind === 'string' && Object.hasOwn(OUTCOMES, kind);
}

/** A target that throws instead of answering has a defect; its batch is treated as not delivered. */
function broken(error: unknown): Invocation {
  return { outcome: Promise.resolve(notReached(error)), ended: Promise.resolve() };
}

function notReached(error: unknown): Outcome {
  const message = `the target threw: ${error instanceof Error ? error.message : String(error)}`;
  return { kind: 'service-error', message, retryAfterMs: undefined };
}
