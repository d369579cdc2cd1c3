import type { Outcome } from '../../../src/index.ts';

/** Codes of errors that say that the request itself cannot be sent: trying again does not help. */
const UNSENDABLE = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'ERR_INVALID_CHAR', 'ERR_INVALID_URL', 'ERR_INVALID_ARG_TYPE']);

/**
 * What the lack of an answer means. The vendor's text is left out, since it may repeat headers or the URL: the code
 * tells enough.
 */
export function noAnswer(error: unknown, origin: string): Outcome {
  const code = codeOf(error);
  if (UNSENDABLE.has(code)) return { kind: 'terminal', code, message: `the request to ${origin} cannot be sent (${code})` };
  return { kind: 'service-error', message: `no answer from ${origin} (${code})`, retryAfterMs: undefined };
}

/** What it means that no connection was there to send a request on. */
export function notSent(origin: string): Outcome {
  return { kind: 'service-error', message: `no connection to ${origin} within the time of the invocation`, retryAfterMs: undefined };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : error.name;
}
