import type {
  BufferAccount,
  Clock,
  Delivery,
  EngineListener,
  EntryResult,
  QueueReceipt,
  QueueSource,
  Random,
  RetryBackoff,
} from '../contract/index.ts';
import { QUEUE_VISIBILITY_SECONDS_MAX } from '../contract/index.ts';
import type { Latch } from '../kit/index.ts';
import { callForEntries, type EntryCalls, type FailedEntries } from './entry-calls.ts';
import { type Beaten, Heartbeat } from './heartbeat.ts';
import { type Arrival, InFlight } from './in-flight.ts';

/** What a settler works with. */
export interface QueueSettlerParts {
  readonly mapping: string;
  readonly source: QueueSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: EngineListener;
  /** Where what is in flight is counted. */
  readonly account: BufferAccount;
  /** Renew visibility while a batch is open or running. */
  readonly heartbeat: boolean;
  readonly retryBackoff: RetryBackoff | undefined;
  /** Set at a hard stop: failed calls are not tried again. */
  readonly hurry: Latch;
}

/**
 * Carries out what was decided about messages, and keeps the ledger of what is not settled yet. Only this room deletes
 * and changes visibility.
 */
export class QueueSettler {
  readonly #parts: QueueSettlerParts;
  readonly #inFlight: InFlight;
  readonly #heartbeat: Heartbeat;
  /** The queue's own VisibilityTimeout, s. */
  #ownVisibilitySeconds = 30;

  constructor(parts: QueueSettlerParts) {
    this.#parts = parts;
    this.#inFlight = new InFlight(parts.clock, parts.account);
    this.#heartbeat = new Heartbeat(parts.clock, this.#inFlight, (deliveries, seconds) => this.#beat(deliveries, seconds));
  }

  /** What is received and not settled. */
  get inFlight(): InFlight {
    return this.#inFlight;
  }

  /** Takes note of the queue's VisibilityTimeout. */
  described(visibilityTimeoutSeconds: number): void {
    this.#ownVisibilitySeconds = visibilityTimeoutSeconds;
  }

