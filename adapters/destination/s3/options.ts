/** What a user may say about an S3 destination, and how it is checked before anything is called. */
import type { S3Client } from '@aws-sdk/client-s3';
import { ConfigError, type ConfigProblem } from '../../../src/index.ts';
import { parseArn } from '../../shared/aws-arn.ts';
import { type AwsOptionRules, checkAwsOptions, mayFindRegion, regionMissing, settingsOf } from '../../shared/aws-options.ts';
import { type AwsSettings, shown } from '../../shared/aws-settings.ts';

/** Which bucket takes the invocation records, and how it is reached. */
export interface S3DestinationOptions extends AwsSettings {
  /** ARN or name of a bucket. */
  readonly bucket: string;
  /** Whether the bucket stands in the path of requests instead of their host. Default: where `endpoint` is set. */
  readonly pathStyle?: boolean;
  /** A client of your own instead of the settings. It stays yours: it is not destroyed at the end, and its sockets and retries are its own. */
  readonly client?: S3Client;
}

/** Checked options. */
export interface ResolvedS3Destination {
  readonly label: string;
  readonly bucket: string;
  readonly pathStyle: boolean;
  readonly settings: AwsSettings;
  readonly client: S3Client | undefined;
}

const FORM = 'arn:aws:s3:::BUCKET';
const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const RULES: AwsOptionRules = {
  what: 'an S3 destination',
  needed: { name: 'bucket', example: FORM },
  names: ['pathStyle'],
  client: { name: 'an S3Client', package: '@aws-sdk/client-s3' },
};

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveS3Destination(options: S3DestinationOptions): ResolvedS3Destination {
  const problems = checkAwsOptions(options, RULES);
  const bucket = parseBucket(options.bucket);
  if (typeof bucket === 'string') problems.unshift({ field: 'bucket', message: bucket });
  problems.push(...checkPathStyle(options));
  if (typeof bucket === 'string' || problems.length > 0) throw new ConfigError(problems);
  const { region, client } = options;
  if (region === undefined && client === undefined && !mayFindRegion()) {
    throw new ConfigError([{ field: 'region', message: regionMissing() }]);
  }
  return {
    label: options.bucket,
    bucket: bucket.name,
    pathStyle: options.pathStyle ?? options.endpoint !== undefined,
    settings: settingsOf(options, region),
    client,
  };
}

function parseBucket(bucket: unknown): { readonly name: string } | string {
  if (typeof bucket !== 'string' || bucket === '') return `must be a bucket's ARN, ${FORM}, or name, not ${shown(bucket)}`;
  if (!bucket.startsWith('arn:')) return NAME.test(bucket) ? { name: bucket } : `${shown(bucket)} is no bucket name and no ARN`;
  const arn = parseArn(bucket);
  if (arn === undefined) return `${shown(bucket)} is no ARN of the form ${FORM}`;
  if (arn.service !== 's3') return `${shown(bucket)} is an ARN of ${arn.service}; a bucket's has the form ${FORM}`;
  return NAME.test(arn.resource) ? { name: arn.resource } : `${shown(bucket)} is no ARN of a bucket, which has the form ${FORM}`;
}

function checkPathStyle({ pathStyle, client }: S3DestinationOptions): ConfigProblem[] {
  const given: unknown = pathStyle;
  if (given === undefined) return [];
  if (typeof given !== 'boolean') return [{ field: 'pathStyle', message: `must be true or false, not ${shown(given)}` }];
  return client === undefined ? [] : [{ field: 'pathStyle', message: 'has no effect beside a client of your own; set it on the client' }];
}
