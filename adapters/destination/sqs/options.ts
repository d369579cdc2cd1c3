/** What a user may say about an SQS destination, and how it is checked before anything is called. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import { ConfigError } from '../../../src/index.ts';
import { type AwsOptionRules, checkAwsOptions, mayFindRegion, regionMissing, settingsOf } from '../../shared/aws-options.ts';
import type { AwsSettings } from '../../shared/aws-settings.ts';
import { parseQueueReference, type QueueReference } from '../../shared/sqs-queue-reference.ts';

/** Which queue takes the invocation records, and how it is reached. */
export interface SqsDestinationOptions extends AwsSettings {
  /** ARN, URL or name of a standard queue. An ARN or URL says the region too and is stronger than `region`. */
  readonly queue: string;
  /** A client of your own instead of the settings. It stays yours: it is not destroyed at the end, and its sockets and retries are its own. */
  readonly client?: SQSClient;
}

/** Checked options. */
export interface ResolvedSqsDestination {
  readonly label: string;
  readonly queue: QueueReference;
  readonly settings: AwsSettings;
  readonly client: SQSClient | undefined;
}

const RULES: AwsOptionRules = {
  what: 'an SQS destination',
  needed: { name: 'queue', example: 'arn:...' },
  client: { name: 'an SQSClient', package: '@aws-sdk/client-sqs' },
};

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveSqsDestination(options: SqsDestinationOptions): ResolvedSqsDestination {
  const problems = checkAwsOptions(options, RULES);
  const queue = parseQueueReference(options.queue);
  if (typeof queue === 'string') problems.unshift({ field: 'queue', message: queue });
  else if (queue.name.endsWith('.fifo')) {
    problems.unshift({
      field: 'queue',
      message: `is the FIFO queue ${queue.name}; only a standard queue can be an on-failure destination`,
    });
  }
  if (typeof queue === 'string' || problems.length > 0) throw new ConfigError(problems);
  const region = queue.kind === 'name' ? options.region : (queue.region ?? options.region);
  if (region === undefined && options.client === undefined && !mayFindRegion()) {
    throw new ConfigError([{ field: 'region', message: regionMissing('name the queue by its ARN, ') }]);
  }
  return { label: options.queue, queue, settings: settingsOf(options, region), client: options.client };
}
