import { ConfigError, type ConfigProblem } from '../../../src/index.ts';
import { isEmulator } from './emulator.ts';

/** How a function behind HTTP is reached. */
export interface HttpTargetOptions {
  /** Where events are posted; `http:` or `https:`, without user and password. */
  readonly url: string | URL;
  /** Sent with every request, such as `authorization`. Never shown in logs or errors. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Largest event that is sent, bytes; 1..67108864, default 6291456 (6 MB). A larger one is terminal. */
  readonly maxRequestBytes?: number;
  /** Largest answer that is read, bytes; 1..67108864, default 6291456 (6 MB). */
  readonly maxResponseBytes?: number;
  /** Connections that may be open at once; 1..10000, default 1250. An engine begins no more invocations of the function at once. */
  readonly maxConnections?: number;
  /** How long a connection may take to open, ms; 1..600000, default 3000. The function's time-out limits all the rest. */
  readonly connectTimeoutMs?: number;
}

/** The same, complete. */
export interface ResolvedHttpTarget {
  readonly url: URL;
  /** Scheme, host and port: all of the URL that may be shown (path and query may hold secrets). */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  /** Whether the Runtime Interface Emulator answers there. */
  readonly isEmulator: boolean;
}

/** Lambda's limit of an event and of an answer. */
const BODY_BYTES = 6_291_456;
const BODY_BYTES_MAX = 67_108_864;
/** As many as one queue mapping may have in flight. */
const CONNECTIONS = 1_250;
const CONNECTIONS_MAX = 10_000;
const CONNECT_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS_MAX = 600_000;

const FIELDS = ['url', 'headers', 'maxRequestBytes', 'maxResponseBytes', 'maxConnections', 'connectTimeoutMs'];
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that the target or HTTP itself sets. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'keep-alive',
  'lambda-runtime-deadline-ms',
  'lambda-runtime-invoked-function-arn',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-amzn-requestid',
  'x-amzn-trace-id',
  'x-millrace-attempt',
  'x-millrace-function-name',
]);

/** Checks everything and names every problem at once. @throws ConfigError */
export function resolveHttpTarget(options: HttpTargetOptions): ResolvedHttpTarget {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    throw new ConfigError([{ field: 'http', message: 'must be an object with a url, such as { url: "http://127.0.0.1:8080/" }' }]);
  }
  const problems: ConfigProblem[] = [];
  for (const field of Object.keys(given)) {
    if (!FIELDS.includes(field)) problems.push({ field, message: `is no option of an HTTP target; known are ${FIELDS.join(', ')}` });
  }
  const url = resolveUrl(options.url, problems);
  const headers = resolveHeaders(options.headers, problems);
  const limit = (field: NumberField, otherwise: number, max: number): number => whole(field, options[field], otherwise, max, problems);
  const limits = {
    maxRequestBytes: limit('maxRequestBytes', BODY_BYTES, BODY_BYTES_MAX),
    maxResponseBytes: limit('maxResponseBytes', BODY_BYTES, BODY_BYTES_MAX),
    maxConnections: limit('maxConnections', CONNECTIONS, CONNECTIONS_MAX),
    connectTimeoutMs: limit('connectTimeoutMs', CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_MS_MAX),
  };
  if (url === undefined || problems.length > 0) throw new ConfigError(problems);
  return { url, origin: url.origin, headers, isEmulator: isEmulator(url), ...limits };
}

type NumberField = 'maxRequestBytes' | 'maxResponseBytes' | 'maxConnections' | 'connectTimeoutMs';

function resolveUrl(value: unknown, problems: ConfigProblem[]): URL | undefined {
  const text = value instanceof URL ? value.href : value;
  if (typeof text !== 'string' || !URL.canParse(text)) {
    const is = typeof text === 'string' ? 'is no URL' : `is ${kindOf(text)}`;
    problems.push({ field: 'url', message: `${is}; give a complete one, such as http://127.0.0.1:8080/invoke` });
    return undefined;
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    problems.push({ field: 'url', message: `has the scheme ${url.protocol} which is not supported; use http: or https:` });
  }
  if (url.username !== '' || url.password !== '') {
    problems.push({ field: 'url', message: 'holds a user or password; take them out and send them in headers, as authorization' });
  }
  url.hash = '';
  return url;
}

function resolveHeaders(value: unknown, problems: ConfigProblem[]): Record<string, string> {
  const headers: Record<string, string> = {};
  if (value === undefined) return headers;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push({ field: 'headers', message: `must be an object of names and values, but is ${kindOf(value)}` });
    return headers;
  }
  for (const [name, text] of Object.entries(value as Record<string, unknown>)) {
    const problem = headerProblem(name, text);
    if (problem === undefined) headers[name.toLowerCase()] = String(text);
    else problems.push({ field: `headers.${name}`, message: problem });
  }
  return headers;
}

function headerProblem(name: string, value: unknown): string | undefined {
  if (!HEADER_NAME.test(name)) return 'is no valid header name; use letters, digits and hyphens';
  if (RESERVED.has(name.toLowerCase())) return 'is set by the target itself; take it out';
  if (typeof value !== 'string') return `must be a string, but is ${kindOf(value)}`;
  if (!HEADER_VALUE.test(value)) return 'has a value with a line break or another character that HTTP does not allow; encode it';
  return undefined;
}

function whole(field: string, value: unknown, otherwise: number, max: number, problems: ConfigProblem[]): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  const is = typeof value === 'number' ? String(value) : kindOf(value);
  problems.push({ field, message: `must be a whole number from 1 to ${String(max)}, but is ${is}; leave it out for ${String(otherwise)}` });
  return otherwise;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
