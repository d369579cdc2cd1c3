import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Outcome } from '../../../src/index.ts';
import { onAbort } from '../../shared/abort.ts';
import { traceIdOf } from '../../shared/trace-id.ts';
import { environmentOf, type FunctionIdentity, logStreamName } from './environment.ts';
import { type Exit, exitError, initTimeout } from './exit.ts';
import type { Job } from './job.ts';
import type { ResolvedProcessTarget } from './options.ts';
import { endGroup, signalGroup, startGroup } from './process-group.ts';
import { ProcessLog } from './report.ts';
import type { RequestBody } from './request-body.ts';
import { RuntimeApi, type RuntimeListener } from './runtime-api.ts';
import { initOutcomeOf, outcomeOf, type RuntimeError, runtimeErrorOf, tooLarge } from './runtime-error.ts';

/** Who is told how a process fares. */
export interface ProcessListener {
  /** It waits for an invocation. */
  onReady(process: FunctionProcess): void;
  /** It takes no more invocations. */
  onStopping(process: FunctionProcess): void;
  /** It could not start. Gives the invocation that this is the outcome of; it ends with the process. */
  onInitFailed(process: FunctionProcess, outcome: Outcome): Job | undefined;
  /** It is gone, and all its children with it. */
  onGone(process: FunctionProcess): void;
}

type Phase = 'starting' | 'idle' | 'busy' | 'stopping' | 'gone';

/** How long output and answers that a dead process left in its pipes and connections are read for, ms. */
const REMAINS_MS = 1_000;

/** One process of a function, from its start to its end: one invocation at a time. */
export class FunctionProcess implements RuntimeListener {
  readonly gone: Promise<void>;
  readonly #target: ResolvedProcessTarget;
  readonly #identity: FunctionIdentity;
  readonly #listener: ProcessListener;
  readonly #api: RuntimeApi;
  #phase: Phase = 'starting';
  #child: ChildProcess | undefined;
  #log: ProcessLog | undefined;
  #job: Job | undefined;
  #forgetAbort: () => void = () => undefined;
  #error: RuntimeError | undefined;
  #startedAt = 0;
  #hasFailedToStart = false;
  #isRetired = false;
  #initTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #onGone: () => void = ignore;

  constructor(target: ResolvedProcessTarget, identity: FunctionIdentity, listener: ProcessListener) {
    this.#target = target;
    this.#identity = identity;
    this.#listener = listener;
    this.#api = new RuntimeApi(this, target.maxResponseBytes);
    this.gone = new Promise((resolve) => {
      this.#onGone = resolve;
    });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Starts it. What goes wrong is told to the listener. */
  async start(): Promise<void> {
    this.#startedAt = performance.now();
    try {
      const api = await this.#api.listen();
      // Stopped meanwhile.
      if (this.#phase === 'starting') this.#spawn(api);
      else this.#conclude();
    } catch (error) {
      this.#failToStart(startFailure(error, this.#target.program.path));
      this.#conclude();
    }
  }

  /** Gives it an invocation. Only while it is idle. */
  run(job: Job): void {
    const { requestId, functionVersion, invokedFunctionArn, deadline } = job.context;
    this.#phase = 'busy';
    this.#job = job;
    this.#error = undefined;
    this.#child?.ref();
    this.#forgetAbort = onAbort(job.context, this.#onAbort);
    this.#log?.start(requestId, functionVersion);
    this.#api.hand({
      requestId,
      deadlineMs: Math.round(deadline),
      functionArn: invokedFunctionArn,
      traceId: traceIdOf(job.context),
      body: job.body,
    });
  }

