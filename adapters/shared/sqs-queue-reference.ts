/** How people name a queue, by ARN, URL or name, and what such a name tells before any call. */
import { parseArn } from './aws-arn.ts';
import { shown, urlFault } from './aws-settings.ts';

/** What the user wrote, taken apart. */
export type QueueReference = { readonly name: string } & (
  | { readonly kind: 'arn'; readonly arn: string; readonly region: string; readonly account: string }
  | {
      readonly kind: 'url';
      readonly url: URL;
      /** The region that the host or path names, if it names one. */
      readonly region: string | undefined;
      /** AWS's own public address for that region: the SDK finds it by itself. */
      readonly isRegional: boolean;
    }
  | { readonly kind: 'name' }
);

/** SQS's rule; `.fifo` belongs to the 80. */
const NAME = /^(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?$/;
const REGION = '[a-z]{2,}(?:-[a-z]+)+-\\d+';
const REGIONAL_HOST = new RegExp(`^sqs\\.(${REGION})\\.amazonaws\\.com(?:\\.cn)?$`);
/** Other hosts and paths that name a region: FIPS and dual stack, VPC endpoints, the oldest names, LocalStack's. */
const REGION_IN_HOST = [
  new RegExp(`^sqs(?:-fips)?\\.(${REGION})\\.`),
  new RegExp(`\\.sqs\\.(${REGION})\\.vpce\\.`),
  new RegExp(`^(${REGION})\\.queue\\.`),
];
const REGION_IN_PATH = new RegExp(`^/queue/(${REGION})/`);
/** The first region had no name in its host. */
const OLDEST_HOST = 'queue.amazonaws.com';

/** Takes a queue's ARN, URL or name apart; a text says what is wrong with it. */
export function parseQueueReference(queue: unknown): QueueReference | string {
  if (typeof queue !== 'string' || queue === '') {
    return `must be the queue's ARN, URL or name, not ${queue === '' ? 'an empty text' : shown(queue)}`;
  }
  if (queue.startsWith('arn:')) return parseQueueArn(queue);
  if (/^https?:/i.test(queue)) return parseQueueUrl(queue);
  if (NAME.test(queue)) return { kind: 'name', name: queue };
  return `${shown(queue)} is no ARN, no URL and no queue name (at most 80 letters, digits, "-" and "_", for FIFO queues ending in ".fifo")`;
}

function parseQueueArn(text: string): QueueReference | string {
  const arn = parseArn(text);
  const form = 'arn:aws:sqs:REGION:ACCOUNT:NAME';
  if (arn === undefined) return `${shown(text)} is no ARN of the form ${form}`;
  if (arn.service !== 'sqs') return `${shown(text)} is an ARN of ${arn.service}; a queue's has the form ${form}`;
  if (arn.region === '' || arn.account === '') return `${shown(text)} lacks the region or the account; a queue's ARN has the form ${form}`;
  if (!NAME.test(arn.resource)) return `${shown(text)} ends in ${shown(arn.resource)}, which is no queue name`;
  return { kind: 'arn', arn: text, region: arn.region, account: arn.account, name: arn.resource };
}

function parseQueueUrl(text: string): QueueReference | string {
  const fault = urlFault(text);
  if (fault !== undefined) return `as a queue URL ${fault}`;
  const url = new URL(text);
  const name = url.pathname.split('/').at(-1) ?? '';
  if (!NAME.test(name)) return `${shown(text)} does not end in a queue's name, as http(s)://HOST/ACCOUNT/NAME does`;
  const regional = REGIONAL_HOST.exec(url.hostname)?.[1];
  return { kind: 'url', url, name, region: regional ?? regionOf(url), isRegional: regional !== undefined };
}

function regionOf({ hostname, pathname }: URL): string | undefined {
  if (hostname === OLDEST_HOST) return 'us-east-1';
  const inHost = REGION_IN_HOST.map((pattern) => pattern.exec(hostname)?.[1]).find((region) => region !== undefined);
  return inHost ?? REGION_IN_PATH.exec(pathname)?.[1];
}
