import type { FunctionTarget, Invocation, InvocationContext } from '../../../src/index.ts';
import { traceHeadersOf, traceIdOf } from '../../shared/trace-id.ts';
import { type HttpClient, loadClient } from './client.ts';
import { noAnswer } from './errors.ts';
import { Exchange } from './exchange.ts';
import { type HttpTargetOptions, type ResolvedHttpTarget, resolveHttpTarget } from './options.ts';

/**
 * Makes a target of a function behind HTTP: each event is posted as JSON, the answer's body is the payload. `ended`
 * resolves when the answer has been read whole, or its connection has closed; the function behind it may still run then.
 *
 * @throws ConfigError when an option is wrong.
 */
export function http(options: HttpTargetOptions): FunctionTarget {
  return new HttpTarget(resolveHttpTarget(options));
}

class HttpTarget implements FunctionTarget {
  readonly remote = true;
  readonly maxConcurrency: number;
  readonly #options: ResolvedHttpTarget;
  /** What every request has, names and values one after the other. */
  readonly #headers: readonly string[];
  /** The same for an invocation whose own place in a trace is sent. */
  readonly #traced: readonly string[];
  readonly #running = new Set<Promise<void>>();
  #client: Promise<HttpClient> | undefined;
  /** The same once it is there: nobody waits for it any more. */
  #loaded: HttpClient | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedHttpTarget) {
    this.#options = options;
    this.maxConcurrency = options.maxConnections;
    const always = { ...options.headers, 'content-type': 'application/json', 'accept-encoding': 'identity' };
    this.#headers = Object.entries(always).flat();
    const isOfTraces = (name: string): boolean => name.toLowerCase() === 'traceparent' || name.toLowerCase() === 'tracestate';
    this.#traced = Object.entries(always).flatMap(([name, value]) => (isOfTraces(name) ? [] : [name, value]));
  }

  invoke(event: unknown, context: InvocationContext): Invocation {
    const exchange = new Exchange(this.#options, context);
    const ended = this.#run(exchange, event, context);
    this.#running.add(ended);
    void ended.then(() => this.#running.delete(ended));
    return { outcome: exchange.outcome, ended };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#running);
    const client = await this.#client?.catch(() => undefined);
    await client?.close();
  }

  async #run(exchange: Exchange, event: unknown, context: InvocationContext): Promise<void> {
    if (this.#closing !== undefined) exchange.finish({ kind: 'service-error', message: 'the target is closed', retryAfterMs: undefined });
    if (!exchange.isOpen()) return;
    const body = bodyOf(event);
    if (body === undefined) {
      exchange.finish({ kind: 'terminal', code: 'InvalidEvent', message: 'the event has no JSON' });
      return;
    }
    const { maxRequestBytes } = this.#options;
    if (body.byteLength > maxRequestBytes) {
      const message = `the event has ${String(body.byteLength)} bytes, at most ${String(maxRequestBytes)} are sent; lower BatchSize`;
      exchange.finish({ kind: 'terminal', code: 'RequestTooLarge', message });
      return;
    }
    let client: HttpClient | undefined;
    try {
      client = this.#loaded ?? (await this.#load());
      if (exchange.isOpen()) {
        client.post(body, [...(context.trace === undefined ? this.#headers : this.#traced), ...headersFor(context)], exchange);
        exchange.awaitConnection(context.remainingMs());
      }
    } catch (error) {
      exchange.finish(noAnswer(error, this.#options.origin));
    }
    await exchange.ended;
    if (!exchange.isWhole) await client?.disconnected();
  }

  async #load(): Promise<HttpClient> {
    this.#client ??= loadClient(this.#options);
    this.#loaded = await this.#client;
    return this.#loaded;
  }
}

/** What is sent: its bytes are counted and sent as they are. */
function bodyOf(event: unknown): Buffer | undefined {
  try {
    const text = JSON.stringify(event) as string | undefined;
    return text === undefined ? undefined : Buffer.from(text);
  } catch {
    return undefined;
  }
}

/** Names and values, one after the other. */
function headersFor(context: InvocationContext): string[] {
  const headers = [
    'x-amzn-requestid',
    context.requestId,
    'x-amzn-trace-id',
    traceIdOf(context),
    'lambda-runtime-deadline-ms',
    String(Math.round(context.deadline)),
    'lambda-runtime-invoked-function-arn',
    context.invokedFunctionArn,
    'x-millrace-function-name',
    context.functionName,
    'x-millrace-attempt',
    String(context.attempt),
  ];
  if (context.trace !== undefined) headers.push(...Object.entries(traceHeadersOf(context)).flat());
  return headers;
}
