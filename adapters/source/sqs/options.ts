/** What a user may say about an SQS source, and how it is checked before anything is called. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import { ConfigError } from '../../../src/index.ts';
import { type AwsOptionRules, checkAwsOptions, mayFindRegion, regionMissing, settingsOf } from '../../shared/aws-options.ts';
import type { AwsSettings } from '../../shared/aws-settings.ts';
import { parseQueueReference, type QueueReference } from '../../shared/sqs-queue-reference.ts';

/** Where a queue is and how it is reached. */
export interface SqsOptions extends AwsSettings {
  /**
   * The queue's ARN, URL or name. An ARN or URL says the region too and is stronger than `region`; a URL's own host is
   * asked unless an endpoint is configured.
   */
  readonly queue: string;
  /**
   * A client of your own instead of the settings above. It stays yours: it is not destroyed at the end, and its sockets
   * and retries are its own (see README.md for what it should be set to).
   */
  readonly client?: SQSClient;
}

/** Checked options. */
export interface ResolvedSqsOptions {
  /** As it was configured. */
  readonly label: string;
  readonly queue: QueueReference;
  /** Region and endpoint as far as they are known before the first call. */
  readonly settings: AwsSettings;
  readonly client: SQSClient | undefined;
}

const RULES: AwsOptionRules = {
  what: 'an SQS source',
  needed: { name: 'queue', example: 'arn:...' },
  client: { name: 'an SQSClient', package: '@aws-sdk/client-sqs' },
};

/** The one text for a region that is nowhere to be found. */
export const REGION_MISSING = regionMissing('name the queue by its ARN, ');

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveSqsOptions(options: SqsOptions): ResolvedSqsOptions {
  const problems = checkAwsOptions(options, RULES);
  const queue = parseQueueReference(options.queue);
  if (typeof queue === 'string') problems.unshift({ field: 'queue', message: queue });
  if (typeof queue === 'string' || problems.length > 0) throw new ConfigError(problems);
  const { client, queue: label } = options;
  const region = queue.kind === 'name' ? options.region : (queue.region ?? options.region);
  if (region === undefined && client === undefined && !mayFindRegion()) {
    throw new ConfigError([{ field: 'region', message: REGION_MISSING }]);
  }
  return { label, queue, client, settings: settingsOf(options, region) };
}
