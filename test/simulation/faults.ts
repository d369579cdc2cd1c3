import { type Clock, type EntryResult, type QueueMessage, type SeededRandom, SourceError } from '../../src/index.ts';
import type { MappingPlan, Plan } from './plan.ts';

/** How many deliveries can come once more. */
const REMEMBERED = 20;
/** Stands in a handle before the number of the repeat: every delivery has a handle of its own. */
const REPEAT = '#';

/** The handle that the queue itself gave out. */
export function ownHandle(receiptHandle: string): string {
  return receiptHandle.split(REPEAT)[0] ?? receiptHandle;
}

/** What goes wrong at one queue, drawn as it happens, until the faults end. */
export class Faults {
  readonly #plan: Plan;
  readonly #mapping: MappingPlan;
  readonly #random: SeededRandom;
  readonly #clock: Clock;
  readonly #recent: QueueMessage[] = [];
  #repeats = 0;

  constructor(plan: Plan, mapping: MappingPlan, random: SeededRandom, clock: Clock) {
    this.#plan = plan;
    this.#mapping = mapping;
    this.#random = random;
    this.#clock = clock;
  }

  /** How one call goes. */
  way(): { before: SourceError | undefined; after: SourceError | undefined; thereMs: number; backMs: number } {
    const random = this.#random;
    const { latencyMs } = this.#plan;
    const latency = (): number => (latencyMs === 0 ? 0 : random.integer(0, latencyMs));
    const way = { before: undefined, after: undefined, thereMs: latency(), backMs: latency() };
    if (!this.#areOn) return way;
    const { throttled, lostRequest, lostReply, slow, slowMs } = this.#mapping.faults;
    if (slow > 0 && random.chance(slow)) {
      if (random.chance(0.5)) way.thereMs += random.integer(1, slowMs);
      else way.backMs += random.integer(1, slowMs);
    }
    if (random.chance(throttled)) return { ...way, before: new SourceError('throttled', 'RequestThrottled', 'asked too often') };
    if (random.chance(lostRequest)) return { ...way, before: new SourceError('unavailable', 'ECONNRESET', 'the request was lost') };
    if (random.chance(lostReply)) return { ...way, after: new SourceError('unavailable', 'ETIMEDOUT', 'the reply was lost') };
    return way;
  }

  /** Why the source cannot be found at this moment, if it cannot. */
  missing(): SourceError | undefined {
    const now = this.#clock.monotonic();
    const isMissing = this.#mapping.missing.some(([from, to]) => now >= from && now < to);
    return isMissing ? new SourceError('not-found', 'AWS.SimpleQueueService.NonExistentQueue', 'the queue does not exist') : undefined;
  }

  /** How one entry of a batch call fails, if it does. */
  entry(): EntryResult | undefined {
    if (!this.#areOn) return undefined;
    const { entryRetryable, entryFinal } = this.#mapping.faults;
    if (entryRetryable > 0 && this.#random.chance(entryRetryable)) return refused('InternalError', true);
    return entryFinal > 0 && this.#random.chance(entryFinal) ? refused('AccessDenied', false) : undefined;
  }

  /** Messages of earlier receives that come once more, though they are in flight or gone. */
  again(given: readonly QueueMessage[], max: number): QueueMessage[] {
    const { duplicate } = this.#mapping.faults;
    if (duplicate === 0 || this.#mapping.queue.fifo || !this.#areOn) return [];
    const ids = new Set(given.map(({ messageId }) => messageId));
    const again: QueueMessage[] = [];
    while (given.length + again.length < max && this.#recent.length > 0 && this.#random.chance(duplicate)) {
      const message = this.#random.pick(this.#recent);
      if (ids.has(message.messageId)) break;
      ids.add(message.messageId);
      this.#repeats += 1;
      again.push({ ...message, receiptHandle: `${message.receiptHandle}${REPEAT}${String(this.#repeats)}` });
    }
    for (const message of given) this.#recent.push(message);
    if (this.#recent.length > REMEMBERED) this.#recent.splice(0, this.#recent.length - REMEMBERED);
    return again;
  }

  get #areOn(): boolean {
    return this.#clock.monotonic() < this.#plan.faultsEndAt;
  }
}

function refused(code: string, retryable: boolean): EntryResult {
  return { ok: false, code, message: 'a fault of the simulation', retryable };
}
