import { check } from '../mapping/index.ts';
import { fieldFault } from '../resource/index.ts';
import { arnOf, EMBEDDED_REGION, embeddedQueueArn, embeddedQueueOf, type Known } from './arn.ts';
import { DESTINATION_FIELDS } from './file-fields.ts';
import { hint } from './hint.ts';
import type { KafkaFields } from './kafka-fields.ts';
import type { KafkaPlan, TopicRef } from './plan-kafka.ts';
import { isFifo } from './plan-queues.ts';
import type { Problems } from './problems.ts';

/** Where the records of what a mapping gives up go. */
export type DestinationPlan = {
  /** Where it stands in the file. */
  readonly field: string;
} & (
  | { readonly kind: 'embedded-queue'; readonly queue: string }
  /** By ARN. */
  | { readonly kind: 'sqs' | 'sns' | 's3'; readonly arn: string }
  /** A topic of the cluster that the mapping reads. */
  | {
      readonly kind: 'topic';
      readonly topic: string;
      readonly format: KafkaFields['KafkaDestinationFormat'];
      readonly source: TopicRef;
    }
);

const POSSIBLE =
  'a standard SQS queue (arn:aws:sqs:REGION:ACCOUNT:NAME), a standard SNS topic (arn:aws:sns:REGION:ACCOUNT:TOPIC), ' +
  `an S3 bucket (arn:aws:s3:::BUCKET) or a queue of this file (${embeddedQueueArn('NAME')})`;

const SCHEME = 'kafka://';

/** Checks the DestinationConfig of a mapping, which stands at `at`; `undefined` when it names none. `kafka`: the topic that the mapping reads. */
export function planDestination(
  given: unknown,
  { at, kafka }: { readonly at: string; readonly kafka?: KafkaPlan },
  known: Known,
  problems: Problems,
): DestinationPlan | undefined {
  if (given === undefined) return undefined;
  const destination = problems.try(() => check(DESTINATION_FIELDS, given, { at }))?.OnFailure?.Destination;
  if (destination === undefined) return undefined;
  const field = `${at}.OnFailure.Destination`;
  if (destination.startsWith(SCHEME)) return ofTopic(destination, { field, kafka }, known, problems);
  const arn = arnOf(destination);
  const { service, region } = arn;
  if (!destination.startsWith('arn:')) problems.add(field, `must be an ARN: of ${POSSIBLE}`);
  else if (service === 'sqs' && region === EMBEDDED_REGION) {
    const queue = embeddedQueueOf(arn, known, field, problems);
    if (isFifo(queue)) problems.add(field, `is the FIFO queue ${queue}; only a standard queue can be an on-failure destination`);
    return { field, kind: 'embedded-queue', queue };
  } else if (service === 'sqs' || service === 'sns' || service === 's3') return { field, kind: service, arn: destination };
  else problems.add(field, `names a destination of ${service}; possible are ${POSSIBLE}`);
  return undefined;
}

function ofTopic(
  destination: string,
  { field, kafka }: { readonly field: string; readonly kafka: KafkaPlan | undefined },
  known: Known,
  problems: Problems,
): DestinationPlan | undefined {
  const topic = destination.slice(SCHEME.length);
  if (kafka === undefined) {
    problems.add(field, `names a topic, which takes records of its own cluster only; possible are ${POSSIBLE}`);
    return undefined;
  }
  const { ref: source, destinationFormat: format } = kafka;
  const fault = fieldFault('DestinationConfig', { OnFailure: { Destination: destination } });
  if (fault !== undefined) problems.add(field, fault);
  else if (topic === source.topic) problems.add(field, `is the topic that is read: what fails would come again for ever; name another`);
  else if (source.kind === 'embedded-topic' && !known.topics.includes(topic))
    problems.add(field, `there is no embedded topic ${topic} in this file; ${hint(topic, known.topics, 'topics')}`);
  return { field, kind: 'topic', topic, format, source };
}
