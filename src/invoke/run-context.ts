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

/** What a target is told. An AbortSignal costs more than all else of an invocation, so one is made only for those who ask for it. */
export class RunContext implements InvocationContext {
  /** A field of its own, so that a copy of the context has it; one object for all, so that they keep one shape. */
  static readonly #SIGNAL: PropertyDescriptor & ThisType<RunContext> = {
    enumerable: true,
    get() {
      return this.#madeSignal();
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
  readonly onAbort: (callback: () => void) => () => void;
  declare readonly trace?: TraceLink;
  declare readonly signal: AbortSignal;
  readonly #aborted = new Latch();
  #controller: AbortController | undefined;

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
    this.onAbort = (callback) => this.#aborted.onSet(callback);
    if (trace !== undefined) this.trace = trace;
    Object.defineProperty(this, 'signal', RunContext.#SIGNAL);
  }

  /** Those who listen hear it now. */
  abort(): void {
    this.#aborted.set();
  }

  #madeSignal(): AbortSignal {
    let controller = this.#controller;
    if (controller === undefined) {
      controller = new AbortController();
      this.#controller = controller;
      this.#aborted.onSet(controller.abort.bind(controller));
    }
    return controller.signal;
  }
}
