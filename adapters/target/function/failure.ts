import type { Outcome } from '../../../src/index.ts';

/** Characters of an error's name and message that are kept; the rest is cut. */
const ERROR_NAME_LENGTH = 256;
const ERROR_MESSAGE_LENGTH = 8_192;

/**
 * A function error made of whatever a handler threw: errors by name and message, strings and other values by their
 * type and text. Never throws, also when the thrown thing does (getters, proxies, toString).
 */
export function functionError(thrown: unknown): Outcome {
  try {
    return isErrorLike(thrown)
      ? errorOutcome(textOr(thrown.name, 'Error'), textOr(thrown.message, ''))
      : errorOutcome(thrown === null ? 'null' : typeof thrown, thrownText(thrown));
  } catch {
    return errorOutcome('Error', 'the handler threw a value that cannot be read');
  }
}

function errorOutcome(name: string, message: string): Outcome {
  return { kind: 'function-error', errorType: cut(name, ERROR_NAME_LENGTH), errorMessage: cut(message, ERROR_MESSAGE_LENGTH) };
}

function isErrorLike(thrown: unknown): thrown is { readonly name: unknown; readonly message: unknown } {
  return thrown instanceof Error || (typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'name' in thrown);
}

function thrownText(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  return typeof thrown === 'object' && thrown !== null ? JSON.stringify(thrown) : String(thrown);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
