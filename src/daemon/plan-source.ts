import { type Arn, arnOf, EMBEDDED_REGION, embeddedQueueArn, embeddedQueueOf, embeddedStreamOf, type Known } from './arn.ts';
import { type KafkaPlan, planKafka } from './plan-kafka.ts';
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
  /** For people: the queue, the stream, the table or the topic. */
  readonly name: string;
} & (
  | { readonly discipline: 'queue'; readonly ref: QueueRef }
  | { readonly discipline: 'stream'; readonly ref: StreamRef }
  | ({ readonly discipline: 'topic' } & KafkaPlan)
);

const EXAMPLE = embeddedQueueArn('orders');
const POSSIBLE =
  'queues (arn:aws:sqs:REGION:ACCOUNT:NAME), streams ' +
  '(arn:aws:kinesis:REGION:ACCOUNT:stream/NAME, arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/stream/LABEL) and topics (SelfManagedEventSource and Topics)';

/** What an entry reads; `undefined` when that cannot be told. Values that are no texts are for the schema to tell. */
export function planSource(entry: Readonly<Record<string, unknown>>, at: string, known: Known, problems: Problems): SourcePlan | undefined {
  const { EventSourceArn: arn, QueueUrl: url, SelfManagedEventSource: cluster } = entry;
  if (arn === undefined && url === undefined && cluster === undefined) {
    problems.add(
      at,
      `must have an EventSourceArn, such as ${EXAMPLE}, the QueueUrl of an SQS queue, or the SelfManagedEventSource and Topics of Kafka`,
    );
    return undefined;
  }
  if (url === undefined && (arn === undefined || isOfKafka(arn))) return ofKafka(entry, at, known, problems);
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

function isOfKafka(arn: unknown): arn is string {
  return typeof arn === 'string' && arn.startsWith('arn:') && arnOf(arn).service === 'kafka';
}

function ofKafka(entry: Readonly<Record<string, unknown>>, at: string, known: Known, problems: Problems): SourcePlan | undefined {
  const { EventSourceArn: arn } = entry;
  const plan = planKafka(entry, { at, arn: isOfKafka(arn) ? arn : undefined }, known, problems);
  return plan && { field: `${at}.SelfManagedEventSource`, name: plan.ref.topic, discipline: 'topic', ...plan };
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
