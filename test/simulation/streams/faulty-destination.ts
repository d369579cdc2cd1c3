import type { Discard, FailureDestination } from '../../../src/index.ts';
import type { Life } from '../life.ts';
import { call, cross, isOut, type Surroundings, strikes, unavailable } from './faulty.ts';

/** How long a destination that hangs takes at most before it fails, ms. */
const HANG_MS = 60_000;

/** Who watches what is given up. */
export interface DiscardWitness {
  giving(life: Life, discard: Discard): void;
  discarded(discard: Discard): void;
  confirmed(life: Life, discard: Discard): void;
  refused(life: Life, discard: Discard): void;
}

/** The on-failure destination of a mapping as one life of the engine reaches it. */
export class FaultyDestination implements FailureDestination {
  readonly label = 'simulated';
  readonly #around: Surroundings;
  readonly #judge: DiscardWitness;

  constructor(around: Surroundings, judge: DiscardWitness) {
    this.#around = around;
    this.#judge = judge;
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  async send(discard: Discard, signal: AbortSignal): Promise<void> {
    const { life, faults, random } = this.#around;
    if (!life.isDead) this.#judge.giving(life, discard);
    try {
      if (strikes(this.#around, faults.destinationHang)) {
        await this.#hang(random.integer(1000, HANG_MS), signal);
        await cross(this.#around);
        throw unavailable('the destination');
      }
      const error = isOut(this.#around, 'destinations') ? 1 : faults.destinationError;
      await call(this.#around, 'the destination', { error, lostReply: faults.destinationLostReply }, () => {
        this.#judge.discarded(discard);
        return Promise.resolve();
      });
      this.#judge.confirmed(life, discard);
    } catch (caught) {
      // A stop that ends the call is no word of the destination.
      if (!signal.aborted) this.#judge.refused(life, discard);
      throw caught;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Passes when the time is over, or when nobody waits any more. */
  #hang(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#around.clock.timer(ms, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }
}
