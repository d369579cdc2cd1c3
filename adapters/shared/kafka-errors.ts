/** What brokers and kafkajs say, by what the engine does about it, in words that tell the way out: for whoever reads, and whoever writes. */
import { SourceError, type SourceErrorKind } from '../../src/index.ts';

/** What an answer of brokers means. */
interface Meaning {
  readonly kind: SourceErrorKind;
  readonly text: string;
}

/** What is not here passes by itself: `unavailable`. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  UNKNOWN_TOPIC_OR_PARTITION: { kind: 'not-found', text: 'the topic does not exist, or these credentials may not see it' },
  UNKNOWN_TOPIC_ID: { kind: 'not-found', text: 'the topic does not exist any more, or these credentials may not see it' },
  INVALID_TOPIC_EXCEPTION: { kind: 'invalid', text: 'the broker refuses the name of the topic' },
  TOPIC_AUTHORIZATION_FAILED: {
    kind: 'denied',
    text: 'these credentials lack a permission on the topic; reading needs the operations Read and Describe, writing Write and Describe',
  },
  GROUP_AUTHORIZATION_FAILED: {
    kind: 'denied',
    text: 'these credentials lack a permission on the consumer group; it needs the operation Read (and Describe)',
  },
  CLUSTER_AUTHORIZATION_FAILED: { kind: 'denied', text: 'these credentials lack a permission on the cluster' },
  SASL_AUTHENTICATION_FAILED: { kind: 'denied', text: 'the broker refuses the credentials' },
  UNSUPPORTED_SASL_MECHANISM: { kind: 'denied', text: 'the broker does not take this SASL mechanism' },
  // Kafka refuses a token with a challenge, which kafkajs takes for a yes.
  ILLEGAL_SASL_STATE: { kind: 'denied', text: 'the broker refuses the credentials, or to authenticate here' },
  OFFSET_OUT_OF_RANGE: { kind: 'trimmed', text: 'the offset is not in the log' },
  OFFSET_METADATA_TOO_LARGE: {
    kind: 'invalid',
    text: "the metadata of the commit is longer than the broker's offset.metadata.max.bytes",
  },
  INVALID_COMMIT_OFFSET_SIZE: { kind: 'invalid', text: "the commit is larger than the broker's segments of __consumer_offsets" },
  INVALID_GROUP_ID: { kind: 'invalid', text: 'the broker refuses the id of the consumer group' },
  INCONSISTENT_GROUP_PROTOCOL: {
    kind: 'invalid',
    text: 'the group has members that share none of the assignment strategies offered here, or is no group of the classic protocol',
  },
  INVALID_SESSION_TIMEOUT: {
    kind: 'invalid',
    text: "sessionTimeoutMs is not between the broker's group.min.session.timeout.ms and group.max.session.timeout.ms",
  },
  GROUP_MAX_SIZE_REACHED: { kind: 'throttled', text: "the group has as many members as the broker's group.max.size allows" },
  THROTTLING_QUOTA_EXCEEDED: { kind: 'throttled', text: 'a quota of the broker is used up' },
  MESSAGE_TOO_LARGE: { kind: 'invalid', text: "a message is larger than the topic's max.message.bytes" },
  RECORD_LIST_TOO_LARGE: { kind: 'invalid', text: "the messages together are larger than the segments of the topic's log" },
  INVALID_RECORD: { kind: 'invalid', text: 'the broker refuses the message; a compacted topic takes none without a key' },
  POLICY_VIOLATION: { kind: 'invalid', text: 'a policy of the broker refuses it' },
  UNSUPPORTED_VERSION: { kind: 'invalid', text: 'the broker does not speak a version of the protocol that kafkajs knows' },
  UNSUPPORTED_COMPRESSION_TYPE: { kind: 'invalid', text: 'the broker cannot give these records in a compression that is understood here' },
  ILLEGAL_GENERATION: { kind: 'unavailable', text: 'the group has gone on without this member' },
  UNKNOWN_MEMBER_ID: { kind: 'unavailable', text: 'the group does not know this member any more' },
  REBALANCE_IN_PROGRESS: { kind: 'unavailable', text: 'the group is being divided anew' },
};

/** kafkajs's own errors that will not pass. */
const NAMES: Readonly<Record<string, Meaning>> = {
  KafkaJSSASLAuthenticationError: { kind: 'denied', text: 'the broker refuses the credentials' },
  KafkaJSNotImplemented: { kind: 'invalid', text: 'kafkajs cannot do it' },
  KafkaJSServerDoesNotSupportApiKey: { kind: 'invalid', text: 'the broker lacks a request that is needed' },
};

