import type { SourceKind } from './definition.ts';
import { refuseValue } from './refusal.ts';

/** AWS's text for what is no source. */
const UNRECOGNIZED = 'Unrecognized event source.';

const notYet = (what: string): string => `Unsupported event source: Millrace does not read ${what} yet.`;

/** Sources of AWS that Millrace does not have, by the service in their ARN. */
const ABSENT: Readonly<Record<string, string>> = {
  mq: 'Amazon MQ',
  rds: 'Amazon DocumentDB',
  'docdb-elastic': 'Amazon DocumentDB',
};

/** What names the source in a request. */
export interface SourceNames {
  readonly EventSourceArn?: string;
  readonly SelfManagedEventSource?: unknown;
}

/** Tells the source of a request; refuses what is none, and what Millrace does not read. */
export function sourceKindOf({ EventSourceArn: arn, SelfManagedEventSource: selfManaged }: SourceNames): SourceKind {
  if (selfManaged !== undefined) {
    // Millrace does not ask MSK where its brokers are, so it may be told.
    if (arn?.split(':')[2] === 'kafka') return 'msk';
    if (arn !== undefined) refuseValue(UNRECOGNIZED, 'EventSourceArn and SelfManagedEventSource name two sources; a mapping has one');
    return 'self-managed-kafka';
  }
  if (arn === undefined) refuseValue(UNRECOGNIZED);
  const [, , service = '', , , ...rest] = arn.split(':');
  const resource = rest.join(':');
  switch (service) {
    case 'sqs':
      if (!/^[\w-]{1,80}(\.fifo)?$/.test(resource)) refuseValue(UNRECOGNIZED, 'the ARN of a queue is arn:aws:sqs:REGION:ACCOUNT:NAME');
      return resource.endsWith('.fifo') ? 'sqs-fifo' : 'sqs';
    case 'kinesis':
      if (/^stream\/[^/]+\/consumer\//.test(resource))
        refuseValue(notYet('consumers of Kinesis (enhanced fan-out)'), 'give the ARN of the stream');
      if (!/^stream\/[\w.-]{1,128}$/.test(resource))
        refuseValue(UNRECOGNIZED, 'the ARN of a stream is arn:aws:kinesis:REGION:ACCOUNT:stream/NAME');
      return 'kinesis';
    case 'dynamodb':
      if (!/^table\/[\w.-]{3,255}\/stream\/.+$/.test(resource)) {
        refuseValue(
          UNRECOGNIZED,
          'the ARN of a stream is arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/stream/LABEL; a table tells it as LatestStreamArn',
        );
      }
      return 'dynamodb';
    case 'kafka':
      return 'msk';
    default: {
      const absent = ABSENT[service];
      refuseValue(absent === undefined ? UNRECOGNIZED : notYet(absent));
    }
  }
}

/** Queues of SQS, FIFO or not. */
export function isQueue(kind: SourceKind): boolean {
  return kind === 'sqs' || kind === 'sqs-fifo';
}

/** Kinesis and DynamoDB Streams. */
export function isStream(kind: SourceKind): boolean {
  return kind === 'kinesis' || kind === 'dynamodb';
}

/** Kafka, whoever manages it. */
export function isKafka(kind: SourceKind): boolean {
  return kind === 'msk' || kind === 'self-managed-kafka';
}
