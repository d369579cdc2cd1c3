import type { FunctionTarget, Invocation, InvocationContext } from '../../../src/index.ts';
import { hasAborted } from '../../shared/abort.ts';
import { type FileWatch, watchFiles } from './file-watch.ts';
import { Job } from './job.ts';
import { type ProcessTargetOptions, type ResolvedProcessTarget, resolveProcessTarget } from './options.ts';
import { ProcessPool } from './pool.ts';

/** The largest event that Lambda hands to a function, bytes of JSON. */
const REQUEST_BYTES = 6_291_456;

/**
 * Makes a target of a function that runs in processes of its own: a Node handler, or any program that speaks the Lambda Runtime
 * API. Processes are started when they are needed and used again. At the deadline the outcome is `timeout` and the process is
 * ended with all its children; `ended` resolves when they are gone.
 *
 * @throws ConfigError when an option is wrong, or the file or program is not there.
 */
export function processTarget(options: ProcessTargetOptions): FunctionTarget {
  return new ProcessTarget(resolveProcessTarget(options));
}

class ProcessTarget implements FunctionTarget {
  /** Whoever mends a function in front of its watched files wants it tried at once. */
  readonly remote: boolean;
  readonly maxConcurrency: number;
  readonly #options: ResolvedProcessTarget;
  readonly #running = new Set<Promise<void>>();
  /** By function and version. */
  readonly #pools = new Map<string, ProcessPool>();
  #watch: FileWatch | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedProcessTarget) {
    this.#options = options;
    this.remote = options.watched === undefined;
    this.maxConcurrency = options.maxProcesses;
  }

  invoke(event: unknown, context: InvocationContext): Invocation {
    const body = jsonOf(event);
    const job = new Job(context, body ?? '');
    const refused = this.#refusal(context, body);
    if (refused !== undefined) {
      job.answer(refused);
      job.end();
      return job;
    }
    this.#running.add(job.ended);
    void job.ended.then(() => this.#running.delete(job.ended));
    this.#poolOf(context).invoke(job);
    return job;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #refusal(context: InvocationContext, body: string | undefined): Parameters<Job['answer']>[0] | undefined {
    if (hasAborted(context)) return { kind: 'timeout' };
    if (this.#closing !== undefined) return { kind: 'service-error', message: 'the target is closed', retryAfterMs: undefined };
    if (body === undefined) return { kind: 'terminal', code: 'InvalidEvent', message: 'the event has no JSON' };
    // Most events are far too short to be counted in bytes.
    if (body.length * 3 <= REQUEST_BYTES || Buffer.byteLength(body) <= REQUEST_BYTES) return undefined;
    const message = `the event is larger than the ${String(REQUEST_BYTES)} bytes that a function takes; lower BatchSize`;
    return { kind: 'terminal', code: 'RequestTooLarge', message };
  }

  #poolOf(context: InvocationContext): ProcessPool {
    const { functionName, functionVersion, invokedFunctionArn } = context;
    const key = `${functionName}:${functionVersion}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = new ProcessPool(this.#options, { functionName, functionVersion, invokedFunctionArn });
    this.#pools.set(key, pool);
    const { watched, logger } = this.#options;
    if (watched !== undefined) {
      this.#watch ??= watchFiles(watched, () => {
        logger?.info({ folder: watched }, 'files of the function changed; its processes start anew');
        for (const one of this.#pools.values()) one.renew();
      });
    }
    return pool;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#running);
    this.#watch?.close();
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }
}

/** `undefined` for what has no JSON: a cycle, a BigInt, a function. */
function jsonOf(event: unknown): string | undefined {
  try {
    return JSON.stringify(event);
  } catch {
    return undefined;
  }
}
