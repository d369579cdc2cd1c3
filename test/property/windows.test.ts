import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TumblingWindow } from '../../src/window/index.ts';

interface Placed {
  readonly arrivedAt: number;
  readonly start: number;
  readonly end: number;
  /** Which window it was, counted from the first; one that ended early counts with what comes after it. */
  readonly number: number;
}

const lengths = fc.integer({ min: 1, max: 900 }).map((seconds) => seconds * 1000);
/** Arrivals, nearly in order, as records of a shard come. */
const arrivals = fc
  .tuple(fc.integer({ min: 0, max: 2_000_000 }), fc.array(fc.integer({ min: -30_000, max: 400_000 }), { maxLength: 60 }))
  .map(([first, steps]) => steps.reduce<number[]>((list, step) => [...list, Math.max(0, (list.at(-1) ?? first) + step)], [first]));

/** One life of an engine. */
interface Life {
  readonly lengthMs: number;
  readonly arrivals: readonly number[];
  /** Its last window is ended early. */
  readonly endsEarly: boolean;
}

const lives: fc.Arbitrary<readonly Life[]> = fc.array(fc.record({ lengthMs: lengths, arrivals, endsEarly: fc.boolean() }), {
  minLength: 1,
  maxLength: 4,
});

/** Places all arrivals, each life with what the one before it had stored. */
function place(all: readonly Life[]): Placed[] {
  const placed: Placed[] = [];
  let window: TumblingWindow | undefined;
  let number = 0;
  for (const { lengthMs, arrivals: ofLife, endsEarly } of all) {
    window = new TumblingWindow(lengthMs, window?.stored);
    for (const arrivedAt of ofLife) {
      if (!window.takes(arrivedAt)) {
        window.close();
        number += 1;
        window.takes(arrivedAt);
      }
      const { start = Number.NaN, end = Number.NaN } = window.open ?? {};
      placed.push({ arrivedAt, start, end, number });
    }
    if (endsEarly) window.closeEarly();
  }
  return placed;
}

describe('tumbling windows', () => {
  it('have every record in exactly one, before its end, and behind its begin unless it is late', () => {
    fc.assert(
      fc.property(lives, (all) => {
        let latestEnd = Number.NEGATIVE_INFINITY;
        for (const { arrivedAt, start, end } of place(all)) {
          expect(arrivedAt).toBeLessThan(end);
          if (arrivedAt < start) expect(arrivedAt).toBeLessThan(latestEnd);
          latestEnd = Math.max(latestEnd, end);
        }
      }),
    );
  });

  it('never overlap, whatever lengths they have from life to life', () => {
    fc.assert(
      fc.property(lives, (all) => {
        let last: Placed | undefined;
        let endBefore = Number.NEGATIVE_INFINITY;
        for (const record of place(all)) {
          if (last !== undefined && record.number > last.number) endBefore = last.end;
          expect(record.start).toBeGreaterThanOrEqual(endBefore);
          last = record;
        }
      }),
    );
  });

  it('of one length are as long as each other and begin at multiples of it', () => {
    fc.assert(
      fc.property(lengths, arrivals, fc.boolean(), (lengthMs, ofLife, endsEarly) => {
        const life = { lengthMs, arrivals: ofLife, endsEarly };
        for (const { start, end } of place([life, life])) expect([start % lengthMs, end - start]).toEqual([0, lengthMs]);
      }),
    );
  });
});
