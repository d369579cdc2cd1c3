/**
 * An SQS queue as an on-failure destination.
 *
 * - options.ts  what a user may say, and the checks
 * - client.ts   the calls to SQS, and the SDK behind them
 */
import { type Discard, discardJson, type FailureDestination, SourceError } from '../../../src/index.ts';
import { AwsConnection } from '../../shared/aws-connection.ts';
import { sqsError } from '../../shared/sqs-errors.ts';
import { connect, type DestinationQueue } from './client.ts';
import { type ResolvedSqsDestination, resolveSqsDestination, type SqsDestinationOptions } from './options.ts';

export type { SqsDestinationOptions } from './options.ts';

/** A standard queue that takes the invocation records, as the bodies of its messages. Nothing is called before the first call. Throws a ConfigError. */
export function sqsDestination(options: SqsDestinationOptions): FailureDestination {
  return new SqsDestination(resolveSqsDestination(options));
}

class SqsDestination implements FailureDestination {
  readonly label: string;
  readonly #queue: AwsConnection<DestinationQueue>;

  constructor(options: ResolvedSqsDestination) {
    this.label = options.label;
    this.#queue = new AwsConnection(() => connect(options), sqsError);
  }

  async check(): Promise<void> {
    await this.#queue.call('GetQueueAttributes', (queue) => queue.attributes());
  }

  async send(discard: Discard, signal: AbortSignal): Promise<void> {
    const { MessageId } = await this.#queue.call('SendMessage', (queue) => queue.send(discardJson(discard), signal));
    if (MessageId === undefined) throw new SourceError('unavailable', 'UnreadableAnswer', 'SendMessage: the answer holds no message id');
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
