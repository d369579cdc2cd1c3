/** Kinesis's own error codes, by what the engine does about them. */
import type { SourceError } from '../../../src/index.ts';
import { codeMap, toSourceError } from '../../shared/aws-errors.ts';
import { EXPIRED_ITERATOR } from '../../shared/shard-reading.ts';

/** Also what AWS says of an instant that its clock has not reached. */
export const INVALID_ARGUMENT = 'InvalidArgumentException';

const KINESIS_CODES = codeMap({
  // Of the stream, of the shard, and on emulators of the record: reader.ts finds out which.
  'not-found': ['ResourceNotFoundException'],
  // A key that is disabled or gone is mended at the key, not here; the stream is asked again meanwhile.
  denied: [
    'KMSAccessDeniedException',
    'KMSDisabledException',
    'KMSInvalidStateException',
    'KMSNotFoundException',
    'KMSOptInRequired',
    'KMSOptInRequiredException',
  ],
  throttled: ['KMSThrottlingException'],
  // Iterators and tokens of lists are renewed; one that is expired when it is new is tried again later.
  unavailable: [EXPIRED_ITERATOR, 'ExpiredNextTokenException', 'InternalFailureException', 'ResourceInUseException'],
  invalid: [INVALID_ARGUMENT, 'ValidationException'],
});

/** What a call threw, as the engine knows it. */
export function kinesisError(thrown: unknown, call: string): SourceError {
  return toSourceError(thrown, call, KINESIS_CODES);
}
