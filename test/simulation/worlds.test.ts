import { describe, expect, it } from 'vitest';
import { drawPlan } from './draw.ts';
import { describeFailure } from './report.ts';
import { runPlan, simulate } from './simulate.ts';

describe('a simulated world', () => {
  it('goes the same way every time for the same seed', async () => {
    for (const seed of [1, 2, 3, 5, 8, 13]) {
      const first = await simulate(seed);
      const second = await simulate(seed);
      expect(second).toEqual(first);
    }
  });

  it('goes another way for another seed', async () => {
    const hashes = await Promise.all([1, 2, 3, 4].map(async (seed) => (await simulate(seed)).hash));
    expect(new Set(hashes).size).toBe(4);
  });

  it('goes the same way whatever the wall clock does', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const plan = drawPlan(seed);
      const wallJumps = [
        { at: 1000, byMs: 3_600_000 },
        { at: 15_000, byMs: -86_400_000 },
      ];
      const [still, jumping] = [await runPlan({ ...plan, wallJumps: [] }), await runPlan({ ...plan, wallJumps })];
      expect(jumping.hash).toBe(still.hash);
    }
  });

  it.for(Array.from({ length: 60 }, (_, index) => 10_001 + index))('keeps every rule with seed %i', async (seed) => {
    const result = await simulate(seed);
    expect(describeFailure(result, 'queues')).toBe('');
    expect(result.messages).toBeGreaterThan(0);
  });
});