  /** Opens entries for what a receive brought; `cleaned` is done when what goes into no batch has been dealt with. */
  open(arrival: Arrival): { readonly fresh: readonly Delivery[]; readonly cleaned: Promise<void> | undefined } {
    const { hold, fresh, duplicates, behind, handledBefore } = this.#inFlight.open(arrival);
    if (duplicates > 0) this.#parts.listener('source.duplicates', { mapping: this.#parts.mapping, messages: duplicates });
    if (this.#parts.heartbeat && hold !== undefined) this.#heartbeat.watch(hold);
    if (behind.length === 0 && handledBefore.length === 0) return { fresh, cleaned: undefined };
    return { fresh, cleaned: Promise.all([this.giveBack(behind), this.#deleteHandledBefore(handledBefore)]).then(() => undefined) };
  }

  /** Deletes what was handled; what cannot be deleted is remembered and deleted when it comes again. */
  async delete(deliveries: readonly Delivery[]): Promise<number> {
    if (deliveries.length === 0) return 0;
    await this.#heartbeat.release(deliveries);
    const failed = await callForEntries(
      deliveries.map(tokenOf),
      this.#calls((receipts) => this.#parts.source.delete(receipts)),
    );
    if (failed === undefined) {
      this.#inFlight.close(deliveries, false);
      return deliveries.length;
    }
    const lost = new Set(failed.entries.map(({ messageId }) => messageId));
    this.#inFlight.close(
      deliveries.filter(({ message }) => !lost.has(message.messageId)),
      false,
    );
    this.#inFlight.close(
      deliveries.filter(({ message }) => lost.has(message.messageId)),
      true,
    );
    this.#failed('delete', failed);
    return deliveries.length - lost.size;
  }

  /**
   * Gives failed messages back on the queue's own cadence (spec e.3, R10): only if their visibility was prolonged is it
   * set, to what the queue's own timeout leaves; otherwise it just runs out. With `retryBackoff` by receive count.
   */
  async returnFailed(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#heartbeat.release(deliveries);
    const now = this.#parts.clock.monotonic();
    const bySeconds = new Map<number, Delivery[]>();
    for (const delivery of deliveries) {
      const seconds = this.#secondsAfterFailure(delivery, now);
      if (seconds === undefined) continue;
      const same = bySeconds.get(seconds);
      if (same === undefined) bySeconds.set(seconds, [delivery]);
      else same.push(delivery);
    }
    // Side by side: a call that hangs keeps none of the others from going back, nor from being over when a stop ends.
    await Promise.all(Array.from(bySeconds, ([seconds, same]) => this.#change(same, seconds)));
    this.#inFlight.close(deliveries, false);
  }

  /** Makes messages that were not worked on visible at once. */
  async giveBack(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#heartbeat.release(deliveries);
    await this.#change(deliveries, 0);
    this.#inFlight.close(deliveries, false);
  }

  /** Leaves messages to their visibility timeout. */
  async leave(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#heartbeat.release(deliveries);
    this.#inFlight.close(deliveries, false);
  }

  /** Ends the heartbeat. */
  stop(): void {
    this.#heartbeat.stop();
  }

  #secondsAfterFailure(delivery: Delivery, now: number): number | undefined {
    const { hold, message } = delivery;
    const { retryBackoff } = this.#parts;
    // The queue counts its 12 hours from the receive, not from now.
    const allowed = QUEUE_VISIBILITY_SECONDS_MAX - 1 - Math.ceil((now - hold.receivedAt) / 1000);
    if (retryBackoff !== undefined) {
      const doublings = Math.min(30, Math.max(0, message.receiveCount - 1));
      return Math.max(0, Math.min(retryBackoff.maxSeconds, retryBackoff.baseSeconds * 2 ** doublings, allowed));
    }
    if (!hold.prolonged && hold.beats === 0) return undefined;
    const left = Math.ceil((hold.receivedAt + this.#ownVisibilitySeconds * 1000 - now) / 1000);
    return Math.max(0, Math.min(left, allowed));
  }

  async #change(deliveries: readonly Delivery[], seconds: number): Promise<void> {
    const failed = await callForEntries(
      deliveries.map(tokenOf),
      this.#calls((receipts) => this.#parts.source.changeVisibility(receipts, seconds)),
    );
    if (failed === undefined) return;
    this.#failed('changeVisibility', failed);
  }

  async #beat(deliveries: readonly Delivery[], seconds: number): Promise<Beaten> {
    try {
      const results = await this.#parts.source.changeVisibility(deliveries.map(tokenOf), seconds);
      const lapsed = deliveries.filter((_, index) => isGone(results[index]));
      return { renewed: results.every((result) => result.ok || !result.retryable), lapsed };
    } catch {
      return { renewed: false, lapsed: [] };
    }
  }

  async #deleteHandledBefore(receipts: readonly QueueReceipt[]): Promise<void> {
    const failed = await callForEntries(
      receipts,
      this.#calls((tokens) => this.#parts.source.delete(tokens)),
    );
    const lost = new Set(failed?.entries.map(({ messageId }) => messageId));
    this.#inFlight.forgetHandled(receipts.filter(({ messageId }) => !lost.has(messageId)));
  }

  #calls(call: EntryCalls<QueueReceipt>['call']): EntryCalls<QueueReceipt> {
    const { clock, random, hurry } = this.#parts;
    return { clock, random, hurry, call };
  }

  #failed(action: 'delete' | 'changeVisibility', failed: FailedEntries<QueueReceipt>): void {
    const { code, message, entries } = failed;
    this.#parts.listener('settle.failed', { mapping: this.#parts.mapping, action, messages: entries.length, code, message });
  }
}

function tokenOf(delivery: Delivery): QueueReceipt {
  return { messageId: delivery.message.messageId, receiptHandle: delivery.receiptHandle };
}

/** The entry is refused for good: its visibility has run out or it has left the queue. */
function isGone(result: EntryResult | undefined): boolean {
  return result !== undefined && !result.ok && !result.retryable;
}
