import type { SQSEvent } from 'aws-lambda';
import type { EmbeddedQueue } from '../../adapters/source/embedded-queue/index.ts';
import {
  type Clock,
  type EntryResult,
  type QueueDepth,
  type QueueDescription,
  type QueueMessage,
  type QueueReceipt,
  type QueueSource,
  type ReceiveRequest,
  SourceError,
} from '../../src/index.ts';
import type { MappingFacts, Tell } from './facts.ts';
import { type Faults, ownHandle } from './faults.ts';
import { type Life, never } from './life.ts';
import { short, type Trace } from './trace.ts';

/** What a facade works with. */
export interface FaultySourceParts {
  readonly life: Life;
  readonly mapping: MappingFacts;
  readonly queue: EmbeddedQueue;
  readonly faults: Faults;
  /** The world's clock: what is under way goes on when the process dies. */
  readonly clock: Clock;
  readonly tell: Tell;
  readonly trace: Trace;
}

/** How a call goes: the error that comes before its effect or instead of its reply, and how long the way takes. */
interface Way {
  readonly before: SourceError | undefined;
  readonly after: SourceError | undefined;
  readonly thereMs: number;
  readonly backMs: number;
}

/**
 * One queue as one engine life sees it: the embedded queue behind a network that loses, delays and repeats. A request
 * that is on its way has its effect also when the process has died or given up by then.
 */
export class FaultySource implements QueueSource {
  readonly kind = 'queue';
  readonly label: string;
  readonly fifo: boolean;
  readonly #parts: FaultySourceParts;

  constructor(parts: FaultySourceParts) {
    this.#parts = parts;
    this.label = parts.queue.label;
    this.fifo = parts.queue.fifo;
  }

  describe(): Promise<QueueDescription> {
    return this.#call('describe', () => this.#parts.queue.describe());
  }

  depth(): Promise<QueueDepth> {
    return this.#call('depth', () => this.#parts.queue.depth());
  }

  async receive(request: ReceiveRequest): Promise<readonly QueueMessage[]> {
    const { life, mapping, queue, faults, tell, trace } = this.#parts;
    if (!life.touch()) return never();
    trace.note(mapping.name, `receive max ${String(request.max)}, wait ${String(request.waitSeconds)} s`);
    tell('receiveStarted', { life, mapping, request });
    try {
      const served = this.#travel(async () => {
        const given = await queue.receive({ ...request, signal: new AbortController().signal });
        return [...given, ...faults.again(given, request.max)];
      });
      const messages = await this.#reply(orAborted(served, request.signal));
      trace.note(mapping.name, messages.length === 0 ? 'received nothing' : `received ${short(messages.map((m) => m.messageId))}`);
      tell('receiveEnded', { life, mapping, request, messages, failed: false });
      return messages;
    } catch (error) {
      trace.note(mapping.name, `receive failed: ${String(error)}`);
      tell('receiveEnded', { life, mapping, request, messages: [], failed: true });
      throw error;
    }
  }

  delete(receipts: readonly QueueReceipt[]): Promise<readonly EntryResult[]> {
    const { life, mapping, queue, tell, trace } = this.#parts;
    if (life.isDead) return never();
    trace.note(mapping.name, `delete ${short(receipts.map((receipt) => receipt.messageId))}`);
    tell('deleteStarted', { life, mapping, receipts });
    return this.#call('delete', () =>
      this.#entries(receipts, async (sound) => {
        const present = new Set(queue.peek().map(({ messageId }) => messageId));
        const results = await queue.delete(sound);
        sound.forEach((receipt, index) => {
          if (results[index]?.ok === true && present.has(receipt.messageId)) tell('deleted', { life, mapping, receipt });
        });
        return results;
      }),
    );
  }

  async changeVisibility(receipts: readonly QueueReceipt[], seconds: number): Promise<readonly EntryResult[]> {
    const { life, mapping, queue, clock, tell, trace } = this.#parts;
    if (life.isDead) return never();
    trace.note(mapping.name, `visibility ${String(seconds)} s of ${short(receipts.map((receipt) => receipt.messageId))}`);
    const startedAt = clock.monotonic();
    const fact = { life, mapping, receipts, seconds, startedAt };
    tell('visibilityStarted', fact);
    try {
      const results = await this.#call('changeVisibility', () =>
        this.#entries(receipts, (sound) => queue.changeVisibility(sound, seconds)),
      );
      tell('visibilityEnded', { ...fact, results });
      return results;
    } catch (error) {
      tell('visibilityEnded', { ...fact, results: undefined });
      throw error;
    }
  }

  toEvent(messages: readonly QueueMessage[], options: { readonly windowed: boolean }): SQSEvent {
    return this.#parts.queue.toEvent(messages, options);
  }

  eventBytes(message: QueueMessage, options: { readonly windowed: boolean }): number {
    return this.#parts.queue.eventBytes(message, options);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #call<Value>(name: string, effect: () => Promise<Value>): Promise<Value> {
    const { life, mapping, trace } = this.#parts;
    if (!life.touch()) return never();
    try {
      return await this.#reply(this.#travel(effect));
    } catch (error) {
      trace.note(mapping.name, `${name} failed: ${String(error)}`);
      throw error;
    }
  }

  /** Applies a batch call to the entries that no fault takes out. */
  async #entries(
    receipts: readonly QueueReceipt[],
    apply: (sound: readonly QueueReceipt[]) => Promise<readonly EntryResult[]>,
  ): Promise<readonly EntryResult[]> {
    const { faults, mapping, trace } = this.#parts;
    const refused = receipts.map(() => faults.entry());
    const sound = receipts
      .filter((_, index) => refused[index] === undefined)
      .map(({ messageId, receiptHandle }) => ({ messageId, receiptHandle: ownHandle(receiptHandle) }));
    const applied = sound.length === 0 ? [] : await apply(sound);
    let next = 0;
    const results = refused.map((result) => {
      if (result !== undefined) return result;
      const own = applied[next];
      next += 1;
      return own ?? { ok: true as const };
    });
    const failed = results.filter((result) => !result.ok).length;
    if (failed > 0) trace.note(mapping.name, `${String(failed)} of ${String(results.length)} entries failed`);
    return results;
  }

  /** The request's way through the network: never touches the life, so it goes on without it. */
  async #travel<Value>(effect: () => Promise<Value>): Promise<Value> {
    const way: Way = this.#parts.faults.way();
    if (way.thereMs > 0) await this.#wait(way.thereMs);
    if (way.before !== undefined) throw way.before;
    const missing = this.#parts.faults.missing();
    if (missing !== undefined) throw missing;
    const value = await effect();
    if (way.backMs > 0) await this.#wait(way.backMs);
    if (way.after !== undefined) throw way.after;
    return value;
  }

  /** The reply reaches the engine only while its process lives. */
  async #reply<Value>(reply: Promise<Value>): Promise<Value> {
    let value: Value;
    try {
      value = await reply;
    } catch (error) {
      if (!this.#parts.life.touch()) await never();
      throw error;
    }
    return this.#parts.life.touch() ? value : never();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.timer(ms, resolve);
    });
  }
}

/** What a client gets who may give up: the request is not taken back by that. */
function orAborted<Value>(served: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(new SourceError('unavailable', 'RequestAborted', 'the receive was aborted'));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    served.then(
      (value) => {
        signal.removeEventListener('abort', onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
