import { describe, expect, it } from 'vitest';
import { sqsEntryKind, sqsError } from '../../../../adapters/shared/sqs-errors.ts';
import { SourceError, type SourceErrorKind } from '../../../../src/index.ts';

/** An error as the SDK throws it for an answer of the service. */
function answered(name: string, status: number, more: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(`text of ${name}`), {
    name,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
    ...more,
  });
}

const network = (code: string): Error => Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code });

const table: readonly [title: string, thrown: unknown, kind: SourceErrorKind, code: string][] = [
  ['a queue that is not there', answered('QueueDoesNotExist', 400), 'not-found', 'QueueDoesNotExist'],
  [
    'the same with the code of the query protocol',
    answered('QueueDoesNotExist', 400, { Code: 'AWS.SimpleQueueService.NonExistentQueue' }),
    'not-found',
    'AWS.SimpleQueueService.NonExistentQueue',
  ],
  [
    'the same by that code alone',
    answered('AWS.SimpleQueueService.NonExistentQueue', 400),
    'not-found',
    'AWS.SimpleQueueService.NonExistentQueue',
  ],
  ...[
    'AccessDenied',
    'AccessDeniedException',
    'ExpiredToken',
    'ExpiredTokenException',
    'IncompleteSignature',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'InvalidSecurity',
    'InvalidSignatureException',
    'MissingAuthenticationToken',
    'OptInRequired',
    'SignatureDoesNotMatch',
    'UnrecognizedClientException',
  ].map((code) => [code, answered(code, 403), 'denied', code] as [string, unknown, SourceErrorKind, string]),
  ...[
    'KmsAccessDenied',
    'KMS.AccessDeniedException',
    'KmsDisabled',
    'KmsInvalidKeyUsage',
    'KmsInvalidState',
    'KmsNotFound',
    'KmsOptInRequired',
  ].map((code) => [code, answered(code, 400), 'denied', code] as [string, unknown, SourceErrorKind, string]),
  ['no credentials anywhere', Object.assign(new Error('none'), { name: 'CredentialsProviderError' }), 'denied', 'CredentialsProviderError'],
  ['a 403 without a known code', answered('Unknown', 403), 'denied', 'Unknown'],
  ...[
    'KmsThrottled',
    'KMS.ThrottlingException',
    'OverLimit',
    'RequestLimitExceeded',
    'RequestThrottled',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
  ].map((code) => [code, answered(code, 400), 'throttled', code] as [string, unknown, SourceErrorKind, string]),
  ['a 429 without a known code', answered('Unknown', 429), 'throttled', 'Unknown'],
  ['a throttle that comes as a 503', answered('ThrottlingException', 503), 'throttled', 'ThrottlingException'],
  ['a 500', answered('InternalFailure', 500), 'unavailable', 'InternalFailure'],
  ['a 503', answered('Unknown', 503), 'unavailable', 'Unknown'],
  ['a 408', answered('Unknown', 408), 'unavailable', 'Unknown'],
  ['a refused connection', network('ECONNREFUSED'), 'unavailable', 'ECONNREFUSED'],
  ['a name that does not resolve', network('ENOTFOUND'), 'unavailable', 'ENOTFOUND'],
  ['a broken connection', Object.assign(network('ECONNRESET'), { name: 'TimeoutError' }), 'unavailable', 'ECONNRESET'],
  ['a time-out', Object.assign(new Error('late'), { name: 'TimeoutError' }), 'unavailable', 'TimeoutError'],
  ['an abort', Object.assign(new Error('Request aborted'), { name: 'AbortError' }), 'unavailable', 'AbortError'],
  [
    'an answer that is no JSON',
    Object.assign(new SyntaxError('no JSON'), { $response: { statusCode: 200 } }),
    'unavailable',
    'UnreadableAnswer',
  ],
  [
    "a proxy's page, whatever its status",
    Object.assign(new SyntaxError('no JSON'), { $response: { statusCode: 403 } }),
    'unavailable',
    'UnreadableAnswer',
  ],
  ['something that is no error', 'nonsense', 'unavailable', 'Error'],
  ['a request that SQS refuses', answered('InvalidParameterValue', 400), 'invalid', 'InvalidParameterValue'],
  ['a handle that SQS refuses', answered('ReceiptHandleIsInvalid', 404), 'invalid', 'ReceiptHandleIsInvalid'],
];

describe('sqsError', () => {
  it.each(table)('sorts %s', (_title, thrown, kind, code) => {
    const error = sqsError(thrown, 'ReceiveMessage');
    expect(error).toBeInstanceOf(SourceError);
    expect({ kind: error.kind, code: error.code }).toEqual({ kind, code });
    expect(error.message).toMatch(/^ReceiveMessage: ./);
  });

  it('keeps what the SDK threw as the cause', () => {
    const thrown = answered('AccessDenied', 403);
    expect(sqsError(thrown, 'ReceiveMessage').cause).toBe(thrown);
  });

  it('leaves a SourceError as it is', () => {
    const error = new SourceError('throttled', 'X', 'x');
    expect(sqsError(error, 'ReceiveMessage')).toBe(error);
  });

  it('names a refused connection that comes without a text', () => {
    const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    expect(sqsError(refused, 'GetQueueUrl').message).toBe('GetQueueUrl: ECONNREFUSED');
  });

  it.each(['SignatureDoesNotMatch', 'IncompleteSignature', 'InvalidSignatureException'])(
    'repeats nothing of the signed request on %s',
    (code) => {
      const thrown = Object.assign(answered(code, 403), { message: 'Authorization header AKIDSECRET\nx-amz-security-token:TOKENSECRET' });
      const error = sqsError(thrown, 'ReceiveMessage');
      expect(`${error.message} ${String(error.cause)}`).not.toContain('SECRET');
      expect(error.message).toContain('secret access key');
    },
  );

  it('repeats nothing of an answer that it could not read', () => {
    const thrown = Object.assign(new SyntaxError('Unexpected token, "{"Body":"SECRET" is not valid JSON'), {
      $response: { statusCode: 200 },
    });
    const error = sqsError(thrown, 'ReceiveMessage');
    expect(`${error.message} ${String(error.cause)}`).not.toContain('SECRET');
  });

  it('shows the first line of a long text, cut', () => {
    const thrown = Object.assign(answered('AccessDenied', 403), { message: `${'x'.repeat(400)}\nmore` });
    expect(sqsError(thrown, 'ReceiveMessage').message).toBe(`ReceiveMessage: ${'x'.repeat(300)}...`);
  });
});

it('knows the codes that a batch gives for one entry', () => {
  const codes = ['KmsThrottled', 'InternalError', 'AccessDenied', 'ReceiptHandleIsInvalid', 'SomethingNew'];
  expect(codes.map(sqsEntryKind)).toEqual(['throttled', 'unavailable', 'denied', 'invalid', undefined]);
});
