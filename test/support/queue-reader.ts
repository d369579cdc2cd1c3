import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The longest that a message is waited for, ms. */
const PATIENCE_MS = 60_000;

/** Takes messages out of a queue, as whoever looks into it after a failure would. */
export class QueueReader {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Waits for so many bodies; fewer come only when that takes too long, more if more are there. */
  async bodies(count: number): Promise<readonly string[]> {
    const bodies: string[] = [];
    const deadline = performance.now() + PATIENCE_MS;
    while (bodies.length < count && performance.now() < deadline) bodies.push(...(await this.#receive(2)));
    return [...bodies, ...(await this.#receive(0))];
  }

  /** What is there now, at most ten. */
  bodiesNow(): Promise<readonly string[]> {
    return this.#receive(0);
  }

  async #receive(waitSeconds: number): Promise<string[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({ QueueUrl: this.#url, MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds }),
    );
    for (const { ReceiptHandle } of Messages) await this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle }));
    return Messages.map(({ Body = '' }) => Body);
  }
}
