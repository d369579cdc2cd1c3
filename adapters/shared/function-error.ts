/** Lambda's error payload, `{"errorType": ..., "errorMessage": ...}`, as it comes from functions that run elsewhere. */
import type { Outcome } from '../../src/index.ts';

/** Characters of a function's error name and message that are kept. */
const ERROR_NAME_LENGTH = 256;
const ERROR_MESSAGE_LENGTH = 8_192;

/** What a payload says of an error; each part only where it says it. */
export interface ErrorPayload {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/** The error payload, as far as `text` is one. */
export function errorPayload(text: string): ErrorPayload {
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

/** A function error, with name and message cut to what is kept. */
export function functionError(errorType: string, errorMessage: string): Outcome {
  return { kind: 'function-error', errorType: cut(errorType, ERROR_NAME_LENGTH), errorMessage: cut(errorMessage, ERROR_MESSAGE_LENGTH) };
}

/** The outcome of an answer that is longer than may be read. */
export function answerTooLarge(limit: number): Outcome {
  return functionError('ResponseTooLarge', `the answer is larger than ${String(limit)} bytes`);
}

/** How Lambda and its emulator word a time-out. */
const TIMED_OUT = /Task timed out after \d+(\.\d+)? seconds$/;

/** Whether a function that runs elsewhere was ended there at its own time-out. */
export function isTimeout({ errorType, errorMessage = '' }: ErrorPayload): boolean {
  return errorType === 'Sandbox.Timedout' || (errorType === undefined && TIMED_OUT.test(errorMessage.trim()));
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
