import { setTimeout as sleep } from 'node:timers/promises';
import { type Passed, Span } from './span.ts';

/** Other processes may take this much of a core while something is measured. */
export const CALM_CORES = 0.15;
/** How long a look at the others takes, ms. */
const LOOK_MS = 500;
const TRIES = 3;

/** How patient a run is with a machine that others use. */
export interface Patience {
  /** Ids of processes that belong to the benchmark. */
  readonly partners: readonly number[];
  /** The longest wait for a calm machine before each measurement, ms. */
  readonly waitMs: number;
}

/** Measures, and again while others disturb it; gives the least disturbed try. `measure` begins with {@link untilCalm}, at the right moment. */
export async function calmest(what: string, patience: Patience, measure: () => Promise<Passed>): Promise<Passed> {
  let found: Passed | undefined;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const tried = await measure();
    if (found === undefined || tried.othersCores < found.othersCores) found = tried;
    if (found.othersCores <= CALM_CORES || patience.waitMs === 0) return found;
    process.stderr.write(`[bench] ${what}: others took ${tried.othersCores.toFixed(2)} cores meanwhile\n`);
  }
  if (found === undefined) throw new Error(`${what} was not measured`);
  return found;
}

/** Resolves after a look in which others did next to nothing, or when the patience is at its end. */
export async function untilCalm({ partners, waitMs }: Patience): Promise<void> {
  const until = performance.now() + waitMs;
  while (performance.now() < until) {
    const span = new Span(partners);
    await sleep(LOOK_MS);
    if (span.end().othersCores <= CALM_CORES) return;
  }
}
