import { resolve } from 'node:path';
import { Secret } from '../kit/index.ts';
import { isLoopback, type Role } from '../manage/index.ts';
import { refuse } from '../mapping/index.ts';
import type { ListenAddress } from './address.ts';
import { type ApiFields, SECRET_TEXT } from './api-fields.ts';
import { isPlainObject } from './pascal-schema.ts';
import type { Problems } from './problems.ts';

/** Where a secret comes from. */
export type SecretPlan =
  | { readonly kind: 'text'; readonly secret: Secret }
  | { readonly kind: 'file'; readonly at: string; readonly path: string }
  | { readonly kind: 'variable'; readonly at: string; readonly name: string };

/** Who may call the daemon, and how much. Nothing of it has been read yet but the file itself. */
export interface ApiPlan {
  readonly credentials: readonly { readonly accessKeyId: string; readonly secret: SecretPlan; readonly role: Role }[];
  readonly tokens: readonly { readonly secret: SecretPlan; readonly role: Role }[];
  /** Paths of PEM files. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly rateLimit: { readonly requestsPerSecond: number; readonly burst: number } | undefined;
  readonly maxConnections: number | undefined;
}

const REQUESTS_PER_SECOND_DEFAULT = 1000;

/** Plans the section `api`; `raw` is the file as it was written, `fields` what {@link withoutApiSecrets} left of it, checked. */
export function planApi(raw: unknown, fields: ApiFields | undefined, folder: string, problems: Problems): ApiPlan {
  const { credentials = [], tokens = [], tls, rateLimit, maxConnections } = fields ?? {};
  const api = isPlainObject(raw) ? raw['api'] : undefined;
  const secret = (list: 'credentials' | 'tokens', index: number, name: string): SecretPlan | undefined =>
    planSecret(entryOf(api, list, index), { at: `api.${list}[${String(index)}]`, name, folder, problems });
  const ids = credentials.map(({ accessKeyId }) => accessKeyId);
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) < index)
      problems.add(`api.credentials[${String(index)}].accessKeyId`, 'stands in this list already; a key has one entry');
  }
  return {
    credentials: credentials.flatMap(({ accessKeyId, role }, index) => {
      const plan = secret('credentials', index, 'secretAccessKey');
      return plan === undefined ? [] : [{ accessKeyId, role, secret: plan }];
    }),
    tokens: tokens.flatMap(({ role }, index) => {
      const plan = secret('tokens', index, 'token');
      return plan === undefined ? [] : [{ role, secret: plan }];
    }),
    tls: tls && { certificate: resolve(folder, tls.certificate), key: resolve(folder, tls.key) },
    rateLimit: rateLimit && rateOf(rateLimit),
    maxConnections,
  };
}

/** Refuses an address that others can reach while nobody would be asked who they are. `field` is where it was written. */
export function refuseUnguarded({ host, port }: ListenAddress, field: string, { credentials, tokens }: ApiPlan): void {
  if (isLoopback(host) || credentials.length > 0 || tokens.length > 0) return;
  const where = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  refuse(
    field,
    `is "${where}", where others than this machine may call, but nobody is asked who they are: add api.credentials (keys for the Lambda API) ` +
      "and api.tokens (for the operator's pages), or listen on 127.0.0.1, [::1] or localhost",
  );
}

/** What stands where something is not shown. */
const HIDDEN = '[not shown]';
const PLACEHOLDER = 'x'.repeat(16);
/** What has this form is no secret in the wrong place. */
const SHOWN: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/^accessKeyId$/, /^[\w-]{3,128}$/],
  [/^role$/, /^[a-z]{1,10}$/i],
  [/Env$/, /^[A-Za-z_]\w*$/],
];

/** The file for checks whose messages tell what they found: without anything in `api` that might be a secret, also in a wrong place. */
export function withoutApiSecrets(content: unknown): unknown {
  if (!isPlainObject(content) || content['api'] === undefined) return content;
  const { api } = content;
  if (!isPlainObject(api)) return { ...content, api: hidden(api) };
  const lists = ['credentials', 'tokens']
    .filter((name) => api[name] !== undefined)
    .map((name) => [name, withoutSecrets(api[name])] as const);
  return { ...content, api: { ...api, ...Object.fromEntries(lists) } };
}

function withoutSecrets(list: unknown): unknown {
  return Array.isArray(list) ? list.map((entry: unknown) => (isPlainObject(entry) ? withoutSecret(entry) : hidden(entry))) : hidden(list);
}

function withoutSecret(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(entry).map(([name, value]) => {
      if (typeof value !== 'string') return [name, hidden(value)];
      if (name === 'secretAccessKey' || name === 'token') return [name, SECRET_TEXT.test(value) ? PLACEHOLDER : HIDDEN];
      return [name, SHOWN.some(([names, values]) => names.test(name) && values.test(value)) ? value : HIDDEN];
    }),
  );
}

function hidden(value: unknown): unknown {
  return typeof value === 'object' ? value : HIDDEN;
}

function entryOf(api: unknown, list: string, index: number): Readonly<Record<string, unknown>> {
  const entries = isPlainObject(api) ? api[list] : undefined;
  const entry: unknown = Array.isArray(entries) ? entries[index] : undefined;
  return isPlainObject(entry) ? entry : {};
}

interface SecretPlace {
  readonly at: string;
  readonly name: string;
  readonly folder: string;
  readonly problems: Problems;
}

function planSecret(entry: Readonly<Record<string, unknown>>, { at, name, folder, problems }: SecretPlace): SecretPlan | undefined {
  const ways = [name, `${name}File`, `${name}Env`];
  const given = ways.filter((way) => entry[way] !== undefined);
  const [way = '', more] = given;
  const value = entry[way];
  if (typeof value !== 'string' || more !== undefined) {
    problems.add(`${at}.${more ?? name}`, `a secret is given in one way: ${ways.join(', ')}`);
    return undefined;
  }
  if (way === name) return { kind: 'text', secret: new Secret(value) };
  if (way.endsWith('File')) return { kind: 'file', at: `${at}.${way}`, path: resolve(folder, value) };
  return { kind: 'variable', at: `${at}.${way}`, name: value };
}

function rateOf({ requestsPerSecond = REQUESTS_PER_SECOND_DEFAULT, burst }: NonNullable<ApiFields['rateLimit']>): {
  readonly requestsPerSecond: number;
  readonly burst: number;
} {
  return { requestsPerSecond, burst: burst ?? 2 * requestsPerSecond };
}
