import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../contract/index.ts';
import { REGION_DEFAULT } from '../engine/index.ts';
import { Secret } from '../kit/index.ts';
import type { SecuritySettings } from '../manage/index.ts';
import { SECRET_TEXT } from './api-fields.ts';
import type { Catalog } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import type { ApiPlan, SecretPlan } from './plan-api.ts';
import { Problems } from './problems.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads what the section `api` names: secrets, certificate, key. Throws a ConfigError with everything that is wrong; no
 * message has anything of a secret in it.
 */
export async function openApi(
  catalog: Pick<Catalog, 'requestVerifier'>,
  { api, aws }: Pick<DaemonConfig, 'api' | 'aws'>,
  environment: Environment,
): Promise<SecuritySettings> {
  const problems = new Problems();
  const keys = api.credentials.flatMap(({ accessKeyId, role, secret }) => {
    const secretAccessKey = problems.try(() => secretOf(secret, environment));
    return secretAccessKey === undefined ? [] : [{ accessKeyId, role, secretAccessKey }];
  });
  const tokens = api.tokens.flatMap(({ role, secret }) => {
    const token = problems.try(() => secretOf(secret, environment));
    return token === undefined ? [] : [{ role, token }];
  });
  const tls = api.tls && problems.try(() => tlsOf(api.tls));
  problems.throwIfAny();
  const { rateLimit, maxConnections } = api;
  if (keys.length + tokens.length === 0) return { tls, rateLimit, maxConnections };
  const region = aws.region ?? REGION_DEFAULT;
  return { access: { keys, tokens, region, verifier: await catalog.requestVerifier() }, tls, rateLimit, maxConnections };
}

/** The files that the section names; what they hold may change while the daemon runs. */
export function apiFiles({ credentials, tokens, tls }: ApiPlan): readonly string[] {
  const secrets = [...credentials, ...tokens].flatMap(({ secret }) => (secret.kind === 'file' ? [secret.path] : []));
  return tls === undefined ? secrets : [...secrets, tls.certificate, tls.key];
}

/** Whether two readings let in the same callers with the same certificate. */
export function isSameSecurity(one: SecuritySettings, other: SecuritySettings): boolean {
  const text = ({ access, tls }: SecuritySettings): string =>
    JSON.stringify([
      access?.keys.map(({ accessKeyId, role, secretAccessKey }) => [accessKeyId, role, secretAccessKey.reveal()]),
      access?.tokens.map(({ role, token }) => [role, token.reveal()]),
      tls?.certificate,
      tls?.key,
    ]);
  return text(one) === text(other);
}

function secretOf(plan: SecretPlan, environment: Environment): Secret {
  if (plan.kind === 'text') return plan.secret;
  const text = plan.kind === 'file' ? readText(plan.path, plan.at).trim() : environment[plan.name];
  if (text === undefined || text === '') {
    refuse(plan.at, plan.kind === 'file' ? 'names a file that is empty' : 'names an environment variable that is not set');
  }
  if (!SECRET_TEXT.test(text)) refuse(plan.at, 'leads to a text that is no secret: 16 to 512 visible characters, without spaces');
  return new Secret(text);
}

function tlsOf(plan: ApiPlan['tls']): { readonly certificate: string; readonly key: string } | undefined {
  if (plan === undefined) return undefined;
  const problems = new Problems();
  const certificate = problems.try(() => certificateOf(readText(plan.certificate, 'api.tls.certificate')));
  const key = problems.try(() => keyOf(readText(plan.key, 'api.tls.key')));
  problems.throwIfAny();
  if (certificate === undefined || key === undefined) return undefined;
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
    refuse('api.tls.key', 'is not the key of the certificate in api.tls.certificate; give the two that belong together');
  }
  tried('api.tls', 'cannot be served with', () => createSecureContext({ cert: certificate, key }));
  return { certificate, key };
}

function certificateOf(text: string): string {
  tried('api.tls.certificate', 'has no certificate in PEM (-----BEGIN CERTIFICATE-----):', () => new X509Certificate(text));
  return text;
}

function keyOf(text: string): string {
  if (/ENCRYPTED/.test(text)) refuse('api.tls.key', 'is encrypted; give a key without a passphrase, readable to this user only');
  tried('api.tls.key', 'has no private key in PEM (-----BEGIN PRIVATE KEY-----):', () => createPrivateKey(text));
  return text;
}

/** What OpenSSL says is about forms and algorithms; it has nothing of what was read. */
function tried(field: string, what: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    refuse(field, `${what} ${code}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'names a file that does not exist; paths start from the folder of the configuration',
  EISDIR: 'names a folder',
  EACCES: 'names a file that this user may not read; change its permissions',
};

function readText(path: string, field: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // Not with the path: it may be a secret that stands in the wrong place.
    return refuse(field, REASONS[code] ?? `cannot be read (${code})`);
  }
}

function refuse(field: string, message: string): never {
  throw new ConfigError([{ field, message }]);
}
