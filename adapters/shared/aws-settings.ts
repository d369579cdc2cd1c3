/** What every AWS adapter must know to reach its service, and how that is checked before anything is called. */
import type { ConfigProblem } from '../../src/index.ts';

/** One set of keys. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they stop working. A provider is asked again in time. */
  readonly expiration?: Date;
}

/** Where the service is and who asks. Whatever is absent comes from the SDK's own chain: environment, profile, container, instance. */
export interface AwsSettings {
  /** Such as `eu-central-1`. */
  readonly region?: string;
  /**
   * Base URL of the service, for emulators, VPC endpoints and proxies. When one is configured, here or in the
   * environment, nothing but this address is ever contacted.
   */
  readonly endpoint?: string;
  /** Keys, or a function that gets them. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** How long a connection may take to open, ms. Default 3000. */
  readonly connectTimeoutMs?: number;
  /** How long an answer may take, ms; a long poll has its own wait on top. Default 10000. */
  readonly requestTimeoutMs?: number;
}

/** The names of {@link AwsSettings}, for adapters that refuse what they do not know. */
export const AWS_SETTING_NAMES = [
  'region',
  'endpoint',
  'credentials',
  'connectTimeoutMs',
  'requestTimeoutMs',
] as const satisfies readonly (keyof AwsSettings)[];

export const DEFAULT_CONNECT_TIMEOUT_MS = 3_000;
export const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
/** The longest that Node's timers count, ms. */
const TIMER_MS_MAX = 2_147_483_647;

const REGION = /^[a-z][a-z0-9-]{0,62}$/;

/** What is wrong with the settings, each under its own name; empty when nothing is. Values are never repeated where they may be secret. */
export function checkAwsSettings(settings: AwsSettings): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { region, endpoint, credentials } = settings;
  if (region !== undefined && (typeof region !== 'string' || !REGION.test(region))) {
    problems.push({ field: 'region', message: `must be the name of a region such as "eu-central-1", not ${shown(region)}` });
  }
  if (endpoint !== undefined) {
    const fault = typeof endpoint === 'string' ? urlFault(endpoint) : `must be a URL, not ${shown(endpoint)}`;
    if (fault !== undefined) problems.push({ field: 'endpoint', message: fault });
  }
  if (credentials !== undefined && !isCredentials(credentials)) {
    problems.push({
      field: 'credentials',
      message:
        'must be { accessKeyId, secretAccessKey, sessionToken? } with texts that are not empty, or a function that resolves with that',
    });
  }
  for (const field of ['connectTimeoutMs', 'requestTimeoutMs'] as const) {
    const value: unknown = settings[field];
    if (value === undefined || (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= TIMER_MS_MAX)) continue;
    problems.push({ field, message: `must be a whole number of milliseconds from 1 to ${String(TIMER_MS_MAX)}, not ${shown(value)}` });
  }
  return problems;
}

/** What is wrong with the text as the URL of a service; `undefined` when nothing is. Never shows a user name or password in it. */
export function urlFault(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be a URL such as "http://127.0.0.1:4566"';
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `must begin with http:// or https://, not "${url.protocol}"`;
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password; give keys as credentials';
  if (url.search !== '' || url.hash !== '') return 'must not hold a query or fragment';
  return undefined;
}

/** A value as an error message may show it: short, and its kind when it is no text or number. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}...` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'undefined' ? 'nothing' : `a value of type ${typeof value}`;
}

function isCredentials(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { accessKeyId, secretAccessKey, sessionToken } = value as Partial<Record<keyof AwsCredentials, unknown>>;
  const isText = (text: unknown): boolean => typeof text === 'string' && text !== '';
  return isText(accessKeyId) && isText(secretAccessKey) && (sessionToken === undefined || isText(sessionToken));
}
