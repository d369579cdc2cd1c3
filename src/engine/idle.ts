import type { Clock } from '../contract/index.ts';
import { Latch, orSet, sleep } from '../kit/index.ts';
import type { SourceMapping } from '../mapping/index.ts';

/** How many looks in a row must find nothing. */
const LOOKS = 2;

/** What {@link untilIdle} looks at. */
export interface IdleQuestion {
  readonly clock: Clock;
  readonly mappings: () => readonly SourceMapping[];
  /** Whether nothing is expected of a mapping. */
  readonly isOff: (mapping: SourceMapping) => boolean;
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
  const { clock, mappings, isOff, pollMs, timeoutMs, explain } = question;
  const over = new Latch();
  const cancel = Number.isFinite(timeoutMs)
    ? clock.timer(timeoutMs, () => {
        over.set();
      })
    : (): void => undefined;
  let left: string | undefined;
  try {
    for (let quiet = 0; !over.isSet; await sleep(clock, pollMs, over)) {
      const look = await orSet(lookAt(mappings().filter((mapping) => !isOff(mapping))), over);
      if (look !== undefined) left = look.busy ?? left;
      else left = left === undefined ? 'a source does not answer' : `${left} (and the next look is not answered yet)`;
      quiet = look !== undefined && look.busy === undefined ? quiet + 1 : 0;
      if (quiet >= LOOKS) return;
    }
  } finally {
    cancel();
  }
  throw new Error(`not idle after ${String(timeoutMs)} ms: ${[left ?? 'nothing was looked at yet', ...explain()].join('\n  ')}`);
}

async function lookAt(mappings: readonly SourceMapping[]): Promise<{ readonly busy: string | undefined }> {
  return { busy: await busy(mappings) };
}

/** What is not idle, as text; `undefined` when nothing is. */
async function busy(mappings: readonly SourceMapping[]): Promise<string | undefined> {
  for (const mapping of mappings) {
    if (mapping.state !== 'Enabled') return `${mapping.name} is ${mapping.state === 'Disabled' ? 'not started' : mapping.state}`;
    const left = await mapping.busy();
    if (left !== undefined) return `${mapping.name}: ${left}`;
  }
  return undefined;
}
