import type { Clock } from '../contract/index.ts';
import { Latch, sleep } from '../kit/index.ts';
import type { SourceMapping } from '../mapping/index.ts';

/** How many looks in a row must find nothing. */
const LOOKS = 2;

/** What {@link untilIdle} looks at. */
export interface IdleQuestion {
  readonly clock: Clock;
  readonly mappings: () => readonly SourceMapping[];
  readonly pollMs: number;
  readonly timeoutMs: number;
  /** The wait reasons, for the error. */
  readonly explain: () => readonly string[];
}

/**
 * Resolves when every enabled mapping has nothing in flight and its source reports nothing visible, hidden or delayed,
 * twice in a row. Rejects with the wait reasons when `timeoutMs` passes first.
 */
export async function untilIdle(question: IdleQuestion): Promise<void> {
  const { clock, mappings, pollMs, timeoutMs, explain } = question;
  const never = new Latch();
  const until = clock.monotonic() + timeoutMs;
  let quiet = 0;
  let left = '';
  while (quiet < LOOKS) {
    const found = await busy(mappings());
    quiet = found === undefined ? quiet + 1 : 0;
    left = found ?? left;
    if (quiet >= LOOKS) return;
    if (clock.monotonic() >= until) {
      throw new Error(`not idle after ${String(timeoutMs)} ms: ${[left, ...explain()].join('\n  ')}`);
    }
    await sleep(clock, Math.min(pollMs, Math.max(1, until - clock.monotonic())), never);
  }
}

/** What is not idle, as text; `undefined` when nothing is. */
async function busy(mappings: readonly SourceMapping[]): Promise<string | undefined> {
  for (const mapping of mappings) {
    if (mapping.state === 'Disabled') continue;
    if (mapping.state !== 'Enabled') return `${mapping.name} is ${mapping.state}`;
    const left = await mapping.busy();
    if (left !== undefined) return `${mapping.name}: ${left}`;
  }
  return undefined;
}
