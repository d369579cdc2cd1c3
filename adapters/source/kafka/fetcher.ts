/**
 * Fetches what is asked for, and nothing else: partitions of one broker that are asked for at the same time travel in one request,
 * as a broker answers the requests of a connection one after another.
 */
import { type Clock, type Random, SourceError } from '../../../src/index.ts';
import { kafkaError } from '../../shared/kafka-errors.ts';
import { pause } from '../../shared/pause.ts';
import { steadyBackoffMs } from './backoff.ts';
import type { Brokers } from './brokers.ts';
import type { WirePartition, WirePlace } from './wire.ts';

/** What a fetcher needs. */
export interface FetcherParts {
  readonly topic: string;
  readonly brokers: Pick<Brokers, 'onBroker' | 'partitions' | 'refresh'>;
  readonly isolationLevel: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** A fetch that failed, and when another is due. */
export class FetchTrouble {
  readonly error: SourceError;
  readonly retryAt: number;

  constructor(error: SourceError, retryAt: number) {
    this.error = error;
    this.retryAt = retryAt;
  }
}

interface Ask {
  readonly place: WirePlace;
  readonly signal: AbortSignal;
  readonly resolve: (answer: WirePartition | FetchTrouble | undefined) => void;
}

/** How long a broker waits for records: no longer, as whoever asks meanwhile waits too. */
const WAIT_MS = 100;
/** The same while somebody has just been given records and will want more. */
const HOT_WAIT_MS = 10;
const HOT_MS = 250;
const ANSWER_BYTES = 10_485_760;
const BACKOFF = { baseMs: 200, capMs: 5_000 } as const;

/** One membership's fetches. */
export class Fetcher {
  readonly #parts: FetcherParts;
  /** By broker: who waits. */
  readonly #asks = new Map<number, Ask[]>();
  readonly #pumps = new Set<number>();
  /** By broker: failures one after another, and when the next try is due. */
  readonly #gates = new Map<number, { readonly failures: number; readonly dueAt: number }>();
  readonly #closing = new AbortController();
  #hotUntil = 0;
  #isStale = false;

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /** What is at that place; `undefined` once the signal is set or the fetcher closed. Never rejects. */
  async fetch(place: WirePlace, signal: AbortSignal): Promise<WirePartition | FetchTrouble | undefined> {
    const leader = await this.#leaderOf(place.partition);
    if (this.#isOver(signal)) return undefined;
    if (leader instanceof FetchTrouble) return leader;
    return new Promise((resolve) => {
      const end = (answer: WirePartition | FetchTrouble | undefined): void => {
        signal.removeEventListener('abort', cancel);
        this.#closing.signal.removeEventListener('abort', cancel);
        resolve(answer);
      };
      const cancel = (): void => end(undefined);
      signal.addEventListener('abort', cancel);
      this.#closing.signal.addEventListener('abort', cancel);
      const asks = this.#asks.get(leader) ?? [];
      this.#asks.set(leader, asks);
      asks.push({ place, signal, resolve: end });
      if (!this.#pumps.has(leader)) void this.#pump(leader);
    });
  }

  /** The leaders may have changed: they are looked up with the next fetch. */
  refresh(): void {
    this.#isStale = true;
  }

  close(): void {
    this.#closing.abort();
  }

  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#closing.signal.aborted;
  }

  async #leaderOf(partition: number): Promise<number | FetchTrouble> {
    const { brokers, clock, topic } = this.#parts;
    try {
      const partitions = this.#isStale ? await brokers.refresh() : await brokers.partitions();
      this.#isStale = false;
      const leader = partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
      if (leader >= 0) return leader;
      throw new SourceError('unavailable', 'LEADER_NOT_AVAILABLE', `Fetch of ${topic}-${String(partition)}: it has no leader at present`);
    } catch (thrown) {
      this.#isStale = true;
      return new FetchTrouble(kafkaError(thrown, `Fetch of ${topic}`), clock.monotonic() + this.#waitMs(1));
    }
  }

  async #pump(leader: number): Promise<void> {
    const { clock } = this.#parts;
    this.#pumps.add(leader);
    try {
      // Whoever asks in this turn comes along.
      await clock.turn();
      while (!this.#closing.signal.aborted) {
        await pause(clock, (this.#gates.get(leader)?.dueAt ?? 0) - clock.monotonic(), this.#closing.signal);
        const asks = this.#due(leader);
        if (asks.length === 0) return;
        await this.#ask(leader, asks);
        await clock.turn();
      }
    } finally {
      this.#pumps.delete(leader);
    }
  }

  /** Takes out who comes along next: one for each partition, as an answer does not say to which ask it belongs. */
  #due(leader: number): Ask[] {
    const due = new Map<number, Ask>();
    const later: Ask[] = [];
    for (const ask of this.#asks.get(leader) ?? []) {
      if (this.#isOver(ask.signal)) continue;
      if (due.has(ask.place.partition)) later.push(ask);
      else due.set(ask.place.partition, ask);
    }
    if (later.length > 0) this.#asks.set(leader, later);
    else this.#asks.delete(leader);
    return [...due.values()];
  }

  async #ask(leader: number, asks: readonly Ask[]): Promise<void> {
    const { topic, brokers, isolationLevel, clock } = this.#parts;
    const places = asks.map(({ place }) => place);
    const maxBytes = Math.max(ANSWER_BYTES, ...places.map((place) => place.maxBytes));
    const maxWaitTime = clock.monotonic() < this.#hotUntil ? HOT_WAIT_MS : WAIT_MS;
    try {
      const request = { isolationLevel, maxWaitTime, minBytes: 1, maxBytes, topics: [{ topic, partitions: places }] };
      const answer = await brokers.onBroker(leader, `Fetch of ${topic}`, (broker) => broker.fetch(request));
      this.#gates.delete(leader);
      const found = new Map(answer.responses.flatMap(({ partitions }) => partitions).map((one) => [one.partition, one]));
      if ([...found.values()].some(({ messages }) => messages.length > 0)) this.#hotUntil = clock.monotonic() + HOT_MS;
      for (const { place, resolve } of asks) {
        resolve(found.get(place.partition) ?? { partition: place.partition, errorCode: 0, highWatermark: place.fetchOffset, messages: [] });
      }
    } catch (thrown) {
      await this.#fail(leader, asks, kafkaError(thrown, `Fetch of ${topic}`));
    }
  }

  async #fail(leader: number, asks: readonly Ask[], error: SourceError): Promise<void> {
    // What kafkajs cannot decode is one partition's: the others shall not suffer.
    if (error.kind === 'invalid' && asks.length > 1) {
      const half = Math.ceil(asks.length / 2);
      await this.#ask(leader, asks.slice(0, half));
      await this.#ask(leader, asks.slice(half));
      return;
    }
    const failures = (this.#gates.get(leader)?.failures ?? 0) + 1;
    const dueAt = this.#parts.clock.monotonic() + this.#waitMs(failures);
    if (error.kind !== 'invalid') this.#gates.set(leader, { failures, dueAt });
    this.#isStale = true;
    for (const { resolve } of asks) resolve(new FetchTrouble(error, dueAt));
  }

  #waitMs(failures: number): number {
    return steadyBackoffMs(BACKOFF, failures, this.#parts.random.next());
  }
}
