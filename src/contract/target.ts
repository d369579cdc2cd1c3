/** The port to functions: whatever takes an event and answers. */
import type { TraceLink } from './tracer.ts';

/** What a target is told about one invocation. */
export interface InvocationContext {
  /** UUID of this invocation; the same id stands in every log line of it. */
  readonly requestId: string;
  readonly functionName: string;
  /** `$LATEST` unless the mapping names a version or an alias. */
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  /** Wall-clock instant of the time-out, epoch ms. */
  readonly deadline: number;
  /** The function's time-out, ms. */
  readonly timeoutMs: number;
  /** Milliseconds left until the time-out; 0 when it has passed. */
  readonly remainingMs: () => number;
  /** The span of this invocation, where somebody records it: the target hands it on as X-Ray's trace header, `traceparent` or both. */
  readonly trace?: TraceLink | undefined;
  /** 1 for the first try of this batch; grows when a throttled batch is tried again. */
  readonly attempt: number;
  /** Aborts at the deadline and at a hard stop. The target must stop the work if it can. */
  readonly signal: AbortSignal;
  /**
   * Calls back when `signal` aborts, at once if it has; gives what takes the wish back. It is there for targets whose work costs
   * less than a signal, which is made when it is asked for. The engine's own context has it. A copy by spreading has not, so that a
   * copy with another signal obeys that one.
   */
  onAbort?(callback: () => void): () => void;
}

/** How one invocation came out. A value, never thrown. */
export type Outcome =
  /** The function returned. `text()` gives the raw JSON payload ('' when there is none); it may throw when the value has no JSON. */
  | { readonly kind: 'success'; readonly text: () => string }
  /**
   * The function threw, or answered with an error. Counts as an attempt. `duringInit`: it failed when it was loaded, before it took
   * the event.
   */
  | { readonly kind: 'function-error'; readonly errorType: string; readonly errorMessage: string; readonly duringInit?: true }
  /** The deadline passed first. Counts as an attempt. */
  | { readonly kind: 'timeout' }
  /** The target refused for lack of capacity (429). Never counts. `retryAfterMs` when it said how long to wait. */
  | { readonly kind: 'throttled'; readonly message: string; readonly retryAfterMs: number | undefined }
  /** The function was not reached, or the service in front of it failed (5xx, network). Never counts. */
  | { readonly kind: 'service-error'; readonly message: string; readonly retryAfterMs: number | undefined }
  /** It cannot work until somebody mends it: not found, denied, payload too large. */
  | { readonly kind: 'terminal'; readonly code: string; readonly message: string };

/** A running invocation. */
export interface Invocation {
  /** Resolves once, never rejects, soon after `signal` aborts at the latest. */
  readonly outcome: Promise<Outcome>;
  /**
   * Resolves when the invocation has really stopped: at or after `outcome`. Permit and lane (or message group) stay
   * taken until then. In process: when the handler settles. Remote: when the connection has closed. Never rejects.
   */
  readonly ended: Promise<void>;
}

/** A function that can be invoked. Calls may overlap; the engine holds the limits. */
export interface FunctionTarget<Event = unknown> {
  /** The function is outside this process, and may be gone while the process is well: a circuit breaker is on by default. */
  readonly remote?: boolean;
  /**
   * How many invocations of one function it has room for at once; absent: as many as are begun. The engine begins no more, so that
   * nothing is received that could only wait in front of the target while its time runs.
   */
  readonly maxConcurrency?: number;
  /** Starts one invocation. Throws nothing: what goes wrong is an outcome. */
  invoke(event: Event, context: InvocationContext): Invocation;
  /** Frees connections and processes once nothing runs any more. Idempotent. */
  close(): Promise<void>;
}
