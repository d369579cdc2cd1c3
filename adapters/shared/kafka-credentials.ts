/** What the secrets of a plan hold, as a Kafka connection takes it. */
import { type SecretResolver, SourceError } from '../../src/index.ts';
import type { KafkaAccessPlan, KafkaIdentity } from './kafka-access.ts';
import { checkKafkaConnection, type KafkaConnectionOptions, type KafkaTls } from './kafka-connection.ts';
import { oauthTokens } from './oauth-tokens.ts';

/**
 * Reads the secrets that the plan names. Throws a SourceError when one cannot be read, or holds something else than it must: the
 * message names the secret, the type and the part, never what it holds.
 */
export async function resolveKafkaAccess(
  plan: KafkaAccessPlan,
  secrets: SecretResolver,
): Promise<Pick<KafkaConnectionOptions, 'ssl' | 'sasl'>> {
  if (!plan.tls) return {};
  const tls = await readTls(plan, secrets);
  const access = {
    ssl: Object.keys(tls).length === 0 ? true : tls,
    ...(plan.identity === undefined ? undefined : { sasl: await readIdentity(plan.identity, secrets) }),
  };
  const [problem] = checkKafkaConnection({ brokers: ['unused:1'], ...access });
  if (problem === undefined) return access;
  const { field, message } = problem;
  const uri = field === 'ssl.ca' ? plan.rootCertificateUri : plan.clientCertificateUri;
  throw new SourceError('invalid', 'SecretUnusable', `the secret ${String(uri)}: ${PARTS[field] ?? field} ${message}`);
}

/** The parts of AWS's secrets by the options that they become. */
const PARTS: Readonly<Record<string, string>> = {
  'ssl.ca': 'certificate',
  'ssl.cert': 'certificate',
  'ssl.key': 'privateKey',
  'ssl.passphrase': 'privateKeyPassword',
};

async function readTls({ clientCertificateUri, rootCertificateUri }: KafkaAccessPlan, secrets: SecretResolver): Promise<KafkaTls> {
  const root =
    rootCertificateUri === undefined
      ? undefined
      : await readParts(secrets, rootCertificateUri, 'SERVER_ROOT_CA_CERTIFICATE', ['certificate']);
  const own =
    clientCertificateUri === undefined
      ? undefined
      : await readParts(secrets, clientCertificateUri, 'CLIENT_CERTIFICATE_TLS_AUTH', ['certificate', 'privateKey']);
  const { privateKeyPassword: passphrase = '' }: Readonly<Record<string, string>> = own ?? {};
  return {
    ...(root && { ca: root.certificate }),
    ...(own && { cert: own.certificate, key: own.privateKey }),
    ...(passphrase !== '' && { passphrase }),
  };
}

async function readIdentity(identity: KafkaIdentity, secrets: SecretResolver): Promise<NonNullable<KafkaConnectionOptions['sasl']>> {
  if (identity.mechanism !== 'oauthbearer') {
    const { username, password } = await readParts(secrets, identity.uri, identity.type, ['username', 'password']);
    return { mechanism: identity.mechanism, username, password };
  }
  const { scope, audience, logicalCluster, identityPool } = identity;
  const extensions = {
    ...(logicalCluster === undefined ? undefined : { logicalCluster }),
    ...(identityPool === undefined ? undefined : { identityPoolId: identityPool }),
  };
  const parts = await readParts(secrets, identity.uri, identity.type, []);
  // A token that somebody else keeps fresh is read anew for each connection.
  if (parts['token'] !== undefined) {
    const read = async (): Promise<string> => (await readParts(secrets, identity.uri, identity.type, ['token'])).token;
    return { mechanism: 'oauthbearer', token: async () => ({ value: await read(), extensions }) };
  }
  const known = await readParts(secrets, identity.uri, identity.type, ['tokenEndpoint', 'clientId', 'clientSecret']);
  const tokens = oauthTokens({ ...known, scope, audience });
  return { mechanism: 'oauthbearer', token: async () => ({ value: await tokens(), extensions }) };
}

async function readParts<Name extends string>(
  secrets: SecretResolver,
  uri: string,
  type: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>> & Readonly<Record<string, string>>> {
  const parts = await secrets.resolve(uri);
  const missing = names.filter((name) => (parts[name] ?? '') === '');
  if (missing.length === 0) return parts;
  throw new SourceError(
    'invalid',
    'SecretIncomplete',
    `the secret ${uri} has no ${missing.join(' and no ')}: ${type} needs ${names.join(', ')}`,
  );
}
