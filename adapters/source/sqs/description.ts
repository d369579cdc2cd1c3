/** What the attributes of a queue say, as the engine knows it. */
import { type QueueDepth, type QueueDescription, SourceError } from '../../../src/index.ts';
import { parseArn } from '../../shared/aws-arn.ts';
import type { QueueIdentity } from '../../shared/sqs-event.ts';

type Attributes = Readonly<Partial<Record<string, string>>>;

/** Stands for an ARN that is not known yet where sizes are bounded: no real one is longer. */
export const ARN_UNKNOWN: QueueIdentity = { arn: '-'.repeat(160), region: '-'.repeat(32) };

/** How the event names a queue. */
export function identityOf(arn: string): QueueIdentity {
  return { arn, region: parseArn(arn)?.region ?? '' };
}

/** `arn`: how the user named the queue, if by its ARN; it is then what functions see. */
export function toDescription(attributes: Attributes, arn: string | undefined): QueueDescription {
  const described = arn ?? attributes['QueueArn'];
  const visibility = attributes['VisibilityTimeout'];
  if (described === undefined || parseArn(described) === undefined || visibility === undefined) {
    throw new SourceError('unavailable', 'UnreadableAnswer', "GetQueueAttributes: the answer lacks the queue's ARN or visibility timeout");
  }
  return {
    arn: described,
    fifo: attributes['FifoQueue'] === 'true',
    visibilityTimeoutSeconds: count(visibility),
    redrive: toRedrive(attributes['RedrivePolicy']),
    createdAt: count(attributes['CreatedTimestamp']),
  };
}

/** Counts that are absent are zero. */
export function toDepth(attributes: Attributes): QueueDepth {
  return {
    visible: count(attributes['ApproximateNumberOfMessages']),
    notVisible: count(attributes['ApproximateNumberOfMessagesNotVisible']),
    delayed: count(attributes['ApproximateNumberOfMessagesDelayed']),
  };
}

function count(text: string | undefined): number {
  const number = Number(text ?? 0);
  return Number.isFinite(number) ? number : 0;
}

function toRedrive(text: string | undefined): QueueDescription['redrive'] {
  if (text === undefined || text === '') return undefined;
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof policy !== 'object' || policy === null) return undefined;
  const { maxReceiveCount, deadLetterTargetArn } = policy as { maxReceiveCount?: unknown; deadLetterTargetArn?: unknown };
  // Users write the count as a number or as text, and SQS gives it back as it was written.
  const limit = Number(maxReceiveCount);
  if (typeof deadLetterTargetArn !== 'string' || !Number.isInteger(limit)) return undefined;
  return { maxReceiveCount: limit, deadLetterTargetArn };
}
