/** What a user may say about a Kinesis stream, and how it is checked before anything is called. */
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { ConfigError, type ConfigProblem } from '../../../src/index.ts';
import { parseArn } from '../../shared/aws-arn.ts';
import { type AwsOptionRules, checkAwsOptions, mayFindRegion, regionMissing, settingsOf } from '../../shared/aws-options.ts';
import { type AwsSettings, shown } from '../../shared/aws-settings.ts';
import { checkPollMs } from '../../shared/poll-interval.ts';
import { parseStreamReference, type StreamReference } from './stream-reference.ts';

/** Where a stream is and how it is read. */
export interface KinesisOptions extends AwsSettings {
  /** The stream's ARN or name. An ARN names the region too and is stronger than `region`. */
  readonly stream: string;
  /** What events name as the function's execution role, `invokeIdentityArn`. Default `arn:aws:iam::ACCOUNT:role/millrace`. */
  readonly roleArn?: string;
  /** How far apart two reads of a shard are at least while it has nothing more to give, ms: 10 to 60000, default 1000. */
  readonly pollMs?: number;
  /**
   * What each shard is read with at most by this source: `aws` (the default), 5 calls and 2 MiB a second, which all readers of
   * a shard share; `none`, for emulators without such limits.
   */
  readonly readLimits?: 'aws' | 'none';
  /** A client of your own instead of the settings. It stays yours: it is not destroyed at the end, and its sockets and retries are its own. */
  readonly client?: KinesisClient;
}

/** Checked options. */
export interface ResolvedKinesisOptions {
  /** As it was configured. */
  readonly label: string;
  readonly stream: StreamReference;
  readonly roleArn: string | undefined;
  readonly pollMs: number;
  readonly isLimited: boolean;
  /** Region and endpoint as far as they are known before the first call. */
  readonly settings: AwsSettings;
  readonly client: KinesisClient | undefined;
}

/** One read a second of each idle shard, as Lambda does. */
const DEFAULT_POLL_MS = 1_000;
const RULES: AwsOptionRules = {
  what: 'a Kinesis stream',
  needed: { name: 'stream', example: 'arn:...' },
  names: ['roleArn', 'pollMs', 'readLimits'],
  client: { name: 'a KinesisClient', package: '@aws-sdk/client-kinesis' },
};

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveKinesisOptions(options: KinesisOptions): ResolvedKinesisOptions {
  const problems = checkAwsOptions(options, RULES);
  const stream = parseStreamReference(options.stream);
  if (typeof stream === 'string') problems.unshift({ field: 'stream', message: stream });
  problems.push(...checkRole(options.roleArn), ...checkPollMs(options.pollMs), ...checkLimits(options.readLimits));
  if (typeof stream === 'string' || problems.length > 0) throw new ConfigError(problems);
  const region = stream.kind === 'arn' ? stream.region : options.region;
  if (region === undefined && options.client === undefined && !mayFindRegion()) {
    throw new ConfigError([{ field: 'region', message: regionMissing('name the stream by its ARN, ') }]);
  }
  return {
    label: options.stream,
    stream,
    roleArn: options.roleArn,
    pollMs: options.pollMs ?? DEFAULT_POLL_MS,
    isLimited: options.readLimits !== 'none',
    settings: settingsOf(options, region),
    client: options.client,
  };
}

function checkRole(roleArn: unknown): ConfigProblem[] {
  if (roleArn === undefined) return [];
  const arn = typeof roleArn === 'string' ? parseArn(roleArn) : undefined;
  if (arn?.service === 'iam' && arn.resource.startsWith('role/')) return [];
  return [{ field: 'roleArn', message: `must be a role's ARN, arn:aws:iam::ACCOUNT:role/NAME, not ${shown(roleArn)}` }];
}

function checkLimits(readLimits: unknown): ConfigProblem[] {
  if (readLimits === undefined || readLimits === 'aws' || readLimits === 'none') return [];
  return [{ field: 'readLimits', message: `must be 'aws' or 'none', not ${shown(readLimits)}` }];
}
