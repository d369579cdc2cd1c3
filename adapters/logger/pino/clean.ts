import type { LogFields } from '../../../src/index.ts';

/** What stands where something was taken out. */
const REDACTED = '[redacted]';

/** Names of secrets, in lower case without hyphens and underscores; what ends with one of them is a secret too. */
const SECRET =
  /(authorization|password|passwd|passphrase|secret|secretaccesskey|secretkey|privatekey|apikey|token|credentials?|cookie|signature)$/;
/** Names under which records, events and answers stand. */
const BODY = /^(body|payload|(request|response)payload|messagebody|records)$/;

/** User and password in a URL. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;

/** How deep fields are followed, and how many entries of a list are shown. */
const DEPTH_MAX = 6;
const ENTRIES_MAX = 100;

/**
 * Fields as they may be written: secrets replaced by name, users and passwords cut out of URLs, bodies taken out unless
 * `bodies`, errors as plain objects. Never throws and leaves what it was given untouched.
 */
export function clean(fields: LogFields, bodies: boolean): LogFields {
  try {
    return cleanObject(fields, bodies, 1);
  } catch {
    return { fields: '[unreadable]' };
  }
}

function cleanValue(value: unknown, bodies: boolean, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (value instanceof URL) return cleanText(value.href);
  if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`;
  if (depth > DEPTH_MAX) return '[deep]';
  if (value instanceof Error) return cleanError(value, bodies, depth);
  if (Array.isArray(value)) return cleanList(value, bodies, depth);
  return cleanObject(value, bodies, depth);
}

function cleanList(list: readonly unknown[], bodies: boolean, depth: number): unknown[] {
  const shown = list.slice(0, ENTRIES_MAX).map((entry) => cleanValue(entry, bodies, depth + 1));
  if (list.length > ENTRIES_MAX) shown.push(`[${String(list.length - ENTRIES_MAX)} more]`);
  return shown;
}

function cleanObject(value: object, bodies: boolean, depth: number): Record<string, unknown> {
  const cleaned: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    cleaned[key] = hides(key, entry, bodies) ? REDACTED : cleanValue(entry, bodies, depth + 1);
  }
  return cleaned;
}

/** Numbers and truth values are counts and facts, not secrets or bodies. */
function hides(key: string, value: unknown, bodies: boolean): boolean {
  if (typeof value !== 'string' && typeof value !== 'object') return false;
  if (value === null) return false;
  const name = key.toLowerCase().replaceAll(/[-_]/g, '');
  return SECRET.test(name) || (!bodies && BODY.test(name));
}

/** What vendors hang on their errors (requests with headers, answers) is left out. */
function cleanError(error: Error, bodies: boolean, depth: number): Record<string, unknown> {
  const { code } = error as Error & { readonly code?: unknown };
  return {
    type: error.name,
    message: cleanText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: cleanText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: cleanValue(error.cause, bodies, depth + 1) }),
  };
}

function cleanText(text: string): string {
  return text.includes('@') ? text.replaceAll(USER_INFO, '$1') : text;
}
