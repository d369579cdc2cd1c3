import type { AcquireResult, Clock, Lease, LeaseOwner, LeaseSnapshot, MappingProblem, StateStore } from '../contract/index.ts';
import { Latch, orSet, sleep } from '../kit/index.ts';

/** Between renewals of a lease, ms. */
const LEASE_RENEW_MS = 2000;
/** A lease whose counter has stood still for this long on the watcher's own clock has no owner any more, ms (R14). */
const LEASE_EXPIRE_MS = 10_000;
/** Between looks at a lease that somebody else holds, ms. */
const LEASE_WATCH_MS = 1000;

/** What a tenure's lease works with. */
export interface TenureLeaseParts {
  readonly key: string;
  readonly store: StateStore;
  readonly owner: LeaseOwner;
  readonly clock: Clock;
  /** Ends the wait for the lease. */
  readonly stopping: Latch;
  readonly onProblem: (problem: Extract<MappingProblem, { kind: 'lease' | 'store' }> | undefined) => void;
  /** The lease is somebody else's now, or could not be renewed in time: everything under it has to end. */
  readonly onLost: () => void;
}

/**
 * The exclusive right to run a mapping, where the store is shared with other processes. Held by renewing a counter;
 * taken over when the counter of another owner stands still, never by comparing wall clocks.
 */
export class TenureLease {
  readonly #parts: TenureLeaseParts;
  readonly #released = new Latch();
  #lease: Lease | undefined;
  #renewing: Promise<void> = Promise.resolve();
  /** When its counter was last seen to move, monotonic ms. */
  #movedAt: number;

  constructor(parts: TenureLeaseParts) {
    this.#parts = parts;
    this.#movedAt = parts.clock.monotonic();
  }

  get snapshot(): LeaseSnapshot {
    return { isHeld: this.#lease !== undefined, movedAt: this.#movedAt };
  }

  /** Waits for the lease and gives its epoch; `undefined` when stopped first. */
  async acquire(): Promise<number | undefined> {
    const { clock, stopping, onProblem } = this.#parts;
    let seen: { readonly counter: number; readonly owner: string; readonly since: number } | undefined;
    while (!stopping.isSet) {
      const unmoved = seen !== undefined && clock.monotonic() - seen.since >= LEASE_EXPIRE_MS ? seen.counter : undefined;
      const answer = await this.#tryAcquire(unmoved);
      if (answer?.acquired === true) {
        this.#lease = answer.lease;
        this.#movedAt = clock.monotonic();
        onProblem(undefined);
        this.#renewing = this.#renew(answer.lease);
        return answer.lease.epoch;
      }
      if (answer !== undefined) {
        onProblem({ kind: 'lease', owner: answer.owner.label });
        if (seen?.counter !== answer.counter || seen.owner !== answer.owner.id) {
          seen = { counter: answer.counter, owner: answer.owner.id, since: clock.monotonic() };
          this.#movedAt = seen.since;
        }
        if (answer.ownerGone && unmoved === undefined) {
          seen = { ...seen, since: Number.NEGATIVE_INFINITY };
          continue;
        }
      }
      await sleep(clock, LEASE_WATCH_MS, stopping);
    }
    return undefined;
  }

  /** Gives the lease back. */
  async release(): Promise<void> {
    this.#released.set();
    await this.#renewing;
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    try {
      await this.#parts.store.release(lease);
    } catch {
      // Nobody renews it any more, so it expires by itself.
    }
  }

  async #tryAcquire(unmoved: number | undefined): Promise<AcquireResult | undefined> {
    const { store, key, owner, clock, onProblem } = this.#parts;
    try {
      return await store.acquire(key, owner, unmoved);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      onProblem({ kind: 'store', message, retryAt: clock.monotonic() + LEASE_WATCH_MS });
      return undefined;
    }
  }

  async #renew(lease: Lease): Promise<void> {
    const { clock, onLost } = this.#parts;
    let renewedAt = clock.monotonic();
    while (await sleep(clock, LEASE_RENEW_MS, this.#released)) {
      const startedAt = clock.monotonic();
      const answer = await this.#tryRenew(lease, renewedAt + LEASE_EXPIRE_MS - LEASE_RENEW_MS);
      if (answer === 'renewed') {
        renewedAt = startedAt;
        this.#movedAt = startedAt;
      } else if (answer === 'lost' || clock.monotonic() - renewedAt >= LEASE_EXPIRE_MS - LEASE_RENEW_MS) {
        if (answer === 'lost') this.#lease = undefined;
        onLost();
        return;
      }
    }
  }

  /** One renewal; a store that does not answer until `until` (monotonic, ms) has not renewed it. */
  async #tryRenew(lease: Lease, until: number): Promise<'renewed' | 'lost' | 'failed'> {
    const { clock, store } = this.#parts;
    const late = new Latch();
    const cancel = clock.timer(until - clock.monotonic(), () => {
      late.set();
    });
    const forget = this.#released.onSet(() => {
      late.set();
    });
    try {
      const isOurs = await orSet(store.renew(lease), late);
      return isOurs === undefined ? 'failed' : isOurs ? 'renewed' : 'lost';
    } catch {
      return 'failed';
    } finally {
      cancel();
      forget();
    }
  }
}
