/** What a user may say about an SQS source, and how it is checked before anything is called. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { ConfigError, type ConfigProblem } from '../../../src/index.ts';
import { AWS_SETTING_NAMES, type AwsSettings, checkAwsSettings, shown } from '../../shared/aws-settings.ts';
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

const NAMES: ReadonlySet<string> = new Set(['queue', 'client', ...AWS_SETTING_NAMES]);

/** The one text for a region that is nowhere to be found. */
export const REGION_MISSING =
  'is nowhere to be found: name the queue by its ARN, set the option region, the environment variable AWS_REGION, or a region in the AWS profile';

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveSqsOptions(options: SqsOptions): ResolvedSqsOptions {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    throw new ConfigError([{ field: 'options', message: `must be an object such as { queue: 'arn:...' }, not ${shown(given)}` }]);
  }
  const queue = parseQueueReference(options.queue);
  const problems: ConfigProblem[] = Object.keys(options)
    .filter((name) => !NAMES.has(name))
    .map((name) => ({ field: name, message: `is no option of an SQS source; there are ${[...NAMES].join(', ')}` }));
  if (typeof queue === 'string') problems.push({ field: 'queue', message: queue });
  problems.push(...checkAwsSettings(options), ...checkClient(options));
  if (typeof queue === 'string' || problems.length > 0) throw new ConfigError(problems);
  const { client, queue: label, region: asked, ...rest } = options;
  const region = queue.kind === 'name' ? asked : (queue.region ?? asked);
  if (region === undefined && client === undefined && !mayHaveRegion()) {
    throw new ConfigError([{ field: 'region', message: REGION_MISSING }]);
  }
  return { label, queue, client, settings: { ...rest, ...(region === undefined ? undefined : { region }) } };
}

function checkClient(options: SqsOptions): ConfigProblem[] {
  const client: unknown = options.client;
  if (client === undefined) return [];
  const problems: ConfigProblem[] = AWS_SETTING_NAMES.filter((name) => options[name] !== undefined).map((name) => ({
    field: name,
    message: 'has no effect beside a client of your own; set it on the client',
  }));
  if (typeof client !== 'object' || client === null || !('send' in client) || typeof client.send !== 'function') {
    problems.push({ field: 'client', message: 'must be an SQSClient of @aws-sdk/client-sqs' });
  }
  return problems;
}

/** Whether the SDK's chain has a place to find a region in. Only the SDK reads profiles, at the first call. */
function mayHaveRegion(): boolean {
  const { AWS_REGION, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = process.env;
  if (AWS_REGION !== undefined && AWS_REGION !== '') return true;
  const files = [
    AWS_CONFIG_FILE ?? join(homedir(), '.aws', 'config'),
    AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws', 'credentials'),
  ];
  return files.some((file) => existsSync(file));
}
