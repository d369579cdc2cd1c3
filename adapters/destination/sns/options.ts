/** What a user may say about an SNS destination, and how it is checked before anything is called. */
import type { SNSClient } from '@aws-sdk/client-sns';
import { ConfigError } from '../../../src/index.ts';
import { parseArn } from '../../shared/aws-arn.ts';
import { type AwsOptionRules, checkAwsOptions, settingsOf } from '../../shared/aws-options.ts';
import { type AwsSettings, shown } from '../../shared/aws-settings.ts';

/** Which topic takes the invocation records, and how it is reached. */
export interface SnsDestinationOptions extends AwsSettings {
  /** ARN of a standard topic. It names the region and is stronger than `region`. */
  readonly topic: string;
  /** A client of your own instead of the settings. It stays yours: it is not destroyed at the end, and its sockets and retries are its own. */
  readonly client?: SNSClient;
}

/** Checked options. */
export interface ResolvedSnsDestination {
  readonly topicArn: string;
  readonly settings: AwsSettings;
  readonly client: SNSClient | undefined;
}

const FORM = 'arn:aws:sns:REGION:ACCOUNT:TOPIC';
const NAME = /^[A-Za-z0-9_-]{1,256}(\.fifo)?$/;
const RULES: AwsOptionRules = {
  what: 'an SNS destination',
  needed: { name: 'topic', example: 'arn:...' },
  client: { name: 'an SNSClient', package: '@aws-sdk/client-sns' },
};

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveSnsDestination(options: SnsDestinationOptions): ResolvedSnsDestination {
  const problems = checkAwsOptions(options, RULES);
  const topic = parseTopic(options.topic);
  if (typeof topic === 'string') problems.unshift({ field: 'topic', message: topic });
  if (typeof topic === 'string' || problems.length > 0) throw new ConfigError(problems);
  return { topicArn: options.topic, settings: settingsOf(options, topic.region), client: options.client };
}

function parseTopic(topic: unknown): { readonly region: string } | string {
  if (typeof topic !== 'string' || topic === '') return `must be the topic's ARN, ${FORM}, not ${shown(topic)}`;
  const arn = parseArn(topic);
  if (arn === undefined) return `${shown(topic)} is no ARN of the form ${FORM}`;
  if (arn.service !== 'sns') return `${shown(topic)} is an ARN of ${arn.service}; a topic's has the form ${FORM}`;
  if (arn.region === '' || arn.account === '') return `${shown(topic)} lacks the region or the account; a topic's ARN has the form ${FORM}`;
  if (!NAME.test(arn.resource)) return `${shown(topic)} ends in ${shown(arn.resource)}, which is no topic name`;
  if (arn.resource.endsWith('.fifo')) return `is the FIFO topic ${arn.resource}; only a standard topic can be an on-failure destination`;
  return { region: arn.region };
}
