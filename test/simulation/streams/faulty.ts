import { type Clock, type SeededRandom, SourceError } from '../../../src/index.ts';
import { type Life, never } from '../life.ts';
import type { Freezer } from './freezer.ts';
import type { Outage, StreamFaults } from './plan.ts';

/** What everything around an engine works with. */
export interface Surroundings {
  readonly life: Life;
  readonly freezer: Freezer;
  readonly random: SeededRandom;
  /** The world's. */
  readonly clock: Clock;
  readonly faults: StreamFaults;
  readonly outages: readonly Outage[];
  readonly faultsEndAt: number;
  readonly latencyMs: number;
}

export function unavailable(what: string): SourceError {
  return new SourceError('unavailable', 'ECONNRESET', `${what}: a fault of the simulation`);
}

/** True once in so many times, while there are faults. */
export function strikes({ random, clock, faultsEndAt }: Surroundings, probability: number): boolean {
  return probability > 0 && clock.monotonic() < faultsEndAt && random.chance(probability);
}

/** Whether nothing of a kind works now. */
export function isOut({ outages, clock }: Surroundings, what: Outage['what']): boolean {
  const now = clock.monotonic();
  return outages.some((outage) => outage.what === what && now >= outage.from && now < outage.to);
}

/** Time passes on the world's clock. */
export function pass(clock: Clock, ms: number): Promise<void> {
  return ms <= 0
    ? Promise.resolve()
    : new Promise((resolve) => {
        clock.timer(ms, resolve);
      });
}

/** Something passes between the engine and the world: never again when the process is gone, later when it is held. */
export async function cross(around: Surroundings): Promise<void> {
  await around.freezer.through();
  if (!around.life.touch()) await never();
}

/** One call: there, done or not, and back. */
export async function call<Value>(
  around: Surroundings,
  what: string,
  rates: { readonly error: number; readonly lostReply: number },
  action: () => Promise<Value>,
): Promise<Value> {
  const { clock, random, latencyMs } = around;
  if (!around.life.touch()) return never();
  const latency = (): number => (latencyMs === 0 ? 0 : random.integer(0, latencyMs));
  const fails = strikes(around, rates.error);
  const losesReply = strikes(around, rates.lostReply);
  await pass(clock, latency());
  const value = fails ? undefined : await action();
  await pass(clock, latency());
  await cross(around);
  if (fails || losesReply) throw unavailable(what);
  return value as Value;
}
