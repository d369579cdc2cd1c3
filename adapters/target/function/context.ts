import type { Context } from 'aws-lambda';
import type { InvocationContext } from '../../../src/index.ts';

/** What a handler receives beside the event: Lambda's own context, and a signal that Lambda does not have. */
export interface FunctionContext extends Context {
  /** Aborts at the deadline, and when the engine is stopped the hard way. Hand it on to whatever the handler waits for. */
  readonly signal: AbortSignal;
  /** Whole milliseconds until the time-out, 0 when it has passed; works detached from the context too. */
  readonly getRemainingTimeInMillis: () => number;
}

/** What no text names: proxies and objects made of a context have it, too. */
const INVOCATION = Symbol('invocation');

/** The context of one invocation. Plain fields where they cost nothing, so that copying it copies them. */
export class HandlerContext implements FunctionContext {
  /** A signal is made for those who ask. The field is each context's own, so that a copy has it; one object for all keeps them in one shape. */
  static readonly #SIGNAL: PropertyDescriptor & ThisType<HandlerContext> = {
    enumerable: true,
    configurable: true,
    get() {
      return this[INVOCATION].signal;
    },
  };

  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB = '128';
  /** Accepted and without effect: the engine waits for the handler's own promise only. */
  callbackWaitsForEmptyEventLoop = false;
  declare readonly signal: AbortSignal;
  readonly getRemainingTimeInMillis: () => number;
  readonly [INVOCATION]: InvocationContext;

  constructor(invocation: InvocationContext) {
    this.awsRequestId = invocation.requestId;
    this.functionName = invocation.functionName;
    this.functionVersion = invocation.functionVersion;
    this.invokedFunctionArn = invocation.invokedFunctionArn;
    this.getRemainingTimeInMillis = () => Math.max(0, Math.floor(invocation.remainingMs()));
    this[INVOCATION] = invocation;
    Object.defineProperty(this, 'signal', HandlerContext.#SIGNAL);
  }

  get logGroupName(): string {
    return `/aws/lambda/${this.functionName}`;
  }

  /** Lambda's shape of a name; each invocation has one of its own, made from its request id. */
  get logStreamName(): string {
    const { deadline, timeoutMs } = this[INVOCATION];
    const started = new Date(deadline - timeoutMs);
    const day = Number.isNaN(started.getTime()) ? '1970/01/01' : started.toISOString().slice(0, 10).replaceAll('-', '/');
    return `${day}/[${this.functionVersion}]${this.awsRequestId.replaceAll('-', '')}`;
  }

  /** @deprecated Always throws: return a value or throw instead. */
  done(): never {
    return unsupported('done');
  }

  /** @deprecated Always throws: throw an error instead. */
  fail(): never {
    return unsupported('fail');
  }

  /** @deprecated Always throws: return a value instead. */
  succeed(): never {
    return unsupported('succeed');
  }
}

function unsupported(method: string): never {
  throw new TypeError(`context.${method}() is not supported: return a value (or a promise) from the handler, or throw an error`);
}
