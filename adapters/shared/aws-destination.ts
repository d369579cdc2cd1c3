/** What the on-failure destinations on AWS have in common. */
import { type Discard, type FailureDestination, SourceError } from '../../src/index.ts';
import type { AwsConnection } from './aws-connection.ts';

/** How one service takes invocation records. All but `label` reject with a SourceError. */
export interface AwsDestinationParts<Calls> {
  /** As it was configured. */
  readonly label: string;
  readonly connection: AwsConnection<Calls>;
  /** Asks for what has to exist. */
  readonly check: (connection: AwsConnection<Calls>) => Promise<unknown>;
  /** Resolves when the service has confirmed that it holds the record. */
  readonly send: (connection: AwsConnection<Calls>, discard: Discard, signal: AbortSignal) => Promise<unknown>;
}

/** A destination over a connection, which it closes. */
export class AwsDestination<Calls> implements FailureDestination {
  readonly label: string;
  readonly #parts: AwsDestinationParts<Calls>;

  constructor(parts: AwsDestinationParts<Calls>) {
    this.label = parts.label;
    this.#parts = parts;
  }

  async check(): Promise<void> {
    await this.#parts.check(this.#parts.connection);
  }

  async send(discard: Discard, signal: AbortSignal): Promise<void> {
    await this.#parts.send(this.#parts.connection, discard, signal);
  }

  close(): Promise<void> {
    return this.#parts.connection.close();
  }
}

/** Throws `unavailable` when an answer lacks the id that says that the message was taken. */
export function confirmed({ MessageId }: { readonly MessageId?: string | undefined }, call: string): void {
  if (MessageId === undefined) throw new SourceError('unavailable', 'UnreadableAnswer', `${call}: the answer holds no message id`);
}
