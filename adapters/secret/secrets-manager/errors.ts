/** Errors of AWS Secrets Manager and of its SDK. */
import type { SourceError } from '../../../src/index.ts';
import { codeMap, toSourceError } from '../../shared/aws-errors.ts';

const CODES = codeMap({
  'not-found': ['ResourceNotFoundException'],
  // The key that the secret is encrypted with, or a version that is being removed.
  denied: ['DecryptionFailure'],
  invalid: ['InvalidParameterException', 'InvalidRequestException'],
  unavailable: ['InternalServiceError'],
});

/** The engine's error for what a call threw. */
export function secretsManagerError(thrown: unknown, uri: string): SourceError {
  return toSourceError(thrown, `GetSecretValue of ${uri}`, CODES);
}
