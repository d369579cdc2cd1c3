import type { RuntimeError } from './runtime-error.ts';

/** How a process came to its end. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An end that nobody asked for, in Lambda's words. */
export function exitError({ code, signal }: Exit, requestId: string): RuntimeError {
  const how = signal !== null ? `signal: ${SIGNAL_WORDS[signal] ?? signal}` : `exit status ${String(code)}`;
  const reason = code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${how}`;
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${reason}`, stackTrace: [] };
}

/** As the Go runtime of Lambda's own supervisor calls them. */
const SIGNAL_WORDS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
};

/** A start that took too long. */
export function initTimeout(initMs: number): RuntimeError {
  const errorMessage = `the process did not ask for its first invocation within ${String(initMs / 1_000)} seconds of its start`;
  return { errorType: 'Runtime.InitTimeout', errorMessage, stackTrace: [] };
}
