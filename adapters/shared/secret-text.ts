/** What a secret holds: a JSON object of texts, or PEM. */
import { SourceError } from '../../src/index.ts';

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]+-----END ([A-Z]+ )?PRIVATE KEY-----/;

/**
 * The parts by name. PEM gives `certificate` (all of them, in their order) and `privateKey`. Throws a SourceError that tells where
 * it is, never what it holds: `uri` is not secret.
 */
export function readSecretText(text: string, uri: string): Readonly<Record<string, string>> {
  const trimmed = text.trim();
  return trimmed.startsWith('-----BEGIN ') ? readPem(trimmed, uri) : readJson(trimmed, uri);
}

function readPem(text: string, uri: string): Readonly<Record<string, string>> {
  const certificate = text.match(CERTIFICATES)?.join('\n');
  const privateKey = PRIVATE_KEY.exec(text)?.[0];
  if (certificate === undefined && privateKey === undefined) throw unreadable(uri);
  return { ...(certificate === undefined ? undefined : { certificate }), ...(privateKey === undefined ? undefined : { privateKey }) };
}

function readJson(text: string, uri: string): Readonly<Record<string, string>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message shows a piece of the text.
    throw unreadable(uri);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable(uri);
  const parts = Object.entries(value).filter(([, part]) => typeof part === 'string' || typeof part === 'number');
  return Object.fromEntries(parts.map(([name, part]) => [name, String(part)]));
}

function unreadable(uri: string): SourceError {
  return new SourceError(
    'invalid',
    'SecretUnreadable',
    `the secret ${uri} must hold a JSON object of texts, such as {"username":"...","password":"..."}, or certificates and keys in PEM`,
  );
}
