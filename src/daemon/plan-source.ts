import { type Arn, arnOf, EMBEDDED_REGION, embeddedQueueArn, embeddedQueueOf, embeddedStreamOf, type Known } from './arn.ts';
import type { Problems } from './problems.ts';

/** A queue that a mapping reads. */
export type QueueRef =
  | { readonly kind: 'embedded-queue'; readonly queue: string }
  /** By ARN or URL. */
  | { readonly kind: 'sqs'; readonly queue: string };

/** A stream that a mapping reads. */
export type StreamRef =
  | { readonly kind: 'embedded-stream'; readonly stream: string }
  /** By ARN. */
  | { readonly kind: 'kinesis' | 'dynamodb-streams'; readonly stream: string };

/** What a mapping reads, and how it is read. */
export type SourcePlan = {
  /** Where it stands in the file. */
  readonly field: string;
  /** For people: the queue, the stream or the table. */
  readonly name: string;
} & ({ readonly discipline: 'queue'; readonly ref: QueueRef } | { readonly discipline: 'stream'; readonly ref: StreamRef });

const EXAMPLE = embeddedQueueArn('orders');
const POSSIBLE =
  'queues (arn:aws:sqs:REGION:ACCOUNT:NAME) and streams ' +
  '(arn:aws:kinesis:REGION:ACCOUNT:stream/NAME, arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/stream/LABEL)';

/** What an entry reads; `undefined` when that cannot be told. Values that are no texts are for the schema to tell. */
export function planSource(entry: Readonly<Record<string, unknown>>, at: string, known: Known, problems: Problems): SourcePlan | undefined {
  const { EventSourceArn: arn, QueueUrl: url } = entry;
  if (arn === undefined && url === undefined) {
    problems.add(at, `must have an EventSourceArn, such as ${EXAMPLE}, or the QueueUrl of an SQS queue`);
    return undefined;
  }
  if (url !== undefined && arn !== undefined)
    problems.add(at, 'has an EventSourceArn and a QueueUrl; they name the same thing, take one out');
  if (typeof url === 'string') {
    const name = url.split('/').at(-1) ?? '';
    return { field: `${at}.QueueUrl`, name, discipline: 'queue', ref: { kind: 'sqs', queue: url } };
  }
  if (typeof arn !== 'string' || url !== undefined) return undefined;
  const field = `${at}.EventSourceArn`;
  if (!arn.startsWith('arn:')) {
    problems.add(field, `must be an ARN such as ${EXAMPLE}; the address of an SQS queue goes into QueueUrl`);
    return undefined;
  }
  return ofArn(arnOf(arn), field, known, problems);
}

function ofArn(arn: Arn, field: string, known: Known, problems: Problems): SourcePlan | undefined {
  const { text, service, region, resource } = arn;
  const isEmbedded = region === EMBEDDED_REGION;
  if (service === 'sqs') {
    const ref: QueueRef = isEmbedded
      ? { kind: 'embedded-queue', queue: embeddedQueueOf(arn, known, field, problems) }
      : { kind: 'sqs', queue: text };
    return { field, name: resource, discipline: 'queue', ref };
  }
  const [, name = resource] = resource.split('/');
  if (service === 'kinesis') {
    const ref: StreamRef = isEmbedded
      ? { kind: 'embedded-stream', stream: embeddedStreamOf(arn, known, field, problems) }
      : { kind: 'kinesis', stream: text };
    return { field, name, discipline: 'stream', ref };
  }
  if (service === 'dynamodb') return { field, name, discipline: 'stream', ref: { kind: 'dynamodb-streams', stream: text } };
  problems.add(field, `names a source of ${service}; this version reads ${POSSIBLE}`);
  return undefined;
}
