import type { Outcome } from '../../../src/index.ts';
import { functionError } from '../../shared/function-error.ts';

/** A function error, with what a person needs to find its cause. */
export interface RuntimeError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace: readonly string[];
}

const ERROR_TYPE_LENGTH = 256;
const ERROR_MESSAGE_LENGTH = 8_192;
const STACK_LINES = 64;
const STACK_LINE_LENGTH = 1_024;

/** Reads the error that a runtime has sent; `header` is its Lambda-Runtime-Function-Error-Type. */
export function runtimeErrorOf(text: string, header: string | undefined): RuntimeError {
  const said = objectOf(text);
  const type = textOf(said['errorType']) ?? header ?? 'Unhandled';
  const message = textOf(said['errorMessage']) ?? (text === '' ? 'the function told an error without saying which' : text);
  const stack = said['stackTrace'] ?? said['trace'];
  const lines = Array.isArray(stack) ? stack.slice(0, STACK_LINES).map(lineOf) : [];
  return { errorType: cut(type, ERROR_TYPE_LENGTH), errorMessage: cut(message, ERROR_MESSAGE_LENGTH), stackTrace: lines };
}

/** The same as an outcome. */
export function outcomeOf({ errorType, errorMessage }: RuntimeError): Outcome {
  return functionError(errorType, errorMessage);
}

/** The outcome of a process that did not come to ask for an invocation. */
export function initOutcomeOf({ errorType, errorMessage }: RuntimeError): Outcome {
  return functionError(errorType, errorMessage, true);
}

/** The outcome of an answer that is longer than may be taken. */
export function tooLarge(bytes: number, limit: number): RuntimeError {
  return {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `the response of ${String(bytes)} bytes is larger than the ${String(limit)} bytes that are taken`,
    stackTrace: [],
  };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function lineOf(value: unknown): string {
  return cut(typeof value === 'string' ? value : JSON.stringify(value), STACK_LINE_LENGTH);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
