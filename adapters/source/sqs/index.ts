/**
 * SQS and SQS FIFO as a source.
 *
 * - options.ts          what a user may say, and the checks
 * - client.ts           the calls to SQS, and the SDK behind them
 * - message.ts          from the SDK's message to the engine's
 * - batch.ts            results of batch calls, per entry
 * - description.ts      what the queue's attributes say
 */
import type { SQSEvent } from 'aws-lambda';
import type {
  EntryResult,
  FilterView,
  QueueDepth,
  QueueDescription,
  QueueMessage,
  QueueReceipt,
  QueueSource,
  ReceiveRequest,
} from '../../../src/index.ts';
import { sqsError } from '../../shared/sqs-errors.ts';
import { eventBytes, type QueueIdentity, queueFilterView, toQueueEvent } from '../../shared/sqs-event.ts';
import { entryId, entryResults } from './batch.ts';
import { connect, type SqsCalls } from './client.ts';
import { ARN_UNKNOWN, identityOf, toDepth, toDescription } from './description.ts';
import { canCheckBodies, type MessageContext, toQueueMessage } from './message.ts';
import { type ResolvedSqsOptions, resolveSqsOptions, type SqsOptions } from './options.ts';

export type { AwsCredentials } from '../../shared/aws-settings.ts';
export type { SqsOptions } from './options.ts';

/** A queue of SQS, FIFO when its name ends in `.fifo`. Nothing is loaded or called before the first call. Throws a ConfigError. */
export function sqs(options: SqsOptions): QueueSource<SQSEvent> {
  return new SqsQueue(resolveSqsOptions(options));
}

const DEPTH_ATTRIBUTES = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

/** A connection to one queue. */
interface Connected {
  readonly calls: SqsCalls;
  readonly queueUrl: string;
}

class SqsQueue implements QueueSource<SQSEvent> {
  readonly kind = 'queue';
  readonly label: string;
  readonly fifo: boolean;
  readonly filtering = {
    kind: 'sqs' as const,
    view: (message: QueueMessage, { windowed }: { readonly windowed: boolean }): FilterView =>
      queueFilterView(message, { ...this.#known(), windowed }),
  };
  readonly #options: ResolvedSqsOptions;
  #messageContext: MessageContext;
  #identity: QueueIdentity | undefined;
  #calls: Promise<SqsCalls> | undefined;
  #connected: Promise<Connected> | undefined;

  constructor(options: ResolvedSqsOptions) {
    this.label = options.label;
    this.fifo = options.queue.name.endsWith('.fifo');
    this.#options = options;
    this.#identity = options.queue.kind === 'arn' ? identityOf(options.queue.arn) : undefined;
    this.#messageContext = { fifo: this.fifo, identity: this.#identity ?? ARN_UNKNOWN, checkBodies: canCheckBodies() };
  }

  async describe(): Promise<QueueDescription> {
    // Asking for FifoQueue by name is refused by standard queues; All is not.
    const { Attributes } = await this.#call('GetQueueAttributes', ({ calls, queueUrl }) =>
      calls.attributes({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
    );
    const { queue } = this.#options;
    const description = toDescription(Attributes ?? {}, queue.kind === 'arn' ? queue.arn : undefined);
    this.#identity = identityOf(description.arn);
    this.#messageContext = { ...this.#messageContext, identity: this.#identity };
    return description;
  }

  receive({ max, waitSeconds, visibilitySeconds, attemptId, signal }: ReceiveRequest): Promise<readonly QueueMessage[]> {
    return this.#call('ReceiveMessage', async ({ calls, queueUrl }) => {
      const { Messages } = await calls.receive(
        {
          QueueUrl: queueUrl,
          MaxNumberOfMessages: max,
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
          ...(visibilitySeconds === undefined ? undefined : { VisibilityTimeout: visibilitySeconds }),
          ...(this.fifo && attemptId !== undefined ? { ReceiveRequestAttemptId: attemptId } : undefined),
        },
        signal,
      );
      return (Messages ?? []).map((message) => toQueueMessage(message, this.#messageContext));
    });
  }

  async delete(receipts: readonly QueueReceipt[]): Promise<readonly EntryResult[]> {
    if (receipts.length === 0) return [];
    const Entries = receipts.map(({ receiptHandle }, index) => ({ Id: entryId(index), ReceiptHandle: receiptHandle }));
    const answer = await this.#call('DeleteMessageBatch', ({ calls, queueUrl }) => calls.deleteBatch({ QueueUrl: queueUrl, Entries }));
    return entryResults(receipts.length, answer);
  }

  async changeVisibility(receipts: readonly QueueReceipt[], seconds: number): Promise<readonly EntryResult[]> {
    if (receipts.length === 0) return [];
    const Entries = receipts.map(({ receiptHandle }, index) => ({
      Id: entryId(index),
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: seconds,
    }));
    const answer = await this.#call('ChangeMessageVisibilityBatch', ({ calls, queueUrl }) =>
      calls.changeVisibilityBatch({ QueueUrl: queueUrl, Entries }),
    );
    return entryResults(receipts.length, answer);
  }

  async depth(): Promise<QueueDepth> {
    const { Attributes } = await this.#call('GetQueueAttributes', ({ calls, queueUrl }) =>
      calls.attributes({ QueueUrl: queueUrl, AttributeNames: [...DEPTH_ATTRIBUTES] }),
    );
    return toDepth(Attributes ?? {});
  }

  toEvent(messages: readonly QueueMessage[], { windowed }: { readonly windowed: boolean }): SQSEvent {
    return toQueueEvent(messages, { ...this.#known(), windowed });
  }

  eventBytes(message: QueueMessage, { windowed }: { readonly windowed: boolean }): number {
    return eventBytes(message, { ...this.#known(), windowed });
  }

  async close(): Promise<void> {
    const calls = this.#calls;
    this.#calls = undefined;
    this.#connected = undefined;
    await calls?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  #known(): QueueIdentity {
    if (this.#identity === undefined) throw new Error(`describe() of ${this.label} has not succeeded yet`);
    return this.#identity;
  }

  async #call<Answer>(name: string, make: (connected: Connected) => Promise<Answer>): Promise<Answer> {
    const connecting = (this.#connected ??= this.#connect());
    let call = 'GetQueueUrl';
    try {
      const connected = await connecting;
      call = name;
      return await make(connected);
    } catch (thrown) {
      const error = sqsError(thrown, call);
      // The queue may come back elsewhere, and a connection that failed is made anew.
      const isStale = call !== name || error.kind === 'not-found';
      if (isStale && this.#connected === connecting) this.#connected = undefined;
      throw error;
    }
  }

  async #connect(): Promise<Connected> {
    const opening = (this.#calls ??= connect(this.#options));
    const calls = await opening.catch((error: unknown) => {
      if (this.#calls === opening) this.#calls = undefined;
      throw error;
    });
    return { calls, queueUrl: await this.#findQueueUrl(calls) };
  }

  /** A configured endpoint stands above the host of any queue URL, whoever named it. */
  async #findQueueUrl(calls: SqsCalls): Promise<string> {
    const { queue } = this.#options;
    let found: string | undefined;
    if (queue.kind === 'url') found = queue.url.href;
    else {
      const owner = queue.kind === 'arn' ? { QueueOwnerAWSAccountId: queue.account } : undefined;
      ({ QueueUrl: found } = await calls.queueUrl({ QueueName: queue.name, ...owner }));
    }
    if (found === undefined) throw new SyntaxError('GetQueueUrl gave no URL');
    return calls.endpoint === undefined ? found : new URL(new URL(found).pathname, calls.endpoint).href;
  }
}
