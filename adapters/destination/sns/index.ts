/**
 * An SNS topic as an on-failure destination.
 *
 * - options.ts  what a user may say, and the checks
 * - client.ts   the calls to SNS, the SDK behind them, and its error codes
 */
import { type Discard, discardJson, type FailureDestination, SourceError } from '../../../src/index.ts';
import { AwsConnection } from '../../shared/aws-connection.ts';
import { AwsDestination, confirmed } from '../../shared/aws-destination.ts';
import { connect, snsError } from './client.ts';
import { resolveSnsDestination, type SnsDestinationOptions } from './options.ts';

export type { SnsDestinationOptions } from './options.ts';

/** The most that a message of SNS may hold, bytes. An invocation record without data takes about one thousand. */
const MESSAGE_BYTES_MAX = 262_144;

/** A standard topic that takes the invocation records, as its messages. Nothing is called before the first call. Throws a ConfigError. */
export function snsDestination(options: SnsDestinationOptions): FailureDestination {
  const resolved = resolveSnsDestination(options);
  return new AwsDestination({
    label: resolved.topicArn,
    connection: new AwsConnection(() => connect(resolved), snsError),
    check: (topic) => topic.call('GetTopicAttributes', (calls) => calls.attributes()),
    send: async (topic, discard, signal) => {
      const message = messageOf(discard);
      confirmed(await topic.call('Publish', (calls) => calls.publish(message, signal)), 'Publish');
    },
  });
}

function messageOf(discard: Discard): string {
  const message = discardJson(discard);
  const bytes = Buffer.byteLength(message);
  if (bytes <= MESSAGE_BYTES_MAX) return message;
  const most = String(MESSAGE_BYTES_MAX);
  throw new SourceError('invalid', 'MessageTooLong', `Publish: the record takes ${String(bytes)} bytes, SNS carries ${most}`);
}
