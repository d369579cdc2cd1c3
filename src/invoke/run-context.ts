import type { Clock, InvocationContext, TraceLink } from '../contract/index.ts';
import { Latch } from '../kit/index.ts';
import type { FunctionDefinition } from './function-definition.ts';

/** What a context is made of. */
export interface RunContextParts {
  readonly definition: FunctionDefinition;
  readonly clock: Clock;
  readonly requestId: string;
  readonly attempt: number;
  readonly trace: TraceLink | undefined;
}

/** No text names these fields, and no class keeps them to itself: proxies and objects made of a context have them, too. */
const ABORTED = Symbol('aborted');
const CONTROLLER = Symbol('controller');

/** What a target is told. An AbortSignal costs more than all else of an invocation, so one is made only for those who ask for it. */
export class RunContext implements InvocationContext {
  /** A field of its own, so that a copy of the context has it; one object for all, so that they keep one shape. */
  static readonly #SIGNAL: PropertyDescriptor & ThisType<RunContext> = {
    enumerable: true,
    configurable: true,
    get() {
      return signalOf(this);
    },
  };

  readonly requestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly deadline: number;
  readonly timeoutMs: number;
  readonly remainingMs: () => number;
  readonly attempt: number;
  declare readonly trace?: TraceLink;
  declare readonly signal: AbortSignal;
  readonly [ABORTED] = new Latch();
  [CONTROLLER]: AbortController | undefined;

  constructor({ definition, clock, requestId, attempt, trace }: RunContextParts) {
    const { name, version, arn, timeoutMs } = definition;
    const until = clock.monotonic() + timeoutMs;
    this.requestId = requestId;
    this.functionName = name;
    this.functionVersion = version;
    this.invokedFunctionArn = arn;
    this.deadline = clock.wall() + timeoutMs;
    this.timeoutMs = timeoutMs;
    this.remainingMs = () => Math.max(0, until - clock.monotonic());
    this.attempt = attempt;
    if (trace !== undefined) this.trace = trace;
    Object.defineProperty(this, 'signal', RunContext.#SIGNAL);
  }

  /** A copy lacks it, so that a copy with a signal of its own obeys that one. */
  onAbort(callback: () => void): () => void {
    return this[ABORTED].onSet(() => {
      try {
        callback();
      } catch (error) {
        // As with a signal: it disturbs nobody else who listens, and is told as an error that nobody has caught.
        void Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Those who listen hear it now. */
  abort(): void {
    this[ABORTED].set();
  }
}

function signalOf(context: RunContext): AbortSignal {
  let controller = context[CONTROLLER];
  if (controller === undefined) {
    controller = new AbortController();
    context[CONTROLLER] = controller;
    context[ABORTED].onSet(controller.abort.bind(controller));
  }
  return controller.signal;
}
