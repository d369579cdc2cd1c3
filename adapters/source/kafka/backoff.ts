/** How waits grow from failure to failure. */
export interface Backoff {
  /** The most that the first wait can be, ms; doubles with every failure. */
  readonly baseMs: number;
  /** What it grows to, ms. */
  readonly capMs: number;
}

/** The wait after so many failures, counted from 1: between half the ceiling and all of it, so that many do not come back together. */
export function steadyBackoffMs({ baseMs, capMs }: Backoff, failures: number, chance: number): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(20, failures - 1));
  return (ceiling * (1 + chance)) / 2;
}
