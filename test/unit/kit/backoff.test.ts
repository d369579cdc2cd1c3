import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, steadyBackoffMs } from '../../../src/kit/index.ts';

const policies = fc.record({ baseMs: fc.integer({ min: 1, max: 10_000 }), capMs: fc.integer({ min: 1, max: 100_000 }) });
const attempts = fc.integer({ min: 1, max: 10_000 });
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('waits between tries', () => {
  it('lie between nothing and a ceiling that doubles up to its cap', () => {
    fc.assert(
      fc.property(policies, attempts, chances, (policy, attempt, chance) => {
        const wait = backoffMs(policy, attempt, chance);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30)));
      }),
    );
  });

  it('are spread over the whole range below the ceiling', () => {
    const policy = { baseMs: 100, capMs: 10_000 };
    expect([0, 0.5, 0.99].map((chance) => backoffMs(policy, 3, chance))).toEqual([0, 200, 396]);
  });

  it('never fall below half the ceiling where coming back at once costs a call', () => {
    fc.assert(
      fc.property(policies, attempts, chances, (policy, attempt, chance) => {
        const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30));
        const wait = steadyBackoffMs(policy, attempt, chance);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
        expect(wait).toBeLessThanOrEqual(ceiling);
      }),
    );
  });
});
