/** What every Kafka adapter must know to reach its brokers, how that is checked before anything is called, and how kafkajs is told. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { KafkaConfig, SASLOptions } from 'kafkajs';
import { ConfigError, type ConfigProblem, type Logger } from '../../src/index.ts';
import { shown } from './aws-settings.ts';
import { kafkajsLog } from './kafka-log.ts';

/** Whom to trust, and who we are. All PEM. */
export interface KafkaTls {
  /** The authorities to trust instead of the well-known ones. */
  readonly ca?: string;
  /** Our own certificate, with those between it and an authority behind it. Goes with `key`. */
  readonly cert?: string;
  /** The private key of `cert`. */
  readonly key?: string;
  /** What `key` is encrypted with. */
  readonly passphrase?: string;
}

/** A token as a broker takes it. */
export interface KafkaToken {
  readonly value: string;
  /** SASL extensions that go with it, such as `logicalCluster`. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** How we prove who we are, with a password. */
export interface KafkaPassword {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** How we prove who we are, with tokens. */
export interface KafkaTokens {
  readonly mechanism: 'oauthbearer';
  /** Asked for each connection that opens: keep a token as long as it is good. What it throws is told, so no secret may be in it. */
  readonly token: () => Promise<KafkaToken>;
}

/** Where the brokers are and how they are reached. */
export interface KafkaConnectionOptions {
  /** `host:port` of one or more; the others of the cluster are found through them. */
  readonly brokers: readonly string[];
  /** How the brokers' logs and quotas know us. Default `millrace`. */
  readonly clientId?: string;
  /** TLS: `true` trusts the well-known authorities. Default `false`. */
  readonly ssl?: boolean | KafkaTls;
  readonly sasl?: KafkaPassword | KafkaTokens;
}

/** The names of {@link KafkaConnectionOptions}, for adapters that refuse what they do not know. */
export const KAFKA_CONNECTION_NAMES = ['brokers', 'clientId', 'ssl', 'sasl'] as const satisfies readonly (keyof KafkaConnectionOptions)[];

/** Checked options. */
export interface ResolvedConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: boolean | KafkaTls;
  readonly sasl: KafkaPassword | KafkaTokens | undefined;
}

const PASSWORD_MECHANISMS: readonly string[] = ['plain', 'scram-sha-256', 'scram-sha-512'] satisfies KafkaPassword['mechanism'][];
const TLS_NAMES = ['ca', 'cert', 'key', 'passphrase'] as const satisfies readonly (keyof KafkaTls)[];
const BROKER = /^([^\s:/@[\]]+):(\d{1,5})$/;
const PORT_MAX = 65_535;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const CONNECT_TIMEOUT_MS = 3_000;
const AUTHENTICATE_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Between one broker that does not answer and the next, ms. */
const NEXT_BROKER_MS = 50;

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. No message repeats a secret. */
export function resolveConnection(options: KafkaConnectionOptions): ResolvedConnection {
  const problems = checkKafkaConnection(options);
  if (problems.length > 0) throw new ConfigError(problems);
  const { brokers, clientId = 'millrace', ssl = false, sasl } = options;
  return { brokers: [...brokers], clientId, ssl, sasl };
}

/** Everything that is wrong with the options; empty when nothing is. */
export function checkKafkaConnection(options: KafkaConnectionOptions): ConfigProblem[] {
  const problems = checkBrokers(options.brokers);
  const { clientId }: { readonly clientId?: unknown } = options;
  if (clientId !== undefined && (typeof clientId !== 'string' || clientId.trim() === '')) {
    problems.push({ field: 'clientId', message: `must be a text that is not empty, not ${shown(clientId)}` });
  }
  return [...problems, ...checkTls(options.ssl), ...checkSasl(options.sasl)];
}

/** What `new Kafka(...)` takes. Nothing is repeated but over to the next broker: what fails is for the caller to try again. */
export function toKafkajs(connection: ResolvedConnection, logger: Logger): KafkaConfig {
  const { brokers, clientId, ssl, sasl } = connection;
  return {
    brokers: [...brokers],
    clientId,
    ssl: ssl === false ? false : { ...(ssl === true ? undefined : ssl) },
    ...(sasl === undefined ? undefined : { sasl: toSaslOptions(sasl) }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: AUTHENTICATE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: { retries: brokers.length - 1, initialRetryTime: NEXT_BROKER_MS, maxRetryTime: NEXT_BROKER_MS },
    ...kafkajsLog(logger, secretsOf(connection)),
  };
}

function toSaslOptions(sasl: KafkaPassword | KafkaTokens): SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl };
  const { token } = sasl;
  return { mechanism: 'oauthbearer', oauthBearerProvider: token };
}

function secretsOf({ ssl, sasl }: ResolvedConnection): string[] {
  const { key, passphrase } = typeof ssl === 'boolean' ? {} : ssl;
  const password = sasl === undefined || sasl.mechanism === 'oauthbearer' ? undefined : sasl.password;
  return [key, passphrase, password].filter((text) => text !== undefined);
}

