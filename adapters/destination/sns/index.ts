/**
 * An SNS topic as an on-failure destination.
 *
 * - options.ts  what a user may say, and the checks
 * - client.ts   the calls to SNS, the SDK behind them, and its error codes
 */
import { type Discard, discardJson, type FailureDestination, SourceError } from '../../../src/index.ts';
import { AwsConnection } from '../../shared/aws-connection.ts';
import { connect, snsError, type TopicCalls } from './client.ts';
import { type ResolvedSnsDestination, resolveSnsDestination, type SnsDestinationOptions } from './options.ts';

export type { SnsDestinationOptions } from './options.ts';

/** The most that a message of SNS may hold, bytes. An invocation record without data takes about one thousand. */
const MESSAGE_BYTES_MAX = 262_144;

/** A standard topic that takes the invocation records, as its messages. Nothing is called before the first call. Throws a ConfigError. */
export function snsDestination(options: SnsDestinationOptions): FailureDestination {
  return new SnsDestination(resolveSnsDestination(options));
}

class SnsDestination implements FailureDestination {
  readonly label: string;
  readonly #topic: AwsConnection<TopicCalls>;

  constructor(options: ResolvedSnsDestination) {
    this.label = options.topicArn;
    this.#topic = new AwsConnection(() => connect(options), snsError);
  }

  async check(): Promise<void> {
    await this.#topic.call('GetTopicAttributes', (topic) => topic.attributes());
  }

  async send(discard: Discard, signal: AbortSignal): Promise<void> {
    const message = discardJson(discard);
    const bytes = Buffer.byteLength(message);
    if (bytes > MESSAGE_BYTES_MAX) {
      const most = String(MESSAGE_BYTES_MAX);
      throw new SourceError('invalid', 'MessageTooLong', `Publish: the record takes ${String(bytes)} bytes, SNS carries ${most}`);
    }
    const { MessageId } = await this.#topic.call('Publish', (topic) => topic.publish(message, signal));
    if (MessageId === undefined) throw new SourceError('unavailable', 'UnreadableAnswer', 'Publish: the answer holds no message id');
  }

  close(): Promise<void> {
    return this.#topic.close();
  }
}
