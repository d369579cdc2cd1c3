import type { MappingPlan } from '../plan-mappings.ts';
import type { FunctionFacts, SourceFacts } from './facts.ts';
import { type Find, timeText } from './finding.ts';

/** AWS's advice: a batch may be throttled and tried again while it is hidden. */
const VISIBILITY_TIMEOUTS = 6;
/** AWS's advice for the redrive policy. */
const RECEIVES_MIN = 5;

type QueuePlan = Extract<MappingPlan, { discipline: 'queue' }>;

/** Rules of queues. */
export function checkQueue(plan: QueuePlan, { timeoutSeconds: timeout }: FunctionFacts, facts: SourceFacts, find: Find): void {
  const { visibilitySeconds: visibility, hasRedrive, maxReceiveCount: receives } = facts;
  const isEmbedded = plan.source.kind === 'embedded-queue';
  const field = isEmbedded ? `/queues.${plan.source.queue}` : plan.source.queue.startsWith('arn:') ? 'EventSourceArn' : 'QueueUrl';
  if (visibility !== undefined && timeout !== undefined) {
    checkVisibility({ visibility, timeout, field: isEmbedded ? `${field}.visibilityTimeoutSeconds` : field }, plan, find);
  }
  if (hasRedrive === false) {
    find(
      'warning',
      isEmbedded ? `${field}.redrive` : field,
      'the queue has no redrive policy: a message that always fails is tried again until the queue forgets it, and gets in the way of others',
      isEmbedded
        ? 'add redrive: { queue: NAME-OF-ANOTHER, maxReceiveCount: 5 }'
        : 'give the queue a RedrivePolicy with a dead-letter queue',
    );
  } else if (receives !== undefined && receives < RECEIVES_MIN) {
    find(
      'note',
      isEmbedded ? `${field}.redrive.maxReceiveCount` : field,
      `messages are set aside after ${String(receives)} ${receives === 1 ? 'receive' : 'receives'}, those that failed through no fault of their own too`,
      `set maxReceiveCount to at least ${String(RECEIVES_MIN)}, unless this is meant`,
    );
  }
}

interface VisibilityFacts {
  readonly visibility: number;
  readonly timeout: number;
  readonly field: string;
}

function checkVisibility({ visibility, timeout, field }: VisibilityFacts, { fields, source }: QueuePlan, find: Find): void {
  const window = fields.maximumBatchingWindowInSeconds ?? 0;
  const wanted = VISIBILITY_TIMEOUTS * timeout + window;
  const hasHeartbeat = fields.heartbeat !== false;
  const renewed = hasHeartbeat ? '; the heartbeat renews it while this process lives' : '; there is no heartbeat to renew it';
  const fix = `set the visibility timeout of the queue to at least ${String(wanted)} s`;
  if (visibility < timeout) {
    find(
      source.kind === 'sqs' ? 'error' : 'warning',
      field,
      `Queue visibility timeout: ${String(visibility)} seconds is less than Function timeout: ${String(timeout)} seconds: AWS and the API refuse such a mapping${renewed}`,
      fix,
    );
  } else if (visibility < wanted) {
    const sum = window === 0 ? '' : ' and the batching window';
    find(
      'warning',
      field,
      `the visibility timeout is ${String(visibility)} s, below 6 times the function's Timeout${sum} (${timeText(wanted)}): messages of a batch that is throttled come again too early${renewed}`,
      fix,
    );
  }
}
