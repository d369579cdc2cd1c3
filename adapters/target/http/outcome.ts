import type { Outcome } from '../../../src/index.ts';

/** Header fields of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Characters of a function's error name and message that are kept. */
const ERROR_NAME_LENGTH = 256;
const ERROR_MESSAGE_LENGTH = 8_192;

/** Statuses that stay as they are until somebody mends the target or what stands in front of it. */
const TERMINAL: ReadonlyMap<number, string> = new Map([
  [401, 'asks for credentials; check the headers of the target'],
  [403, 'denies access; check the headers of the target and the permissions behind it'],
  [404, 'has nothing at this path; check the url of the target'],
  [410, 'says that the function is gone; check the url of the target'],
  [413, 'refuses a request of this size; raise its limit or lower BatchSize'],
  [415, 'does not take JSON; check the url of the target'],
]);

/**
 * The outcome that status and headers decide alone, or `undefined` when the body says it: an answer of the function
 * itself (2xx, and the other 4xx).
 */
export function refusal(status: number, headers: AnswerHeaders, origin: string, now: number): Outcome | undefined {
  if (status === 429) {
    return { kind: 'throttled', message: `${origin} answered 429`, retryAfterMs: retryAfterMs(headers, now) };
  }
  if (status >= 500) {
    return { kind: 'service-error', message: `${origin} answered ${String(status)}`, retryAfterMs: retryAfterMs(headers, now) };
  }
  const code = `Http${String(status)}`;
  const lasting = TERMINAL.get(status);
  if (lasting !== undefined) return { kind: 'terminal', code, message: `${origin} ${lasting} (${String(status)})` };
  if (status >= 300 && status < 400) {
    const message = `${origin} answered with a redirect (${String(status)}), which is not followed; give the final url`;
    return { kind: 'terminal', code, message };
  }
  return undefined;
}

/** The outcome of an answer that the function itself gave. */
export function answerOf(status: number, headers: AnswerHeaders, text: string): Outcome {
  const marked = single(headers['x-amz-function-error']);
  if (status < 300 && marked === undefined) return { kind: 'success', text: () => text };
  const said = errorPayload(text);
  return {
    kind: 'function-error',
    errorType: cut(said.errorType ?? marked ?? `Http${String(status)}`, ERROR_NAME_LENGTH),
    errorMessage: cut(said.errorMessage ?? `the function answered ${String(status)}`, ERROR_MESSAGE_LENGTH),
  };
}

/** The outcome of an answer that is longer than may be read. */
export function tooLarge(limit: number): Outcome {
  const errorMessage = `the answer is larger than ${String(limit)} bytes`;
  return { kind: 'function-error', errorType: 'ResponseTooLarge', errorMessage };
}

/** Lambda's error payload, as far as `text` is one. */
function errorPayload(text: string): { errorType?: string; errorMessage?: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const { errorType, errorMessage } = value as Record<'errorType' | 'errorMessage', unknown>;
  return {
    ...(typeof errorType === 'string' && errorType !== '' ? { errorType } : {}),
    ...(typeof errorMessage === 'string' ? { errorMessage } : {}),
  };
}

/** `Retry-After`: seconds, or a date that is compared with the server's own clock where it tells it. */
function retryAfterMs(headers: AnswerHeaders, now: number): number | undefined {
  const value = single(headers['retry-after'])?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1_000);
  // Date.parse takes almost anything; the dates of HTTP begin with a day's name.
  const at = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  const served = Date.parse(single(headers['date']) ?? '');
  return Math.max(0, at - (Number.isNaN(served) ? now : served));
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value;
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
