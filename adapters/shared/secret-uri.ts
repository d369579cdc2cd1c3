/** Texts that name a secret: `env:NAME`, `file:PATH`, or the ARN of a secret of AWS Secrets Manager. */
import { SourceError } from '../../src/index.ts';
import { parseArn } from './aws-arn.ts';

/** Such a text, understood. */
export type SecretUri =
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'secrets-manager'; readonly arn: string; readonly region: string };

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What to say of a text that names none. */
export const SECRET_URI_WANTED = "must name a secret: 'env:NAME', 'file:PATH' or the ARN of a secret of AWS Secrets Manager";

/** The text, understood; `undefined` when it names no secret. */
export function parseSecretUri(uri: string): SecretUri | undefined {
  if (uri.startsWith('env:')) {
    const variable = uri.slice('env:'.length);
    return VARIABLE.test(variable) ? { kind: 'environment', variable } : undefined;
  }
  if (uri.startsWith('file:')) {
    const path = uri.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
    return path === '' ? undefined : { kind: 'file', path };
  }
  const arn = parseArn(uri);
  if (arn?.service !== 'secretsmanager' || arn.region === '' || !arn.resource.startsWith('secret:')) return undefined;
  return { kind: 'secrets-manager', arn: uri, region: arn.region };
}

/** As {@link parseSecretUri}, for a resolver that reads one kind. Throws a SourceError for all others; the text itself is not repeated, it may be the secret. */
export function expectSecretUri<Kind extends SecretUri['kind']>(uri: string, kind: Kind): Extract<SecretUri, { readonly kind: Kind }> {
  const parsed = parseSecretUri(uri);
  if (parsed === undefined) throw new SourceError('invalid', 'SecretUri', `a secret's URI ${SECRET_URI_WANTED}`);
  if (!isOf(parsed, kind)) throw new SourceError('invalid', 'SecretUri', `${uri} is of ${parsed.kind}, which is not read here`);
  return parsed;
}

function isOf<Kind extends SecretUri['kind']>(parsed: SecretUri, kind: Kind): parsed is Extract<SecretUri, { readonly kind: Kind }> {
  return parsed.kind === kind;
}
