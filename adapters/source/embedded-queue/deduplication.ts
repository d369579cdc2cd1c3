import type { SentMessage } from './message-input.ts';

/** How long SQS remembers a deduplication id. */
const DEDUPLICATION_MS = 300_000;
/** How often old ids are cleared away at most: walking past what was removed in front of them costs time. */
const SWEEP_MS = 1000;

/** What was sent under which deduplication id in the last five minutes. */
export class Deduplication {
  readonly #sent = new Map<string, { readonly at: number; readonly message: SentMessage }>();
  #nextSweepAt = 0;

  /** The message that stands for `id` already, if there is one at `now` (monotonic ms). */
  earlier(id: string, now: number): SentMessage | undefined {
    const found = this.#sent.get(id);
    return found !== undefined && now - found.at < DEDUPLICATION_MS ? found.message : undefined;
  }

  remember(id: string, message: SentMessage, now: number): void {
    if (now >= this.#nextSweepAt) this.#sweep(now);
    this.#sent.delete(id);
    this.#sent.set(id, { at: now, message });
  }

  /** Ids stand in the order of their sending, so the first that is young enough ends the walk. */
  #sweep(now: number): void {
    this.#nextSweepAt = now + SWEEP_MS;
    for (const [id, { at }] of this.#sent) {
      if (now - at < DEDUPLICATION_MS) return;
      this.#sent.delete(id);
    }
  }
}
