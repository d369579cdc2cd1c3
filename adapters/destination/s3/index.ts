/**
 * An S3 bucket as an on-failure destination: the one that keeps the data too.
 *
 * - options.ts  what a user may say, and the checks
 * - object.ts   key and text of the object
 * - client.ts   the calls to S3, the SDK behind them, and its error codes
 */
import type { FailureDestination } from '../../../src/index.ts';
import { AwsConnection } from '../../shared/aws-connection.ts';
import { AwsDestination } from '../../shared/aws-destination.ts';
import { connect, s3Error } from './client.ts';
import { objectBody, objectKey } from './object.ts';
import { resolveS3Destination, type S3DestinationOptions } from './options.ts';

export type { S3DestinationOptions } from './options.ts';

/** A bucket that takes the invocation records with their events, one object each. Nothing is called before the first call. Throws a ConfigError. */
export function s3Destination(options: S3DestinationOptions): FailureDestination {
  const resolved = resolveS3Destination(options);
  return new AwsDestination({
    label: resolved.label,
    connection: new AwsConnection(() => connect(resolved), s3Error),
    check: (bucket) => bucket.call('HeadBucket', (calls) => calls.head()),
    send: (bucket, discard, signal) => {
      return bucket.call('PutObject', (calls) => calls.put(objectKey(discard), objectBody(discard), signal));
    },
  });
}
