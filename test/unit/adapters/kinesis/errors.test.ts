import { describe, expect, it } from 'vitest';
import { kinesisError } from '../../../../adapters/source/kinesis/errors.ts';
import { SourceError, type SourceErrorKind } from '../../../../src/index.ts';
import { refusal } from './fake-shard.ts';

const network = (code: string): Error => Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code });

const KINDS: Readonly<Partial<Record<SourceErrorKind, readonly string[]>>> = {
  'not-found': ['ResourceNotFoundException'],
  denied: [
    'AccessDeniedException',
    'ExpiredTokenException',
    'InvalidSignatureException',
    'KMSAccessDeniedException',
    'KMSDisabledException',
    'KMSInvalidStateException',
    'KMSNotFoundException',
    'KMSOptInRequired',
    'MissingAuthenticationTokenException',
    'UnrecognizedClientException',
  ],
  throttled: ['KMSThrottlingException', 'LimitExceededException', 'ProvisionedThroughputExceededException', 'ThrottlingException'],
  unavailable: [
    'ExpiredIteratorException',
    'ExpiredNextTokenException',
    'InternalFailure',
    'InternalFailureException',
    'ResourceInUseException',
    'ServiceUnavailable',
  ],
  invalid: ['InvalidArgumentException', 'ValidationException', 'SomethingNewException'],
};

const codes = Object.entries(KINDS).flatMap(([kind, names]) => names.map((name) => [name, kind] as const));

describe('kinesisError', () => {
  it.each(codes)('sorts %s as %s', (code, kind) => {
    const error = kinesisError(refusal(code), 'GetRecords');
    expect(error).toBeInstanceOf(SourceError);
    expect({ kind: error.kind, code: error.code }).toEqual({ kind, code });
    expect(error.message).toMatch(/^GetRecords: ./);
  });

  it.each([
    ['a refused connection', network('ECONNREFUSED'), 'ECONNREFUSED'],
    ['a broken connection', network('ECONNRESET'), 'ECONNRESET'],
    ['a time-out', Object.assign(new Error('late'), { name: 'TimeoutError' }), 'TimeoutError'],
    ['an abort', Object.assign(new Error('Request aborted'), { name: 'AbortError' }), 'AbortError'],
    ['a 500 of an emulator', refusal('500', 'Internal Server Error', 500), '500'],
  ])('sorts %s as unavailable', (_title, thrown, code) => {
    expect(kinesisError(thrown, 'GetRecords')).toMatchObject({ kind: 'unavailable', code });
  });

  it('repeats nothing of a signed request', () => {
    const error = kinesisError(refusal('InvalidSignatureException', 'The Canonical String was AKIDSECRET', 403), 'GetRecords');
    expect(`${error.message} ${String(error.cause)}`).not.toContain('SECRET');
  });

  it('repeats nothing of an answer that it could not read', () => {
    const thrown = Object.assign(new SyntaxError('Unexpected token in {"Data":"SECRET"'), { $response: { statusCode: 200 } });
    const error = kinesisError(thrown, 'GetRecords');
    expect(error).toMatchObject({ kind: 'unavailable', code: 'UnreadableAnswer' });
    expect(`${error.message} ${String(error.cause)}`).not.toContain('SECRET');
  });
});