  /** Ends it once its invocation has ended. */
  retire(): void {
    this.#isRetired = true;
    if (this.#phase === 'idle' || this.#phase === 'starting') this.stop();
  }

  /** SIGTERM to it and its children, SIGKILL after the grace. {@link gone} tells when it is over. */
  stop(): void {
    if (!this.#beginStopping()) return;
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    signalGroup(pid, 'SIGTERM');
    // A stopped process takes no SIGTERM.
    signalGroup(pid, 'SIGCONT');
  }

  onNext(): boolean {
    if (this.#phase === 'starting') {
      const initMs = performance.now() - this.#startedAt;
      clearTimeout(this.#initTimer);
      this.#log?.initialized(initMs);
      this.#idleTimer = setTimeout(this.#onIdleTooLong, this.#target.idleMs).unref();
      this.#rest();
    } else if (this.#phase === 'busy') {
      if (this.#job?.answered === undefined) return false;
      // What it printed before may be waiting in its pipe: that is read in the same round of the event loop.
      setImmediate(this.#onRoundOver);
    }
    return true;
  }

  onResponse(requestId: string, body: RequestBody): boolean {
    const job = this.#jobOf(requestId);
    if (job === undefined) return false;
    if ('tooLong' in body) this.#answerError(job, tooLarge(body.tooLong, this.#target.maxResponseBytes));
    else job.answer({ kind: 'success', text: () => body.text });
    return true;
  }

  onError(requestId: string, body: RequestBody, errorType: string | undefined): boolean {
    const job = this.#jobOf(requestId);
    if (job === undefined) return false;
    this.#answerError(job, runtimeErrorOf('text' in body ? body.text : '', errorType));
    return true;
  }

  onInitError(body: RequestBody, errorType: string | undefined): boolean {
    if (this.#phase !== 'starting') return false;
    this.#error = runtimeErrorOf('text' in body ? body.text : '', errorType);
    this.#failToStart(initOutcomeOf(this.#error));
    // It ends by itself now; if not, the grace is over soon.
    this.#beginStopping();
    return true;
  }

  onNextLost(): void {
    if (this.#phase === 'idle') this.stop();
  }

  #spawn(api: string): void {
    const { program, cwd, logger, memorySize, initMs } = this.#target;
    const { path, args } = program;
    const id = `${String(process.pid)}${api.replace(/\D/g, '')}`;
    const stream = logStreamName(this.#identity.functionVersion, new Date(), id);
    const child = startGroup({ path, args, cwd, env: environmentOf(this.#target, this.#identity, api, stream) });
    this.#child = child;
    const { pid, stdout, stderr } = child;
    if (pid === undefined || stdout === null || stderr === null) {
      child.once('error', (error) => {
        this.#failToStart(startFailure(error, path));
        this.#conclude();
      });
      return;
    }
    // A signal that cannot be sent: the process is gone, and its exit tells.
    child.on('error', ignore);
    // Pipes of a child are sockets, whatever their type says.
    for (const readable of [stdout, stderr]) (readable as Readable & { unref(): unknown }).unref();
    this.#log = new ProcessLog(
      logger,
      this.#identity,
      pid,
      [
        { name: 'stdout', readable: stdout },
        { name: 'stderr', readable: stderr },
      ],
      memorySize,
    );
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
    child.once('exit', (code, signal) => {
      void this.#onExit(pid, { code, signal }, closed);
    });
    this.#initTimer = setTimeout(() => {
      this.#error = initTimeout(initMs);
      this.#failToStart(initOutcomeOf(this.#error));
      this.stop();
    }, initMs).unref();
  }

  async #onExit(pid: number, exit: Exit, closed: Promise<void>): Promise<void> {
    const wasAsked = this.#phase === 'stopping';
    this.#beginStopping();
    clearTimeout(this.#killTimer);
    await endGroup(pid);
    await atMost(REMAINS_MS, Promise.all([closed, this.#api.drained()]));
    const job = this.#job;
    if (job?.answered === undefined) {
      const error = exitError(exit, job?.context.requestId ?? NO_REQUEST);
      this.#error = error;
      if (job !== undefined) job.answer(outcomeOf(error));
      else if (!wasAsked && this.#idleTimer === undefined) this.#failToStart(initOutcomeOf(error));
    }
    this.#conclude();
  }

  /** The last step, whether it ever ran or not. */
  #conclude(): void {
    clearTimeout(this.#initTimer);
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#killTimer);
    this.#api.close();
    this.#phase = 'gone';
    this.#finish();
    this.#log?.close();
    this.#listener.onGone(this);
    this.#onGone();
  }

  /** Ends the invocation at work. */
  #finish(): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#job = undefined;
    this.#forgetAbort();
    if (job.answered !== undefined) this.#log?.end(job.answered, this.#child?.pid ?? 0, this.#error);
    job.end();
  }

  #rest(): void {
    this.#phase = 'idle';
    if (this.#isRetired) {
      this.stop();
      return;
    }
    this.#child?.unref();
    this.#idleTimer?.refresh();
    this.#listener.onReady(this);
  }

  /** True if it was not stopping before. */
  #beginStopping(): boolean {
    if (this.#phase === 'stopping' || this.#phase === 'gone') return false;
    this.#phase = 'stopping';
    this.#listener.onStopping(this);
    const child = this.#child;
    if (child?.pid === undefined) return true;
    const { pid } = child;
    child.ref();
    this.#killTimer = setTimeout(() => signalGroup(pid, 'SIGKILL'), this.#target.killGraceMs);
    return true;
  }

  #failToStart(outcome: Outcome): void {
    if (this.#hasFailedToStart) return;
    this.#hasFailedToStart = true;
    clearTimeout(this.#initTimer);
    const job = this.#listener.onInitFailed(this, outcome);
    if (job === undefined) {
      const said = outcome.kind === 'function-error' ? { errorType: outcome.errorType, errorMessage: outcome.errorMessage } : { outcome };
      this.#target.logger?.warn({ functionName: this.#identity.functionName, ...said }, 'a process of the function could not start');
      return;
    }
    this.#job = job;
    this.#log?.start(job.context.requestId, job.context.functionVersion);
    job.answer(outcome);
  }

  #answerError(job: Job, error: RuntimeError): void {
    this.#error = error;
    job.answer(outcomeOf(error));
  }

  #jobOf(requestId: string): Job | undefined {
    const job = this.#job;
    return job?.context.requestId === requestId && job.answered === undefined ? job : undefined;
  }

  readonly #onAbort = (): void => {
    this.#job?.answer({ kind: 'timeout' });
    this.stop();
  };

  readonly #onRoundOver = (): void => {
    if (this.#phase !== 'busy') return;
    this.#finish();
    this.#rest();
  };

  readonly #onIdleTooLong = (): void => {
    if (this.#phase === 'idle') this.stop();
  };
}

/** In messages about a process that no invocation had reached. */
const NO_REQUEST = 'none';

/** Nobody's fault but the machine's: there may be room again soon, or the program may be written to its end. */
const PASSING = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'EADDRINUSE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ETXTBSY']);

function startFailure(error: unknown, path: string): Outcome {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
  const message = `${path} could not be started (${code})`;
  if (PASSING.has(code)) return { kind: 'service-error', message, retryAfterMs: undefined };
  return { kind: 'terminal', code: 'Runtime.InvalidEntrypoint', message };
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}

function ignore(): void {
  // Nobody waits, or nothing is to be done.
}
