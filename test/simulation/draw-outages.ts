import type { SeededRandom } from '../../src/index.ts';
import type { Outage, Plan, RemotePlan } from './plan.ts';

/** The part of worlds whose functions are reached over a network. */
export const REMOTE_SHARE = 0.4;
/** An outage lasts at most this long, s. */
const OUTAGE_SECONDS_MAX = 90;

/** Puts the functions of some worlds where they can be gone for a while, and limits all of them together in some. */
export function withOutages(plan: Plan, random: SeededRandom): Plan {
  for (let turn = 0; turn < 4; turn += 1) random.next();
  const limited = random.chance(0.15) ? { ...plan, accountConcurrency: random.integer(1, 6) } : plan;
  if (!random.chance(REMOTE_SHARE)) return limited;
  return {
    ...limited,
    functions: plan.functions.map((definition) => ({ ...definition, remote: drawRemote(plan.faultsEndAt, random) })),
  };
}

/** What goes wrong with a function that is reached over a network. */
export function drawRemote(faultsEndAt: number, random: SeededRandom): RemotePlan {
  const outages = Array.from({ length: random.integer(1, 3) }, () => drawOutage(faultsEndAt, random));
  const rate = (): number => (random.chance(0.4) ? random.next() * 0.3 : 0);
  const settings = random.pick<NonNullable<RemotePlan['breaker']>>([
    { failures: 1, pauseMs: 200, maxPauseMs: 2000 },
    { failures: 2, pauseMs: 200, maxPauseMs: 5000 },
    { failures: 3, pauseMs: 1000, maxPauseMs: 20_000 },
  ]);
  return { outages, crash: rate(), late: rate(), breaker: random.chance(0.3) ? undefined : settings };
}

function drawOutage(faultsEndAt: number, random: SeededRandom): Outage {
  const from = random.integer(0, faultsEndAt);
  const to = Math.min(faultsEndAt, from + random.integer(1, OUTAGE_SECONDS_MAX) * 1000);
  return { from, to, kind: random.pick(['refused', 'refused', 'throttled', 'init'] as const) };
}
