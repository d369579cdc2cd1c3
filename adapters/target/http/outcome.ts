import type { Outcome } from '../../../src/index.ts';
import { errorPayload, functionError } from '../../shared/function-error.ts';
import { retryAfterMs } from '../../shared/retry-after.ts';

/** Header fields of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

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
    return { kind: 'throttled', message: `${origin} answered 429`, retryAfterMs: waitAskedFor(headers, now) };
  }
  // 408 is what servers say to a connection that they give up: they have not read the request.
  if (status >= 500 || status === 408) {
    return { kind: 'service-error', message: `${origin} answered ${String(status)}`, retryAfterMs: waitAskedFor(headers, now) };
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
  return functionError(said.errorType ?? marked ?? `Http${String(status)}`, said.errorMessage ?? `the function answered ${String(status)}`);
}

function waitAskedFor(headers: AnswerHeaders, now: number): number | undefined {
  return retryAfterMs(single(headers['retry-after']), single(headers['date']), now);
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value;
}
