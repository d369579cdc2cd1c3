import { check } from '../mapping/index.ts';
import { arnOf, EMBEDDED_REGION, embeddedQueueArn, embeddedQueueOf, type Known } from './arn.ts';
import { DESTINATION_FIELDS } from './file-fields.ts';
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
);

const POSSIBLE =
  'a standard SQS queue (arn:aws:sqs:REGION:ACCOUNT:NAME), a standard SNS topic (arn:aws:sns:REGION:ACCOUNT:TOPIC), ' +
  `an S3 bucket (arn:aws:s3:::BUCKET) or a queue of this file (${embeddedQueueArn('NAME')})`;

/** Checks the DestinationConfig of a stream mapping, which stands at `at`; `undefined` when it names none. */
export function planDestination(given: unknown, at: string, known: Known, problems: Problems): DestinationPlan | undefined {
  if (given === undefined) return undefined;
  const destination = problems.try(() => check(DESTINATION_FIELDS, given, { at }))?.OnFailure?.Destination;
  if (destination === undefined) return undefined;
  const field = `${at}.OnFailure.Destination`;
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
