/** Lambda's SourceAccessConfigurations, as a Kafka connection needs them: first what is asked for, then, with the secrets read, how. */
import { ConfigError, type ConfigProblem } from '../../src/index.ts';
import { parseSecretUri, SECRET_URI_WANTED } from './secret-uri.ts';

/** One entry, in AWS's own spelling. */
export interface SourceAccessConfiguration {
  readonly Type: string;
  readonly URI?: string;
}

/** Whose records the functions receive: a cluster of one's own, or one of Amazon MSK. */
export type KafkaKind = 'SelfManagedKafka' | 'aws:kafka';

/** How we prove who we are, and which secret has what that takes. */
export type KafkaIdentity =
  | { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly type: string; readonly uri: string }
  | {
      readonly mechanism: 'oauthbearer';
      readonly type: string;
      readonly uri: string;
      readonly scope: string | undefined;
      readonly audience: string | undefined;
      readonly logicalCluster: string | undefined;
      readonly identityPool: string | undefined;
    };

/** What the entries ask for. No secret in it; each URI names one. */
export interface KafkaAccessPlan {
  /** Whatever is asked for is asked for over TLS. */
  readonly tls: boolean;
  readonly identity: KafkaIdentity | undefined;
  readonly clientCertificateUri: string | undefined;
  readonly rootCertificateUri: string | undefined;
  /** Entries of networks, which have no meaning outside AWS: kept as they are. */
  readonly network: readonly SourceAccessConfiguration[];
}

const PASSWORDS = {
  BASIC_AUTH: 'plain',
  SASL_SCRAM_256_AUTH: 'scram-sha-256',
  SASL_SCRAM_512_AUTH: 'scram-sha-512',
} as const;
const NETWORK = ['VPC_SUBNET', 'VPC_SECURITY_GROUP'];
const TOKEN_SETTINGS = ['OAUTHBEARER_SCOPE', 'OAUTHBEARER_AUDIENCE', 'OAUTHBEARER_LOGICAL_CLUSTER', 'OAUTHBEARER_IDENTITY_POOL'] as const;
const CERTIFICATES = ['CLIENT_CERTIFICATE_TLS_AUTH', 'SERVER_ROOT_CA_CERTIFICATE'];
const IDENTITIES = [...Object.keys(PASSWORDS), 'OAUTHBEARER_AUTH'];
const KNOWN = [...IDENTITIES, ...CERTIFICATES, ...TOKEN_SETTINGS, ...NETWORK];
const ON_MSK = ['SASL_SCRAM_512_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH'];
/** Types that Lambda has and Millrace has not. */
const IAM = ['IAM_AUTH', 'IAM_OAUTHBEARER_AUTH'];
const ENTRIES_MAX = 23;
const URI_LENGTH_MAX = 200;

