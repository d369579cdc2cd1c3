/**
 * What the AWS SDK threw, sorted by what the engine does about it. What is the same for every service stands here; each
 * adapter adds its service's own codes.
 *
 * No secret leaves: the texts of signature faults repeat the signed request (session token included) and those of
 * parsers repeat the answer (message bodies included), so these are replaced and the original is not attached.
 */
import { SourceError, type SourceErrorKind } from '../../src/index.ts';

/** Codes of one service, beside the common ones. */
export type AwsErrorCodes = Readonly<Partial<Record<SourceErrorKind, readonly string[]>>>;

const DENIED = [
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'AuthorizationError',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'ForbiddenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'TokenProviderError',
  'UnauthorizedException',
  'UnrecognizedClientException',
];
const SIGNATURE = ['IncompleteSignature', 'IncompleteSignatureException', 'InvalidSignatureException', 'SignatureDoesNotMatch'];
const THROTTLED = [
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
];
const UNAVAILABLE = ['InternalError', 'InternalFailure', 'RequestTimeout', 'RequestTimeoutException', 'ServiceUnavailable'];

const COMMON: ReadonlyMap<string, SourceErrorKind> = codeMap({
  denied: [...DENIED, ...SIGNATURE],
  throttled: THROTTLED,
  unavailable: UNAVAILABLE,
});
const SIGNATURE_CODES: ReadonlySet<string> = new Set(SIGNATURE);

const MESSAGE_LENGTH_MAX = 300;

/** Kinds by code. */
export function codeMap(codes: AwsErrorCodes): ReadonlyMap<string, SourceErrorKind> {
  const kinds = Object.keys(codes) as SourceErrorKind[];
  return new Map(kinds.flatMap((kind) => (codes[kind] ?? []).map((code) => [code, kind] as const)));
}

/** The kind for a code that came without a status, such as that of one entry of a batch. */
export function kindOfCode(code: string, own: ReadonlyMap<string, SourceErrorKind>): SourceErrorKind | undefined {
  return own.get(code) ?? COMMON.get(code);
}

/** The {@link SourceError} for what a call threw. `call` is the operation, for the message. One that is a SourceError already stays as it is. */
export function toSourceError(thrown: unknown, call: string, own: ReadonlyMap<string, SourceErrorKind>): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const fault = read(thrown);
  if (fault.name === 'AbortError') return new SourceError('unavailable', 'AbortError', `${call}: the call was aborted`, { cause: thrown });
  if (fault.isUnreadable) {
    const status = fault.status === undefined ? '' : ` (HTTP ${String(fault.status)})`;
    return new SourceError('unavailable', 'UnreadableAnswer', `${call}: the answer could not be read${status}`);
  }
  const kind = fault.codes.map((code) => kindOfCode(code, own)).find((found) => found !== undefined) ?? kindOfStatus(fault.status);
  const [code = 'Unknown'] = fault.codes;
  if (fault.codes.some((name) => SIGNATURE_CODES.has(name))) {
    return new SourceError(kind, code, `${call}: the signature was refused; check the secret access key, the region and the clock`);
  }
  return new SourceError(kind, code, `${call}: ${fault.message}`, { cause: thrown });
}

interface Fault {
  readonly name: string;
  /** The service's codes, the one of its older protocol first, then the names that the SDK and Node give. */
  readonly codes: readonly string[];
  readonly status: number | undefined;
  readonly message: string;
  readonly isUnreadable: boolean;
}

/** What the SDK and Node attach to errors; all of it may be absent. */
interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  /** Of the service's older protocol, or of Node (`ECONNREFUSED`). */
  readonly Code?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly $response?: { readonly statusCode?: unknown };
  readonly $fault?: unknown;
}

function read(thrown: unknown): Fault {
  const value: Thrown = typeof thrown === 'object' && thrown !== null ? thrown : { message: String(thrown) };
  const status = [value.$metadata?.httpStatusCode, value.$response?.statusCode].find((number) => typeof number === 'number');
  const isText = (text: unknown): text is string => typeof text === 'string' && text !== '';
  const name = isText(value.name) ? value.name : 'Error';
  const isFromService = value.$fault !== undefined;
  // A refused connection to a host with several addresses comes without a text of its own.
  const message = firstLine([value.message, value.code, name].find(isText) ?? name);
  return {
    name,
    codes: [value.Code, value.code, name].filter(isText),
    status,
    message,
    isUnreadable: !isFromService && !isText(value.code) && (value.$response !== undefined || thrown instanceof SyntaxError),
  };
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return line.length > MESSAGE_LENGTH_MAX ? `${line.slice(0, MESSAGE_LENGTH_MAX)}...` : line;
}

function kindOfStatus(status: number | undefined): SourceErrorKind {
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'denied';
  if (status !== undefined && status >= 400 && status < 500 && status !== 408) return 'invalid';
  return 'unavailable';
}
