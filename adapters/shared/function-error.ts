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

/** Lambda's names for errors of functions that could not be started or loaded, whatever the event was. An end (`Runtime.ExitError`) tells not when. */
const INIT_ERROR_TYPES: ReadonlySet<string> = new Set([
  'Extension.InitError',
  'Extension.LaunchError',
  'Runtime.HandlerNotFound',
  'Runtime.ImportModuleError',
  'Runtime.InitTimeout',
  'Runtime.InvalidEntrypoint',
  'Runtime.InvalidTaskConfig',
  'Runtime.InvalidWorkingDir',
  'Runtime.MalformedHandlerName',
  'Runtime.UserCodeSyntaxError',
]);

/** A function error, with name and message cut to what is kept. `duringInit`: it is one of the function's start, where its name does not tell. */
export function functionError(errorType: string, errorMessage: string, duringInit = INIT_ERROR_TYPES.has(errorType)): Outcome {
  const said = { errorType: cut(errorType, ERROR_NAME_LENGTH), errorMessage: cut(errorMessage, ERROR_MESSAGE_LENGTH) };
  return duringInit ? { kind: 'function-error', ...said, duringInit } : { kind: 'function-error', ...said };
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
