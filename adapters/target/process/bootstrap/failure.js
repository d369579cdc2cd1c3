import { inspect } from 'node:util';

/**
 * @typedef {object} Failure What the Runtime API takes for an error.
 * @property {string} errorType
 * @property {string} errorMessage
 * @property {readonly string[]} stackTrace
 */

const STACK_LINES = 64;
const MESSAGE_LENGTH = 65_536;

/**
 * Never throws, also when the thrown thing does (getters, proxies, toString).
 *
 * @param {unknown} thrown
 * @returns {Failure}
 */
export function failureOf(thrown) {
  try {
    if (thrown instanceof Error || isErrorLike(thrown)) {
      const stack = typeof thrown.stack === 'string' ? thrown.stack : '';
      return {
        errorType: textOr(thrown.name, 'Error'),
        errorMessage: textOr(thrown.message, '').slice(0, MESSAGE_LENGTH),
        stackTrace: stack.slice(0, MESSAGE_LENGTH).split('\n').slice(0, STACK_LINES),
      };
    }
    const text = typeof thrown === 'string' ? thrown : typeof thrown === 'object' ? JSON.stringify(thrown) : inspect(thrown);
    return { errorType: thrown === null ? 'null' : typeof thrown, errorMessage: text.slice(0, MESSAGE_LENGTH), stackTrace: [] };
  } catch {
    return { errorType: 'Error', errorMessage: 'the handler threw a value that cannot be read', stackTrace: [] };
  }
}

/**
 * An error under a name of Lambda's.
 *
 * @param {string} name
 * @param {string} message
 * @param {unknown} [cause]
 * @returns {Error}
 */
export function named(name, message, cause) {
  const error = new Error(message, { cause });
  error.name = name;
  if (cause instanceof Error && cause.stack !== undefined) error.stack = cause.stack;
  return error;
}

/**
 * @param {unknown} thrown
 * @returns {thrown is { name: unknown, message: unknown, stack?: unknown }}
 */
function isErrorLike(thrown) {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'name' in thrown;
}

/**
 * @param {unknown} value
 * @param {string} otherwise
 */
function textOr(value, otherwise) {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
