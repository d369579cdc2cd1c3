import { hint } from './hint.ts';
import type { Problems } from './problems.ts';

/** Region in the ARN of an embedded queue or stream: what tells it from one of AWS. */
export const EMBEDDED_REGION = 'embedded';
const EMBEDDED_ACCOUNT = '000000000000';

/** An ARN as far as the daemon looks into it; the adapters check the rest. */
export interface Arn {
  readonly text: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** All that follows the fifth colon. */
  readonly resource: string;
}

/** What mappings may name, of this file. */
export interface Known {
  readonly functions: readonly string[];
  /** Versions and aliases of each function, `$LATEST` among them. */
  readonly qualifiers: ReadonlyMap<string, readonly string[]>;
  readonly queues: readonly string[];
  readonly streams: readonly string[];
  readonly topics: readonly string[];
}

/** Takes a text that begins with `arn:` apart. */
export function arnOf(text: string): Arn {
  const [, , service = '', region = '', account = '', ...resource] = text.split(':');
  return { text, service, region, account, resource: resource.join(':') };
}

/** The ARN of an embedded queue. */
export function embeddedQueueArn(name: string): string {
  return `arn:aws:sqs:${EMBEDDED_REGION}:${EMBEDDED_ACCOUNT}:${name}`;
}

/** The ARN of an embedded stream. */
function embeddedStreamArn(name: string): string {
  return `arn:aws:kinesis:${EMBEDDED_REGION}:${EMBEDDED_ACCOUNT}:stream/${name}`;
}

/** The name of the embedded queue that `arn` names; what is wrong with it is told under `field`. */
export function embeddedQueueOf(arn: Arn, known: Known, field: string, problems: Problems): string {
  checkEmbedded({ arn, name: arn.resource, expected: embeddedQueueArn(arn.resource), what: 'queue', names: known.queues }, field, problems);
  return arn.resource;
}

/** The name of the embedded stream that `arn` names; what is wrong with it is told under `field`. */
export function embeddedStreamOf(arn: Arn, known: Known, field: string, problems: Problems): string {
  const name = arn.resource.replace(/^stream\//, '');
  checkEmbedded({ arn, name, expected: embeddedStreamArn(name), what: 'stream', names: known.streams }, field, problems);
  return name;
}

interface EmbeddedPart {
  readonly arn: Arn;
  readonly name: string;
  readonly expected: string;
  readonly what: 'queue' | 'stream';
  readonly names: readonly string[];
}

function checkEmbedded({ arn, name, expected, what, names }: EmbeddedPart, field: string, problems: Problems): void {
  if (arn.account !== EMBEDDED_ACCOUNT) problems.add(field, `the account of embedded ${what}s is ${EMBEDDED_ACCOUNT}; write ${expected}`);
  else if (arn.text !== expected) problems.add(field, `is no ARN of an embedded ${what}; write ${expected}`);
  else if (!names.includes(name))
    problems.add(field, `there is no embedded ${what} ${name} in this file; ${hint(name, names, `${what}s`)}`);
}