function checkBrokers(brokers: unknown): ConfigProblem[] {
  if (!Array.isArray(brokers) || brokers.length === 0) {
    return [{ field: 'brokers', message: `must be a list such as ['127.0.0.1:9092'] with at least one broker, not ${shown(brokers)}` }];
  }
  return brokers.flatMap((broker: unknown, index) => {
    const fault = brokerFault(broker);
    return fault === undefined ? [] : [{ field: `brokers[${String(index)}]`, message: fault }];
  });
}

function brokerFault(broker: unknown): string | undefined {
  if (typeof broker !== 'string') return `must be a text such as '127.0.0.1:9092', not ${shown(broker)}`;
  // It may hold a name and password.
  if (broker.includes('@') || broker.includes('://')) return 'must be host:port alone, without a scheme, a user or a password before it';
  if (broker.startsWith('['))
    return `must be a name or an IPv4 address with its port: ${shown(broker)} is IPv6, which the client does not speak`;
  const [, , port] = BROKER.exec(broker) ?? [];
  if (port !== undefined && Number(port) >= 1 && Number(port) <= PORT_MAX) return undefined;
  return `must be host:port with a port from 1 to ${String(PORT_MAX)}, such as '127.0.0.1:9092', not ${shown(broker)}`;
}

function checkTls(ssl: unknown): ConfigProblem[] {
  if (ssl === undefined || typeof ssl === 'boolean') return [];
  if (typeof ssl !== 'object' || ssl === null || Array.isArray(ssl)) {
    return [{ field: 'ssl', message: 'must be true, false or { ca, cert, key, passphrase } with texts in PEM' }];
  }
  const given = ssl as Partial<Record<string, unknown>>;
  const problems = Object.keys(given)
    .filter((name) => !TLS_NAMES.some((known) => known === name))
    .map((name) => ({ field: `ssl.${name}`, message: `is not known; there are ${TLS_NAMES.join(', ')}` }));
  for (const name of TLS_NAMES) {
    const value = given[name];
    if (value === undefined || (typeof value === 'string' && value !== '')) continue;
    problems.push({ field: `ssl.${name}`, message: 'must be a text that is not empty' });
  }
  return problems.length > 0 ? problems : checkPem(given);
}

function checkPem({ ca, cert, key, passphrase }: KafkaTls): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (ca !== undefined && !isCertificate(ca)) problems.push({ field: 'ssl.ca', message: 'must be one or more certificates in PEM' });
  if (cert !== undefined && !isCertificate(cert)) problems.push({ field: 'ssl.cert', message: 'must be one or more certificates in PEM' });
  if (cert !== undefined && key === undefined) problems.push({ field: 'ssl.key', message: 'must be given with ssl.cert: its private key' });
  if (key !== undefined && cert === undefined) problems.push({ field: 'ssl.cert', message: 'must be given with ssl.key: its certificate' });
  if (passphrase !== undefined && key === undefined) {
    problems.push({ field: 'ssl.passphrase', message: 'has no effect without ssl.key' });
  }
  if (problems.length > 0 || cert === undefined || key === undefined) return problems;
  const fault = keyFault(cert, key, passphrase);
  return fault === undefined ? [] : [fault];
}

function isCertificate(text: string): boolean {
  const blocks = text.match(CERTIFICATE) ?? [];
  try {
    return blocks.length > 0 && blocks.every((block) => new X509Certificate(block).raw.length > 0);
  } catch {
    return false;
  }
}

function keyFault(cert: string, key: string, passphrase: string | undefined): ConfigProblem | undefined {
  try {
    createPrivateKey({ key, ...(passphrase === undefined ? undefined : { passphrase }) });
  } catch {
    const isEncrypted = key.includes('ENCRYPTED');
    if (isEncrypted && passphrase === undefined) return { field: 'ssl.passphrase', message: 'must be given: ssl.key is encrypted' };
    if (isEncrypted) return { field: 'ssl.passphrase', message: 'does not open ssl.key' };
    return { field: 'ssl.key', message: 'must be a private key in PEM' };
  }
  try {
    createSecureContext({ cert, key, passphrase });
    return undefined;
  } catch {
    return { field: 'ssl.key', message: 'must be the private key of ssl.cert, and is that of another certificate' };
  }
}

function checkSasl(sasl: unknown): ConfigProblem[] {
  if (sasl === undefined) return [];
  const { mechanism, username, password, token } =
    typeof sasl === 'object' && sasl !== null ? (sasl as Partial<Record<string, unknown>>) : {};
  if (mechanism === 'oauthbearer') {
    if (typeof token === 'function') return [];
    return [{ field: 'sasl.token', message: 'must be a function that resolves with { value: TOKEN }' }];
  }
  if (typeof mechanism !== 'string' || !PASSWORD_MECHANISMS.includes(mechanism)) {
    const known = [...PASSWORD_MECHANISMS, 'oauthbearer'].map((name) => `'${name}'`).join(', ');
    return [{ field: 'sasl.mechanism', message: `must be one of ${known}, in small letters` }];
  }
  return Object.entries({ username, password }).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [] : [{ field: `sasl.${name}`, message: 'must be a text that is not empty' }],
  );
}