/** What the entries ask for. Pure. Throws a {@link ConfigError} with everything that is wrong with them; `field`: where they stand. */
export function planKafkaAccess(
  configurations: readonly SourceAccessConfiguration[],
  eventSource: KafkaKind,
  field = 'SourceAccessConfigurations',
): KafkaAccessPlan {
  const problems = checkList(configurations, field);
  if (problems.length === 0) {
    problems.push(...configurations.flatMap((entry, index) => checkEntry(entry, eventSource, `${field}[${String(index)}]`)));
    problems.push(...checkTogether(configurations, field));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const uriOf = (type: string): string | undefined => configurations.find(({ Type }) => Type === type)?.URI;
  const identity = planIdentity(uriOf);
  const clientCertificateUri = uriOf('CLIENT_CERTIFICATE_TLS_AUTH');
  const rootCertificateUri = uriOf('SERVER_ROOT_CA_CERTIFICATE');
  return {
    tls: (identity ?? clientCertificateUri ?? rootCertificateUri) !== undefined,
    identity,
    clientCertificateUri,
    rootCertificateUri,
    network: configurations.filter(({ Type }) => NETWORK.includes(Type)),
  };
}

function planIdentity(uriOf: (type: string) => string | undefined): KafkaIdentity | undefined {
  for (const [type, mechanism] of Object.entries(PASSWORDS)) {
    const uri = uriOf(type);
    if (uri !== undefined) return { mechanism, type, uri };
  }
  const uri = uriOf('OAUTHBEARER_AUTH');
  if (uri === undefined) return undefined;
  const [scope, audience, logicalCluster, identityPool] = TOKEN_SETTINGS.map(uriOf);
  return { mechanism: 'oauthbearer', type: 'OAUTHBEARER_AUTH', uri, scope, audience, logicalCluster, identityPool };
}

function checkList(configurations: unknown, field: string): ConfigProblem[] {
  if (!Array.isArray(configurations)) return [{ field, message: 'must be a list of { Type, URI }' }];
  if (configurations.length <= ENTRIES_MAX) return [];
  return [{ field, message: `must have ${String(ENTRIES_MAX)} entries at most, and has ${String(configurations.length)}` }];
}

function checkEntry(entry: SourceAccessConfiguration, eventSource: KafkaKind, field: string): ConfigProblem[] {
  const given: unknown = entry;
  const { Type: type, URI: uri } = (given ?? {}) as { readonly Type?: unknown; readonly URI?: unknown };
  if (typeof type !== 'string') return [{ field: `${field}.Type`, message: `must be one of ${KNOWN.join(', ')}` }];
  const fault = typeFault(type, eventSource);
  if (fault !== undefined) return [{ field: `${field}.Type`, message: fault }];
  const at = `${field}.URI`;
  if (typeof uri !== 'string' || uri === '') return [{ field: at, message: `must be given: ${type} needs it` }];
  if (uri.length > URI_LENGTH_MAX) return [{ field: at, message: `must have ${String(URI_LENGTH_MAX)} characters at most` }];
  const namesSecret = IDENTITIES.includes(type) || CERTIFICATES.includes(type);
  // It is not repeated: somebody may have written the secret itself.
  return namesSecret && parseSecretUri(uri) === undefined ? [{ field: at, message: SECRET_URI_WANTED }] : [];
}

function typeFault(type: string, eventSource: KafkaKind): string | undefined {
  if (IAM.includes(type)) {
    return `${type} is not supported: Millrace does not sign for IAM; use SASL_SCRAM_512_AUTH or CLIENT_CERTIFICATE_TLS_AUTH`;
  }
  if (type === 'VIRTUAL_HOST') return 'VIRTUAL_HOST is for RabbitMQ, not for Kafka: leave it out';
  if (!KNOWN.includes(type)) return `${JSON.stringify(type.slice(0, 100))} is not known; there are ${KNOWN.join(', ')}`;
  if (eventSource === 'SelfManagedKafka' || ON_MSK.includes(type)) return undefined;
  return `${type} is not for Amazon MSK, which takes ${ON_MSK.join(' and ')}: name the brokers as a SelfManagedEventSource, or leave it out`;
}

function checkTogether(configurations: readonly SourceAccessConfiguration[], field: string): ConfigProblem[] {
  const types = configurations.map(({ Type }) => Type);
  const problems: ConfigProblem[] = [];
  const identities = types.filter((type) => IDENTITIES.includes(type));
  if (identities.length > 1)
    problems.push({ field, message: `must have one of ${identities.join(', ')}, not all: one connection has one identity` });
  for (const type of new Set(types)) {
    const isMany = types.filter((other) => other === type).length > 1;
    if (isMany && !NETWORK.includes(type) && !IDENTITIES.includes(type)) problems.push({ field, message: `must have ${type} once only` });
  }
  const settings = types.filter((type) => TOKEN_SETTINGS.some((setting) => setting === type));
  if (settings.length > 0 && !types.includes('OAUTHBEARER_AUTH')) {
    problems.push({ field, message: `has ${settings.join(', ')} without OAUTHBEARER_AUTH, which names the secret` });
  }
  return problems;
}
