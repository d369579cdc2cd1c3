import PQueue from 'p-queue';
import type {
  CancelTimer,
  Clock,
  EngineListener,
  FunctionTarget,
  Invocation,
  InvocationContext,
  Outcome,
  Random,
  Span,
  Tracer,
} from '../contract/index.ts';
import { deferred, type Latch } from '../kit/index.ts';
import type { AccountLedger } from './account-ledger.ts';
import { BreakerGate } from './breaker-gate.ts';
import type { BreakerSettings } from './circuit-breaker.ts';
import { ConcurrencyLedger } from './concurrency-ledger.ts';

/** What a function is, as far as invoking it goes. */
export interface FunctionDefinition {
  readonly name: string;
  readonly version: string;
  readonly arn: string;
  readonly target: FunctionTarget;
  readonly timeoutMs: number;
  /** ReservedConcurrentExecutions; `undefined`: no limit. */
  readonly reservedConcurrency: number | undefined;
  /** When its circuit breaker opens; `undefined`: it has none. */
  readonly breaker?: BreakerSettings | undefined;
}

/** One invocation under way. */
export interface Running {
  readonly requestId: string;
  /** Monotonic, ms. */
  readonly startedAt: number;
  /** How it came out, at the deadline at the latest. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** When it has really stopped, or was given up. Never rejects. */
  readonly ended: Promise<'stopped' | 'abandoned'>;
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

function isCutOff(outcome: Outcome): boolean {
  return outcome === CUT_OFF;
}

/** What a function shares with the others of its engine. */
export interface InvokerParts {
  readonly clock: Clock;
  readonly random: Random;
  /** The limit over all functions; without one there is none. */
  readonly account?: AccountLedger;
  readonly listener?: EngineListener;
  readonly tracer?: Tracer | undefined;
}

/** Runs the invocations of one function, through one p-queue that holds its reserved concurrency. */
export class Invoker {
  readonly definition: FunctionDefinition;
  readonly ledger: ConcurrencyLedger;
  readonly breaker: BreakerGate;
  /** Where spans go, if anywhere. */
  readonly tracer: Tracer | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #queue: PQueue;

  constructor(definition: FunctionDefinition, { clock, random, account, listener = () => undefined, tracer }: InvokerParts) {
    this.definition = definition;
    this.tracer = tracer;
    this.#clock = clock;
    this.#random = random;
    this.ledger = new ConcurrencyLedger(definition.reservedConcurrency, account);
    this.breaker = new BreakerGate({ functionName: definition.name, settings: definition.breaker, clock, random, listener });
    this.#queue = new PQueue({ concurrency: this.ledger.limit });
  }

  /** Starts an invocation. The caller holds a credit of the ledger until `ended`. */
  start(event: unknown, options: InvokeOptions): Running {
    const run = new Run(this.definition, this.#clock, this.#random.uuid(), options);
    if (options.trace !== undefined) run.recordIn(this.tracer, options.trace);
    // Before the caller listens: who sees that it failed sees what the breaker made of it.
    this.breaker.watch(run.outcome, isCutOff);
    void this.#queue.add(() => run.begin(event));
    return run;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#queue.onIdle();
  }
}

/** One invocation: its deadline, its signal, its two promises. */
class Run implements Running {
  readonly requestId: string;
  readonly startedAt: number;
  readonly #definition: FunctionDefinition;
  readonly #clock: Clock;
  readonly #options: InvokeOptions;
  readonly #outcome = deferred<Outcome>();
  readonly #ended = deferred<'stopped' | 'abandoned'>();
  readonly #controller = new AbortController();
  #cancelTimer: CancelTimer = () => undefined;
  #isOverdue = false;

  constructor(definition: FunctionDefinition, clock: Clock, requestId: string, options: InvokeOptions) {
    this.#definition = definition;
    this.#clock = clock;
    this.#options = options;
    this.requestId = requestId;
    this.startedAt = clock.monotonic();
  }

  get outcome(): Promise<Outcome> {
    return this.#outcome.promise;
  }

  get ended(): Promise<'stopped' | 'abandoned'> {
    return this.#ended.promise;
  }

  #span: Span | undefined;

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

  begin(event: unknown): Promise<unknown> {
    const { target, timeoutMs } = this.#definition;
    this.#cancelTimer = this.#clock.timer(timeoutMs, () => {
      this.#isOverdue = true;
      this.#cut({ kind: 'timeout' });
      this.#abandonLater();
    });
    const forgetStop = this.#options.hardStop.onSet(() => {
      this.#cut(CUT_OFF);
      if (this.#isOverdue) return;
      // What is cut off cannot time out any more, and a stop leaves no timer behind.
      this.#cancelTimer();
      this.#abandonLater();
    });
    let invocation: Invocation;
    try {
      const span = this.#span;
      const invoke = (): unknown => target.invoke(event, this.#context());
      invocation = checked(span === undefined ? invoke() : span.run(invoke));
    } catch (error) {
      invocation = broken(error);
    }
    const onEnd = (): void => {
      this.#cancelTimer();
      forgetStop();
      this.#ended.resolve('stopped');
    };
    // The port rules rejections out; a target of a user's own may reject all the same.
    void Promise.resolve(invocation.outcome).then(
      (outcome) => {
        this.#outcome.resolve(isOutcome(outcome) ? outcome : notReached(new TypeError('it gave no outcome')));
      },
      (error: unknown) => {
        this.#outcome.resolve(notReached(error));
      },
    );
    void Promise.resolve(invocation.ended).then(onEnd, onEnd);
    return this.#ended.promise;
  }

  #context(): InvocationContext {
    const { name, version, arn, timeoutMs } = this.#definition;
    const clock = this.#clock;
    const until = clock.monotonic() + timeoutMs;
    return {
      requestId: this.requestId,
      functionName: name,
      functionVersion: version,
      invokedFunctionArn: arn,
      deadline: clock.wall() + timeoutMs,
      timeoutMs,
      remainingMs: () => Math.max(0, until - clock.monotonic()),
      attempt: this.#options.attempt,
      signal: this.#controller.signal,
      ...(this.#span && { trace: this.#span.place }),
    };
  }

  /** The first outcome counts, so a late answer changes nothing. */
  #cut(outcome: Outcome): void {
    this.#outcome.resolve(outcome);
    this.#controller.abort();
  }

  #abandonLater(): void {
    const { abandonAfterMs } = this.#options;
    if (abandonAfterMs === undefined) return;
    this.#cancelTimer = this.#clock.timer(abandonAfterMs, () => {
      this.#ended.resolve('abandoned');
    });
  }
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
