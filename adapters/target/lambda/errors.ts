/** What calls to Invoke throw, sorted by what the engine does about it. */
import type { Outcome, SourceError } from '../../../src/index.ts';
import { type AwsErrorCodes, codeMap, toSourceError } from '../../shared/aws-errors.ts';
import { answerTooLarge } from '../../shared/function-error.ts';
import { retryAfterMs } from '../../shared/retry-after.ts';
import { RESPONSE_BYTES_MAX } from './outcome.ts';

/** The answer is longer than Lambda would let through. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/**
 * The codes of Invoke. Statuses alone would mislead: 403 also stands for a file system that is not there yet, 409 for a
 * function that is just being changed, and 502 for a key that somebody took away.
 */
const CODES: AwsErrorCodes = {
  'not-found': [
    'NoPublishedVersionException',
    'ResourceNotFoundException',
    'RuntimeAliasDeletedException',
    'RuntimeVersionDeletedException',
  ],
  denied: ['EC2AccessDeniedException', 'KMSAccessDeniedException'],
  throttled: ['EC2ThrottledException', 'ServiceQuotaExceededException', 'TooManyRequestsException'],
  invalid: [
    'CodeArtifactUserDeletedException',
    'CodeArtifactUserFailedException',
    'InvalidParameterValueException',
    'InvalidRequestContentException',
    'InvalidRuntimeException',
    'InvalidSecurityGroupIDException',
    'InvalidSubnetIDException',
    'InvalidZipFileException',
    'KMSDisabledException',
    'KMSInvalidStateException',
    'KMSNotFoundException',
    'ModeNotSupportedException',
    'RecursiveInvocationException',
    'RequestTooLargeException',
    'SerializedRequestEntityTooLargeException',
    'UnsupportedMediaTypeException',
  ],
  unavailable: [
    'CodeArtifactUserPendingException',
    'DurableExecutionAlreadyStartedException',
    'EC2UnexpectedException',
    'EFSIOException',
    'EFSMountConnectivityException',
    'EFSMountFailureException',
    'EFSMountTimeoutException',
    'ENILimitReachedException',
    'ENINotReadyException',
    'ResourceConflictException',
    'ResourceNotReadyException',
    'S3FilesMountConnectivityException',
    'S3FilesMountFailureException',
    'S3FilesMountTimeoutException',
    'ServiceException',
    'SnapStartException',
    'SnapStartNotReadyException',
    'SnapStartRegenerationFailureException',
    'SnapStartTimeoutException',
    'SubnetIPAddressLimitReachedException',
  ],
};
const KINDS = codeMap(CODES);

/** What another call than Invoke threw. */
export function lambdaError(thrown: unknown, call: string): SourceError {
  return toSourceError(thrown, call, KINDS);
}

/** The outcome of a call that threw. */
export function failureOf(thrown: unknown): Outcome {
  if (thrown instanceof AnswerTooLarge) return answerTooLarge(RESPONSE_BYTES_MAX);
  const error = toSourceError(thrown, 'Invoke', KINDS);
  const { kind, code, message } = error;
  if (kind === 'throttled') return { kind, message, retryAfterMs: waitAskedFor(thrown) };
  if (kind === 'unavailable') return { kind: 'service-error', message, retryAfterMs: waitAskedFor(thrown) };
  return { kind: 'terminal', code, message: withFix(error) };
}

/** What somebody has to do about it, where that is not in Lambda's own words. */
function withFix({ code, kind, message }: SourceError): string {
  if (code === 'RequestTooLargeException' || code === 'SerializedRequestEntityTooLargeException') return `${message}; lower BatchSize`;
  if (kind === 'denied') return `${message}; check the credentials and their permission lambda:InvokeFunction`;
  return message;
}

/** How a throttle says how long to wait: as a field of the error, or as the header of any answer. */
interface Waiting {
  readonly retryAfterSeconds?: unknown;
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
}

function waitAskedFor(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { retryAfterSeconds, $response } = thrown as Waiting;
  const { 'retry-after': header, date } = $response?.headers ?? {};
  return retryAfterMs(typeof retryAfterSeconds === 'string' ? retryAfterSeconds : header, date, Date.now());
}
