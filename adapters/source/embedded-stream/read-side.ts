import type { Clock } from '../../../src/index.ts';
import { closed, replaced, streamNotFound } from './errors.ts';
import type { StreamSettings } from './options.ts';
import type { Shards } from './shards.ts';

/** The stream as its reads see it. */
export class ReadSide {
  readonly clock: Clock;
  readonly pollMs: number;
  readonly iteratorLifetimeMs: number;
  /** Grows when every iterator is made to expire. */
  iteratorEpoch = 0;
  /** How often the stream was closed. */
  closings = 0;
  readonly #name: string;
  readonly #current: () => Shards | undefined;

  constructor({ clock, pollMs, iteratorLifetimeMs, name }: StreamSettings, current: () => Shards | undefined) {
    this.clock = clock;
    this.pollMs = pollMs;
    this.iteratorLifetimeMs = iteratorLifetimeMs;
    this.#name = name;
    this.#current = current;
  }

  /** Whether {@link shards} would not throw. */
  has(expected: Shards | undefined, closings: number): boolean {
    return closings === this.closings && expected !== undefined && expected === this.#current();
  }

  /** The incarnation there is now. Throws when there is none, when it is another than `expected`, or when the stream was closed since. */
  shards(expected: Shards | undefined, closings: number): Shards {
    if (closings !== this.closings) throw closed(this.#name);
    const current = this.#current();
    if (current === undefined) throw streamNotFound(this.#name);
    if (expected !== undefined && expected !== current) throw replaced(this.#name);
    return current;
  }
}
