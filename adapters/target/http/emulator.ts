/** What AWS's Runtime Interface Emulator, which its container images hold, says in ways of its own. */
import type { Outcome } from '../../../src/index.ts';
import { errorPayload, functionError, isTimeout } from '../../shared/function-error.ts';

const PATH = /\/2015-03-31\/functions\/[^/]+\/invocations$/;

/** Whether an emulator, or something that acts like one, stands behind the URL. */
export function isEmulator({ pathname }: URL): boolean {
  return PATH.test(pathname);
}

/** Whether the body of an answer of this status says more than the status. */
export function saysMore(status: number): boolean {
  return status < 300 || status === 400 || status === 502;
}

/**
 * The outcome of an emulator's answer; `undefined` where it is one like any other's. Errors of the function come with status
 * 200 and no mark, so Lambda's error payload is taken for one. A second invocation beside a running one is refused with 400 and
 * no body. A process that ended comes as 502 with the error.
 */
export function emulatorOutcome(status: number, text: string, origin: string): Outcome | undefined {
  if (status === 400) {
    const message = `the emulator at ${origin} runs one invocation at a time, and runs one already`;
    return text === '' ? { kind: 'throttled', message, retryAfterMs: undefined } : undefined;
  }
  if (status < 300 && isTimeout({ errorMessage: text.slice(0, 100) })) return { kind: 'timeout' };
  const { errorType, errorMessage } = errorPayload(text);
  if (errorType === undefined || errorMessage === undefined) return undefined;
  return isTimeout({ errorType, errorMessage }) ? { kind: 'timeout' } : functionError(errorType, errorMessage);
}
