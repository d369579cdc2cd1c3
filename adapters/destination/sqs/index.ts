/**
 * An SQS queue as an on-failure destination.
 *
 * - options.ts  what a user may say, and the checks
 * - client.ts   the calls to SQS, and the SDK behind them
 */
import { discardJson, type FailureDestination } from '../../../src/index.ts';
import { AwsConnection } from '../../shared/aws-connection.ts';
import { AwsDestination, confirmed } from '../../shared/aws-destination.ts';
import { sqsError } from '../../shared/sqs-errors.ts';
import { connect } from './client.ts';
import { resolveSqsDestination, type SqsDestinationOptions } from './options.ts';

export type { SqsDestinationOptions } from './options.ts';

/** A standard queue that takes the invocation records, as the bodies of its messages. Nothing is called before the first call. Throws a ConfigError. */
export function sqsDestination(options: SqsDestinationOptions): FailureDestination {
  const resolved = resolveSqsDestination(options);
  return new AwsDestination({
    label: resolved.label,
    connection: new AwsConnection(() => connect(resolved), sqsError),
    check: (queue) => queue.call('GetQueueAttributes', (calls) => calls.attributes()),
    send: async (queue, discard, signal) => {
      confirmed(await queue.call('SendMessage', (calls) => calls.send(discardJson(discard), signal)), 'SendMessage');
    },
  });
}
