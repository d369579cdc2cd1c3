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

/** What one measurement is. */
export interface Sitting {
  readonly what: string;
  readonly patience: Patience;
  /** What has to be done before, each time. */
  readonly prepare: () => Promise<void>;
  readonly measure: () => Promise<Passed>;
}

/**
 * Waits for a calm machine and measures, again if others come back meanwhile; gives the least disturbed try. Where the
 * machine does not become calm, one try is all.
 */
export async function calmest({ what, patience, prepare, measure }: Sitting): Promise<Passed> {
  let found: Passed | undefined;
  for (let attempt = 1; ; attempt += 1) {
    await prepare();
    const wasCalm = await isCalm(patience);
    const tried = await measure();
    if (found === undefined || tried.othersCores < found.othersCores) found = tried;
    if (found.othersCores <= CALM_CORES || !wasCalm || attempt === TRIES) return found;
    process.stderr.write(`[bench] ${what}: others took ${tried.othersCores.toFixed(2)} cores meanwhile\n`);
  }
}

/** True after a look in which others did next to nothing, false when the patience is at its end. */
async function isCalm({ partners, waitMs }: Patience): Promise<boolean> {
  const until = performance.now() + waitMs;
  while (performance.now() < until) {
    const span = new Span(partners);
    await sleep(LOOK_MS);
    if (span.end().othersCores <= CALM_CORES) return true;
  }
  return false;
}
