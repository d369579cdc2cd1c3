/**
 * An S3 bucket as an on-failure destination: the one that keeps the data too.
 *
 * - options.ts  what a user may say, and the checks
 * - object.ts   key and text of the object
 * - client.ts   the calls to S3, the SDK behind them, and its error codes
 */
import type { Discard, FailureDestination } from '../../../src/index.ts';
import { AwsConnection } from '../../shared/aws-connection.ts';
import { type BucketCalls, connect, s3Error } from './client.ts';
import { objectBody, objectKey } from './object.ts';
import { type ResolvedS3Destination, resolveS3Destination, type S3DestinationOptions } from './options.ts';

export type { S3DestinationOptions } from './options.ts';

/** A bucket that takes the invocation records with their events, one object each. Nothing is called before the first call. Throws a ConfigError. */
export function s3Destination(options: S3DestinationOptions): FailureDestination {
  return new S3Destination(resolveS3Destination(options));
}

class S3Destination implements FailureDestination {
  readonly label: string;
  readonly #bucket: AwsConnection<BucketCalls>;

  constructor(options: ResolvedS3Destination) {
    this.label = options.label;
    this.#bucket = new AwsConnection(() => connect(options), s3Error);
  }

  async check(): Promise<void> {
    await this.#bucket.call('HeadBucket', (bucket) => bucket.head());
  }

  async send(discard: Discard, signal: AbortSignal): Promise<void> {
    await this.#bucket.call('PutObject', (bucket) => bucket.put(objectKey(discard), objectBody(discard), signal));
  }

  close(): Promise<void> {
    return this.#bucket.close();
  }
}
