/**
 * An on-failure destination in the memory of the process: for tests and first runs.
 */
import { ConfigError, type Discard, discardJson, type FailureDestination, type InvocationRecord, SourceError } from '../../../src/index.ts';

/** What can be set on a {@link MemoryDestination}. */
export interface MemoryDestinationOptions {
  /** How people know it. Default `memory`. */
  readonly label?: string;
  /** How many discards it holds, 1 or more, default 10000. Beyond that it refuses, and the stream waits. */
  readonly maximumDiscards?: number;
}

/** One discard as it was received. */
export interface ReceivedDiscard extends Pick<Discard, 'id' | 'mappingId' | 'shardId'> {
  /** The text that SQS and SNS would carry. */
  readonly json: string;
  /** The same, read. Its batch info stands under `KinesisBatchInfo` or `DDBStreamBatchInfo`. */
  readonly record: InvocationRecord & Readonly<Record<string, unknown>>;
  /** The event that the function got, or would have got, as JSON. */
  readonly payload: string;
}

/** A destination that can be looked into. */
export interface MemoryDestination extends FailureDestination {
  /** What was received, in order. Stays readable after `close()`. */
  readonly received: readonly ReceivedDiscard[];
  /** Forgets what was received. */
  clear(): void;
}

const DEFAULT_MAXIMUM = 10_000;

/** Makes a {@link MemoryDestination}. Throws a ConfigError. */
export function memoryDestination(options: MemoryDestinationOptions = {}): MemoryDestination {
  const { label = 'memory', maximumDiscards = DEFAULT_MAXIMUM } = options;
  if (!Number.isSafeInteger(maximumDiscards) || maximumDiscards < 1) {
    throw new ConfigError([{ field: 'maximumDiscards', message: 'must be a whole number of 1 or more' }]);
  }
  return new Memory(label, maximumDiscards);
}

class Memory implements MemoryDestination {
  readonly label: string;
  readonly #maximumDiscards: number;
  readonly #received: ReceivedDiscard[] = [];

  constructor(label: string, maximumDiscards: number) {
    this.label = label;
    this.#maximumDiscards = maximumDiscards;
  }

  get received(): readonly ReceivedDiscard[] {
    return this.#received;
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  send(discard: Discard, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(new SourceError('unavailable', 'AbortError', 'the call was aborted'));
    if (this.#received.length >= this.#maximumDiscards) {
      const message = `${this.label} holds ${String(this.#maximumDiscards)} discards already; clear() makes room`;
      return Promise.reject(new SourceError('throttled', 'Full', message));
    }
    const { id, mappingId, shardId } = discard;
    const json = discardJson(discard);
    this.#received.push({
      id,
      mappingId,
      shardId,
      json,
      record: JSON.parse(json) as ReceivedDiscard['record'],
      payload: discard.payload(),
    });
    return Promise.resolve();
  }

  clear(): void {
    this.#received.length = 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
