import type { InvokeCommandInput, InvokeCommandOutput } from '@aws-sdk/client-lambda';
import type { FunctionTarget, Invocation, InvocationContext, Outcome } from '../../../src/index.ts';
import type { OpenCalls } from '../../shared/aws-connection.ts';
import { traceIdOf } from '../../shared/trace-id.ts';
import { connect, type LambdaCalls } from './client.ts';
import { failureOf } from './errors.ts';
import { type LambdaTargetOptions, type ResolvedLambdaTarget, resolveLambdaTarget } from './options.ts';
import { answerOf, REQUEST_BYTES_MAX } from './outcome.ts';

const TIMEOUT: Outcome = { kind: 'timeout' };
const CLOSED: Outcome = { kind: 'service-error', message: 'the target is closed', retryAfterMs: undefined };

/**
 * Makes a target of a function of AWS Lambda, or of anything that speaks its Invoke API. Each event is one synchronous call
 * that is made once: what fails is for the engine to repeat. `ended` resolves when the answer has been read whole, or its
 * connection has closed; the function behind it may still run then.
 *
 * @throws ConfigError when an option is wrong.
 */
export function lambda(options: LambdaTargetOptions = {}): FunctionTarget {
  return new LambdaTarget(resolveLambdaTarget(options));
}

class LambdaTarget implements FunctionTarget {
  readonly remote = true;
  readonly #options: ResolvedLambdaTarget;
  readonly #running = new Set<Promise<void>>();
  #opening: Promise<OpenCalls<LambdaCalls>> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedLambdaTarget) {
    this.#options = options;
  }

  invoke(event: unknown, context: InvocationContext): Invocation {
    let answer: (outcome: Outcome) => void = () => undefined;
    const outcome = new Promise<Outcome>((resolve) => {
      answer = resolve;
    });
    const ended = this.#run(event, context, answer);
    this.#running.add(ended);
    void ended.then(() => this.#running.delete(ended));
    return { outcome, ended };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#running);
    const open = await this.#opening?.catch(() => undefined);
    open?.release();
  }

  /** Resolves when nothing of the invocation is left. Only the first answer counts. */
  async #run(event: unknown, context: InvocationContext, answer: (outcome: Outcome) => void): Promise<void> {
    const { signal } = context;
    const onAbort = (): void => {
      answer(TIMEOUT);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      answer(await this.#invoke(event, context));
    } catch (error) {
      answer(failureOf(error));
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    const open = await this.#opening?.catch(() => undefined);
    await open?.calls.disconnected();
  }

  async #invoke(event: unknown, context: InvocationContext): Promise<Outcome> {
    const { signal } = context;
    if (signal.aborted) return TIMEOUT;
    if (this.#closing !== undefined) return CLOSED;
    const payload = jsonOf(event);
    if (payload === undefined) return { kind: 'terminal', code: 'InvalidEvent', message: 'the event has no JSON' };
    if (payload.byteLength > REQUEST_BYTES_MAX) {
      const message = `the event has ${String(payload.byteLength)} bytes, Lambda takes at most ${String(REQUEST_BYTES_MAX)}; lower BatchSize`;
      return { kind: 'terminal', code: 'RequestTooLargeException', message };
    }
    const { calls } = await this.#open();
    // Its time ran out while the SDK was loaded: nothing has been sent, and nothing will be.
    if (context.signal.aborted) return TIMEOUT;
    const output = await calls.invoke(this.#inputOf(payload, context), { signal, traceId: traceIdFor(context) });
    this.#tell(output, context);
    return answerOf(output);
  }

  /** An opening that failed is tried again by the next invocation. */
  #open(): Promise<OpenCalls<LambdaCalls>> {
    const opening = (this.#opening ??= connect(this.#options));
    return opening.catch((error: unknown) => {
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    });
  }

  #inputOf(payload: Uint8Array, context: InvocationContext): InvokeCommandInput {
    const { functionName, qualifier, logger } = this.#options;
    const version = context.functionVersion === '$LATEST' ? undefined : context.functionVersion;
    const named = functionName === undefined ? (qualifier ?? version) : qualifier;
    return {
      FunctionName: functionName ?? context.functionName,
      InvocationType: 'RequestResponse',
      Payload: payload,
      ...(named === undefined ? undefined : { Qualifier: named }),
      ...(logger === undefined ? undefined : { LogType: 'Tail' }),
    };
  }

  #tell({ LogResult, ExecutedVersion, $metadata }: InvokeCommandOutput, { requestId, functionName }: InvocationContext): void {
    const { logger } = this.#options;
    if (logger === undefined || LogResult === undefined) return;
    const logTail = Buffer.from(LogResult, 'base64').toString('utf8');
    const fields = { requestId, functionName, executedVersion: ExecutedVersion, lambdaRequestId: $metadata.requestId, logTail };
    logger.debug(fields, 'the end of the log of an invocation');
  }
}

/**
 * The span of the invocation, where somebody records it. Otherwise nothing is sent: a header that says "not sampled" would take
 * away the sampling of functions whose tracing is active.
 */
function traceIdFor(context: InvocationContext): string | undefined {
  return context.trace === undefined ? undefined : traceIdOf(context);
}

function jsonOf(event: unknown): Buffer | undefined {
  try {
    const text = JSON.stringify(event) as string | undefined;
    return text === undefined ? undefined : Buffer.from(text);
  } catch {
    return undefined;
  }
}
