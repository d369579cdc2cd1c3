/** What a user may say about a DynamoDB stream, and how it is checked before anything is called. */
import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { ConfigError } from '../../../src/index.ts';
import { parseArn } from '../../shared/aws-arn.ts';
import { type AwsOptionRules, checkAwsOptions, mayFindRegion, regionMissing, settingsOf } from '../../shared/aws-options.ts';
import { type AwsSettings, shown } from '../../shared/aws-settings.ts';
import { checkPollMs } from '../../shared/poll-interval.ts';

/** Where a stream is and how it is read. */
export interface DynamoDBStreamsOptions extends AwsSettings {
  /** The stream's ARN (a table's `LatestStreamArn`). It names the region too and is stronger than `region`, but for DynamoDB Local's. */
  readonly stream: string;
  /** How far apart two reads of a shard are at least while it has nothing more to give, ms: 10 to 60000, default 250. */
  readonly pollMs?: number;
  /** A client of your own instead of the settings. It stays yours: it is not destroyed at the end, and its sockets and retries are its own. */
  readonly client?: DynamoDBStreamsClient;
}

/** Checked options. */
export interface ResolvedStreamOptions {
  readonly arn: string;
  /** How the stream calls itself: the instant of its creation. */
  readonly streamLabel: string;
  /** How coarse the records' creation times are, ms. */
  readonly creationPrecisionMs: number;
  readonly settings: AwsSettings;
  readonly pollMs: number;
  readonly client: DynamoDBStreamsClient | undefined;
}

/** Four reads a second of each shard, as Lambda does. */
const DEFAULT_POLL_MS = 250;
/** DynamoDB cuts the creation times of records to the second, DynamoDB Local to the minute. */
const PRECISION_MS = { aws: 1_000, local: 60_000 } as const;
/** What stands for the region in every ARN of DynamoDB Local. */
const LOCAL_REGION = 'ddblocal';
const RESOURCE = /^table\/[A-Za-z0-9_.-]{3,255}\/stream\/([0-9TZ:.-]+)$/;
const FORM = 'arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/stream/LABEL';
const RULES: AwsOptionRules = {
  what: 'a DynamoDB stream',
  needed: { name: 'stream', example: 'arn:...' },
  names: ['pollMs'],
  client: { name: 'a DynamoDBStreamsClient', package: '@aws-sdk/client-dynamodb-streams' },
};

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveStreamOptions(options: DynamoDBStreamsOptions): ResolvedStreamOptions {
  const problems = checkAwsOptions(options, RULES);
  const stream = parseStream(options.stream);
  if (typeof stream === 'string') problems.unshift({ field: 'stream', message: stream });
  problems.push(...checkPollMs(options.pollMs));
  if (typeof stream === 'string' || problems.length > 0) throw new ConfigError(problems);
  const isLocal = stream.region === LOCAL_REGION;
  const region = isLocal ? options.region : stream.region;
  if (region === undefined && options.client === undefined && !mayFindRegion()) {
    throw new ConfigError([{ field: 'region', message: regionMissing() }]);
  }
  return {
    arn: options.stream,
    streamLabel: stream.label,
    creationPrecisionMs: isLocal ? PRECISION_MS.local : PRECISION_MS.aws,
    settings: settingsOf(options, region),
    pollMs: options.pollMs ?? DEFAULT_POLL_MS,
    client: options.client,
  };
}

function parseStream(stream: unknown): { readonly region: string; readonly label: string } | string {
  if (typeof stream !== 'string' || stream === '') return `must be the stream's ARN, ${FORM}, not ${shown(stream)}`;
  const arn = parseArn(stream);
  if (arn === undefined) return `${shown(stream)} is no ARN of the form ${FORM}`;
  if (arn.service !== 'dynamodb') return `${shown(stream)} is an ARN of ${arn.service}; a stream's has the form ${FORM}`;
  if (arn.region === '' || arn.account === '')
    return `${shown(stream)} lacks the region or the account; a stream's ARN has the form ${FORM}`;
  const label = RESOURCE.exec(arn.resource)?.[1];
  if (label !== undefined) return { region: arn.region, label };
  const hint = arn.resource.includes('/stream/') ? '' : "; DescribeTable gives a table's LatestStreamArn";
  return `${shown(stream)} is no ARN of a stream, which has the form ${FORM}${hint}`;
}
