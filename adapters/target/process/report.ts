import type { Logger, Outcome } from '../../../src/index.ts';
import { type FunctionIdentity } from './environment.ts';
import { peakMemoryMB } from './memory.ts';
import { LineSplitter, type OutputLine } from './output.ts';
import type { RuntimeError } from './runtime-error.ts';

/** What one invocation may print, bytes; the rest is counted and left out. */
const OUTPUT_BYTES = 10_485_760;
/** What a line counts beside its text, bytes, as in CloudWatch: empty ones must end too. */
const LINE_OVERHEAD_BYTES = 26;
/** How often the system is asked for a process's memory, ms; the value is a peak, so little is missed. */
const MEMORY_LOOK_MS = 250;

/** The log of one process: what it prints line by line under the invocation at work, and START, END and REPORT around it. */
export class ProcessLog {
  readonly #logger: Logger | undefined;
  readonly #memorySize: number;
  readonly #splitters: readonly LineSplitter[];
  #requestId: string | undefined;
  #startedAt = 0;
  #initMs: number | undefined;
  #outputBytes = 0;
  #droppedBytes = 0;
  #peakMB: number | undefined;
  #lookedAt = -Infinity;

  constructor(logger: Logger | undefined, of: FunctionIdentity, pid: number, streams: readonly Lines[], memorySize: number) {
    this.#logger = logger?.child({ functionName: of.functionName, pid });
    this.#memorySize = memorySize;
    this.#splitters = streams.map(({ name, readable }) => {
      const splitter = new LineSplitter((line) => {
        this.#print(name, line);
      });
      readable.on('data', (chunk: Buffer) => {
        // What is left out anyway is not cut into lines: a flood of them would hold up all else that this process does.
        if (this.#outputBytes > OUTPUT_BYTES) this.#droppedBytes += chunk.length;
        else splitter.push(chunk);
      });
      return splitter;
    });
  }

  /** The process has asked for its first invocation, so long after its start. */
  initialized(initMs: number): void {
    this.#initMs = initMs;
  }

  start(requestId: string, version: string): void {
    this.#flush();
    this.#requestId = requestId;
    this.#startedAt = performance.now();
    this.#logger?.debug({ requestId, version }, 'START');
  }

  /** Of the invocation at work. `error` is what the function said of its failure. */
  end(outcome: Outcome, pid: number, error: RuntimeError | undefined): void {
    this.#flush();
    const requestId = this.#requestId;
    const logger = this.#logger;
    if (logger !== undefined && requestId !== undefined) {
      if (error !== undefined && error.stackTrace.length > 0) {
        logger.warn({ requestId, errorType: error.errorType, stackTrace: error.stackTrace }, 'where the function failed');
      }
      logger.debug({ requestId }, 'END');
      logger.info(this.#report(requestId, outcome, pid), 'REPORT');
    }
    this.#initMs = undefined;
  }

  /** The process is gone; gives what it printed last without a line break. */
  close(): void {
    this.#flush();
  }

  #report(requestId: string, outcome: Outcome, pid: number): Record<string, unknown> {
    const now = performance.now();
    const durationMs = now - this.#startedAt;
    if (now - this.#lookedAt >= MEMORY_LOOK_MS) {
      this.#lookedAt = now;
      this.#peakMB = peakMemoryMB(pid) ?? this.#peakMB;
    }
    const initMs = this.#initMs;
    return {
      requestId,
      durationMs: hundredths(durationMs),
      billedDurationMs: Math.ceil(durationMs + (initMs ?? 0)),
      memorySizeMB: this.#memorySize,
      ...(this.#peakMB === undefined ? {} : { maxMemoryUsedMB: this.#peakMB }),
      ...(initMs === undefined ? {} : { initDurationMs: hundredths(initMs) }),
      ...(outcome.kind === 'success' ? {} : { status: outcome.kind === 'timeout' ? 'timeout' : 'error' }),
    };
  }

  #print(stream: 'stdout' | 'stderr', { text, cutBytes }: OutputLine): void {
    this.#outputBytes += text.length + LINE_OVERHEAD_BYTES;
    if (this.#outputBytes > OUTPUT_BYTES) {
      this.#droppedBytes += text.length + cutBytes + 1;
      return;
    }
    if (this.#logger === undefined) {
      process[stream].write(cutBytes === 0 ? `${text}\n` : `${text}… (${String(cutBytes)} more bytes)\n`);
      return;
    }
    const requestId = this.#requestId;
    this.#logger.info(
      { ...(requestId === undefined ? {} : { requestId }), stream, line: text, ...(cutBytes === 0 ? {} : { cutBytes }) },
      'function output',
    );
  }

  #flush(): void {
    for (const splitter of this.#splitters) splitter.flush();
    if (this.#droppedBytes > 0) {
      const fields = { requestId: this.#requestId, droppedBytes: this.#droppedBytes };
      if (this.#logger === undefined) process.stderr.write(`… ${String(this.#droppedBytes)} more bytes of output were left out\n`);
      else this.#logger.warn(fields, 'the function printed more than is kept; the rest was left out');
    }
    this.#outputBytes = 0;
    this.#droppedBytes = 0;
  }
}

/** One stream that a process prints to. */
export interface Lines {
  readonly name: 'stdout' | 'stderr';
  readonly readable: { on(event: 'data', listener: (chunk: Buffer) => void): unknown };
}

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}
