/** What brokers and kafkajs say, by what the engine does about it, in words that tell the way out. */
import { SourceError, type SourceErrorKind } from '../../../src/index.ts';

/** Kafka's error codes that are met in the answers for single partitions. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [-1, 'UNKNOWN'],
  [1, 'OFFSET_OUT_OF_RANGE'],
  [2, 'CORRUPT_MESSAGE'],
  [3, 'UNKNOWN_TOPIC_OR_PARTITION'],
  [5, 'LEADER_NOT_AVAILABLE'],
  [6, 'NOT_LEADER_FOR_PARTITION'],
  [7, 'REQUEST_TIMED_OUT'],
  [9, 'REPLICA_NOT_AVAILABLE'],
  [12, 'OFFSET_METADATA_TOO_LARGE'],
  [14, 'GROUP_LOAD_IN_PROGRESS'],
  [15, 'GROUP_COORDINATOR_NOT_AVAILABLE'],
  [16, 'NOT_COORDINATOR_FOR_GROUP'],
  [22, 'ILLEGAL_GENERATION'],
  [24, 'INVALID_GROUP_ID'],
  [25, 'UNKNOWN_MEMBER_ID'],
  [27, 'REBALANCE_IN_PROGRESS'],
  [28, 'INVALID_COMMIT_OFFSET_SIZE'],
  [29, 'TOPIC_AUTHORIZATION_FAILED'],
  [30, 'GROUP_AUTHORIZATION_FAILED'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED'],
  [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT'],
  [56, 'KAFKA_STORAGE_ERROR'],
  [69, 'GROUP_ID_NOT_FOUND'],
  [74, 'FENCED_LEADER_EPOCH'],
  [75, 'UNKNOWN_LEADER_EPOCH'],
  [76, 'UNSUPPORTED_COMPRESSION_TYPE'],
  [78, 'OFFSET_NOT_AVAILABLE'],
]);

interface Meaning {
  readonly kind: SourceErrorKind;
  readonly text: string;
}

/** What is not here passes by itself: `unavailable`. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  UNKNOWN_TOPIC_OR_PARTITION: { kind: 'not-found', text: 'the topic does not exist, or these credentials may not see it' },
  INVALID_TOPIC_EXCEPTION: { kind: 'invalid', text: 'the broker refuses the name of the topic' },
  TOPIC_AUTHORIZATION_FAILED: {
    kind: 'denied',
    text: 'these credentials lack a permission on the topic; reading needs the operations Read and Describe',
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
  UNSUPPORTED_VERSION: { kind: 'invalid', text: 'the broker does not speak a version of the protocol that kafkajs knows' },
  UNSUPPORTED_COMPRESSION_TYPE: { kind: 'invalid', text: 'the broker cannot give these records in a compression that is understood here' },
  ILLEGAL_GENERATION: { kind: 'unavailable', text: 'the group has gone on without this member' },
  UNKNOWN_MEMBER_ID: { kind: 'unavailable', text: 'the group does not know this member any more' },
  REBALANCE_IN_PROGRESS: { kind: 'unavailable', text: 'the group is being divided anew' },
};

/** kafkajs's own errors that will not pass. */
const NAMES: Readonly<Record<string, Meaning>> = {
  KafkaJSSASLAuthenticationError: { kind: 'denied', text: 'the broker refuses the credentials' },
  KafkaJSNotImplemented: {
    kind: 'invalid',
    text: "the records are compressed in a way that needs a codec of its own, set in kafkajs's CompressionCodecs",
  },
  KafkaJSServerDoesNotSupportApiKey: { kind: 'invalid', text: 'the broker lacks a request that is needed' },
};

const CERTIFICATE = /CERT|ERR_TLS|ERR_SSL|UNABLE_TO_|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO/;

/** The error of a partition's answer; `undefined` for none. `doing`: what was asked, for the text. */
export function partitionError(code: number, doing: string): SourceError | undefined {
  if (code === 0) return undefined;
  const type = TYPES.get(code) ?? `ERROR_${String(code)}`;
  const { kind, text } = MEANINGS[type] ?? { kind: 'unavailable', text: 'the broker cannot do it at present' };
  return new SourceError(kind, type, `${doing}: ${text} (${type})`);
}

/** What a call threw, as the engine knows it. `doing`: what was asked, for the text. */
export function kafkaError(thrown: unknown, doing: string): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const cause = causeOf(thrown);
  const type = typeOf(cause);
  const known = MEANINGS[type ?? ''] ?? NAMES[cause.name];
  if (known !== undefined) {
    const said = known.kind === 'denied' && type === undefined ? `: ${cause.message}` : '';
    return new SourceError(known.kind, type ?? cause.name, `${doing}: ${known.text} (${type ?? cause.name})${said}`, { cause: thrown });
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

/** kafkajs wraps what has happened in how often it was tried. */
function causeOf(thrown: unknown): Error {
  let error = thrown instanceof Error ? thrown : new Error(String(thrown));
  while (typeOf(error) === undefined && error.cause instanceof Error) error = error.cause;
  return error;
}

function typeOf(error: Error): string | undefined {
  return 'type' in error && typeof error.type === 'string' ? error.type : undefined;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
