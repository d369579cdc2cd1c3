import {
  asSourceError,
  type Clock,
  QUEUE_MESSAGES_PER_RECEIVE,
  type QueueMessage,
  type QueueSource,
  type Random,
  type SourceError,
} from '../contract/index.ts';

/** What one receive came to. */
export type Polled =
  /** `arrivedAt`: monotonic, ms, of the response. `asked`: how many were asked for. */
  | { readonly kind: 'messages'; readonly messages: readonly QueueMessage[]; readonly arrivedAt: number; readonly asked: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'failed'; readonly error: SourceError };

/** One ask. */
export interface Ask {
  readonly max: number;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number | undefined;
}

/** How long a receive attempt id stays good (SQS: 5 minutes), a margin taken off, ms. */
const ATTEMPT_ID_MS = 290_000;

/**
 * Receives for one slot: one receive at a time. On FIFO queues a lost reply is asked for again under the same attempt
 * id, so that what it held comes at once and not after its visibility timeout.
 */
export class QueuePoller {
  readonly #source: QueueSource;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #signal: AbortSignal;
  #attempt: { readonly id: string; readonly since: number } | undefined;

  /** `signal` ends an open receive. It may swallow messages until their visibility ends, so only a hard stop does this. */
  constructor(source: QueueSource, clock: Clock, random: Random, signal: AbortSignal) {
    this.#source = source;
    this.#clock = clock;
    this.#random = random;
    this.#signal = signal;
  }

  /** Asks once. Never rejects. */
  async poll(ask: Ask): Promise<Polled> {
    const asked = Math.min(ask.max, QUEUE_MESSAGES_PER_RECEIVE);
    try {
      const messages = await this.#source.receive({
        max: asked,
        waitSeconds: ask.waitSeconds,
        visibilitySeconds: ask.visibilitySeconds,
        attemptId: this.#attemptId(),
        signal: this.#signal,
      });
      this.#attempt = undefined;
      if (messages.length === 0) return { kind: 'empty' };
      return { kind: 'messages', messages, arrivedAt: this.#clock.monotonic(), asked };
    } catch (caught) {
      const error = asSourceError(caught);
      if (error.kind !== 'unavailable') this.#attempt = undefined;
      return { kind: 'failed', error };
    }
  }

  #attemptId(): string | undefined {
    if (!this.#source.fifo) return undefined;
    const now = this.#clock.monotonic();
    if (this.#attempt === undefined || now - this.#attempt.since > ATTEMPT_ID_MS) this.#attempt = { id: this.#random.uuid(), since: now };
    return this.#attempt.id;
  }
}
