/** What kafkajs throws, as the engine knows it. */
import { SourceError, type SourceErrorKind } from '../../src/index.ts';

const KINDS: Readonly<Record<string, SourceErrorKind>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'not-found',
  UNKNOWN_TOPIC_ID: 'not-found',
  TOPIC_AUTHORIZATION_FAILED: 'denied',
  GROUP_AUTHORIZATION_FAILED: 'denied',
  CLUSTER_AUTHORIZATION_FAILED: 'denied',
  SASL_AUTHENTICATION_FAILED: 'denied',
  UNSUPPORTED_SASL_MECHANISM: 'denied',
  ILLEGAL_SASL_STATE: 'denied',
  KafkaJSSASLAuthenticationError: 'denied',
  THROTTLING_QUOTA_EXCEEDED: 'throttled',
  MESSAGE_TOO_LARGE: 'invalid',
  RECORD_LIST_TOO_LARGE: 'invalid',
  INVALID_TOPIC_EXCEPTION: 'invalid',
  INVALID_RECORD: 'invalid',
  POLICY_VIOLATION: 'invalid',
  INVALID_GROUP_ID: 'invalid',
  UNSUPPORTED_VERSION: 'invalid',
  KafkaJSServerDoesNotSupportApiKey: 'invalid',
};

/** kafkajs wraps what went wrong in what it did about it. */
const CAUSES_MAX = 8;

/** The error behind a failed call. `call` is what was tried, for messages; what brokers and kafkajs say holds no secret. */
export function kafkaError(thrown: unknown, call: string): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const chain = causes(thrown);
  const named = chain.find((error) => codeOf(error) in KINDS) ?? chain.at(-1);
  const code = codeOf(named);
  const message = named instanceof Error ? named.message : String(named);
  return new SourceError(KINDS[code] ?? 'unavailable', code, `${call}: ${message}`, { cause: thrown });
}

function causes(thrown: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let error: unknown = thrown; error !== undefined && chain.length < CAUSES_MAX; error = inner(error)) chain.push(error);
  return chain;
}

function inner(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  const { cause, originalError } = error as { readonly cause?: unknown; readonly originalError?: unknown };
  return cause === error ? undefined : (cause ?? originalError);
}

/** A protocol error's own name, else the class or the system's code. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'Unknown';
  const { type, code, name } = error as { readonly type?: unknown; readonly code?: unknown; readonly name?: unknown };
  if (typeof type === 'string') return type;
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'Unknown';
}
