/** The error codes of DynamoDB Streams. */
import type { SourceError } from '../../../src/index.ts';
import { codeMap, toSourceError } from '../../shared/aws-errors.ts';
import { EXPIRED_ITERATOR } from '../../shared/shard-reading.ts';

const STREAM_CODES = codeMap({
  'not-found': ['ResourceNotFoundException'],
  trimmed: ['TrimmedDataAccessException'],
  // Renewed at once; one that is expired when it is new is tried again later.
  unavailable: [EXPIRED_ITERATOR, 'InternalServerError'],
});

/** What a call threw, as the engine knows it. A shard that is missing looks like a missing stream here. */
export function streamError(thrown: unknown, call: string): SourceError {
  return toSourceError(thrown, call, STREAM_CODES);
}
