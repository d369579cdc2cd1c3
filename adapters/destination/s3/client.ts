/** The calls to S3 that a destination makes. The SDK is loaded with the first one. */
import type * as Sdk from '@aws-sdk/client-s3';
import { SourceError } from '../../../src/index.ts';
import { SharedClients } from '../../shared/aws-clients.ts';
import { clientConfig, type OpenCalls, openCalls } from '../../shared/aws-connection.ts';
import { codeMap, toSourceError } from '../../shared/aws-errors.ts';
import type { ResolvedS3Destination } from './options.ts';

/** The two things that are done with the bucket. Each call is made once. Throws what the SDK throws. */
export interface BucketCalls {
  head(): Promise<Sdk.HeadBucketCommandOutput>;
  put(key: string, body: string, signal: AbortSignal): Promise<Sdk.PutObjectCommandOutput>;
}

const S3_CODES = codeMap({
  'not-found': ['NoSuchBucket', 'NotFound'],
  denied: [
    'AccountProblem',
    'AllAccessDisabled',
    'Forbidden',
    'KMS.AccessDeniedException',
    'KMS.DisabledException',
    'KMS.InvalidKeyUsageException',
    'KMS.KMSInvalidStateException',
    'KMS.NotFoundException',
  ],
  // The bucket is in another region.
  invalid: ['AuthorizationHeaderMalformed', 'IllegalLocationConstraintException', 'PermanentRedirect'],
  throttled: ['KMS.ThrottlingException'],
});

/** What a call threw, as the engine knows it. */
export function s3Error(thrown: unknown, call: string): SourceError {
  const error = toSourceError(thrown, call, S3_CODES);
  // The answer to HEAD has no body that would name a code.
  if (!isRedirect(thrown) || error.kind === 'invalid') return error;
  const message = `${call}: the bucket is in another region, which the option region must name`;
  return new SourceError('invalid', 'PermanentRedirect', message, { cause: thrown });
}

function isRedirect(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('$metadata' in thrown)) return false;
  const { httpStatusCode } = thrown.$metadata as { readonly httpStatusCode?: unknown };
  return httpStatusCode === 301 || httpStatusCode === 307;
}

const pools = new Map<boolean, SharedClients<Sdk.S3Client>>();

/** Loads the SDK. No call to S3 yet. */
export async function connect(options: ResolvedS3Destination): Promise<OpenCalls<BucketCalls>> {
  const sdk = await import('@aws-sdk/client-s3');
  const { bucket, pathStyle } = options;
  return openCalls(
    options,
    () => {
      const known = pools.get(pathStyle);
      const pool = known ?? new SharedClients((each) => new sdk.S3Client({ ...clientConfig(each), forcePathStyle: pathStyle }));
      pools.set(pathStyle, pool);
      return pool;
    },
    (client) => new Bucket(sdk, client, bucket),
  );
}

class Bucket implements BucketCalls {
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.S3Client;
  readonly #name: string;

  constructor(sdk: typeof Sdk, client: Sdk.S3Client, name: string) {
    this.#sdk = sdk;
    this.#client = client;
    this.#name = name;
  }

  head(): Promise<Sdk.HeadBucketCommandOutput> {
    return this.#client.send(new this.#sdk.HeadBucketCommand({ Bucket: this.#name }));
  }

  put(key: string, body: string, signal: AbortSignal): Promise<Sdk.PutObjectCommandOutput> {
    const input = { Bucket: this.#name, Key: key, Body: body, ContentType: 'application/json' };
    return this.#client.send(new this.#sdk.PutObjectCommand(input), { abortSignal: signal });
  }
}