/** The packages that kafkajs itself names for the compressions that it lacks. */
const CODECS: Readonly<Record<string, string>> = { Snappy: 'kafkajs-snappy', LZ4: 'kafkajs-lz4', ZSTD: '@kafkajs/zstd' };
const LACKS_CODEC = /^(\w+) compression not implemented$/;
const CERTIFICATE = /CERT|ERR_TLS|ERR_SSL|UNABLE_TO_|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO/;
/** kafkajs wraps what has happened in how often it was tried. */
const CAUSES_MAX = 8;

/** What an answer of brokers means; what is not known passes by itself. */
export function meaningOf(type: string): Meaning {
  return MEANINGS[type] ?? { kind: 'unavailable', text: 'the broker cannot do it at present' };
}

/** What a call threw, as the engine knows it. `doing`: what was asked, for the text. What brokers and kafkajs say holds no secret. */
export function kafkaError(thrown: unknown, doing: string): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const cause = causeOf(thrown);
  const type = typeOf(cause);
  const known = knownOf(cause);
  if (known !== undefined) {
    const said = known.kind === 'denied' && type === undefined ? `: ${cause.message}` : '';
    const text = lackingCodec(cause) ?? known.text;
    return new SourceError(known.kind, type ?? cause.name, `${doing}: ${text} (${type ?? cause.name})${said}`, { cause: thrown });
  }
  const code = codeOf(cause);
  if (code !== undefined && CERTIFICATE.test(code)) {
    const text = `TLS failed (${code}): ${cause.message}; check the certificates, the CA and the names of the brokers`;
    return new SourceError('denied', code, `${doing}: ${text}`, { cause: thrown });
  }
  return new SourceError('unavailable', type ?? code ?? cause.name, `${doing}: ${cause.message}`, { cause: thrown });
}

/** Kafka's own name of what went wrong, such as `REBALANCE_IN_PROGRESS`, if it is a broker's answer. */
export function kafkaType(thrown: unknown): string | undefined {
  return thrown instanceof SourceError ? thrown.code : typeOf(causeOf(thrown));
}

/** The first of what was wrapped that says something known, else the first answer of a broker, else the innermost. */
function causeOf(thrown: unknown): Error {
  const chain: Error[] = [];
  for (let error: unknown = thrown; error instanceof Error && chain.length < CAUSES_MAX; error = innerOf(error)) chain.push(error);
  const telling = chain.find((error) => knownOf(error) !== undefined) ?? chain.find((error) => typeOf(error) !== undefined);
  return telling ?? chain.at(-1) ?? new Error(String(thrown));
}

function innerOf(error: Error): unknown {
  const inner = error.cause ?? ('originalError' in error ? error.originalError : undefined);
  return inner === error ? undefined : inner;
}

function knownOf(error: Error): Meaning | undefined {
  return MEANINGS[typeOf(error) ?? ''] ?? NAMES[error.name];
}

function lackingCodec({ name, message }: Error): string | undefined {
  const codec = name === 'KafkaJSNotImplemented' ? LACKS_CODEC.exec(message)?.[1] : undefined;
  if (codec === undefined) return undefined;
  const from = CODECS[codec] === undefined ? '' : `, such as that of the package ${CODECS[codec]}`;
  const way = `set CompressionCodecs[CompressionTypes.${codec}] of kafkajs to one${from}`;
  return `the records are compressed with ${codec}, for which kafkajs brings no codec; ${way}; nothing is skipped meanwhile`;
}

function typeOf(error: Error): string | undefined {
  return 'type' in error && typeof error.type === 'string' ? error.type : undefined;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
