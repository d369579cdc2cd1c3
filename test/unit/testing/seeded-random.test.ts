import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/testing/index.ts';

const take = (seed: number, count: number): number[] => {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

describe('SeededRandom', () => {
  it('gives the same numbers for the same seed on every machine', () => {
    expect(take(42, 3)).toEqual([0.6011037519201636, 0.44829055899754167, 0.8524657934904099]);
    expect(take(42, 100)).toEqual(take(42, 100));
  });

  it('gives other numbers for other seeds', () => {
    expect(take(1, 10)).not.toEqual(take(2, 10));
  });

  it('stays in [0, 1) and fills it evenly', () => {
    const numbers = take(7, 10_000);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const tenths = Array.from({ length: 10 }, (_, tenth) => numbers.filter((number) => Math.floor(number * 10) === tenth).length);
    expect(Math.min(...tenths)).toBeGreaterThan(880);
    expect(Math.max(...tenths)).toBeLessThan(1120);
  });

  it('gives whole numbers from low to high, both included', () => {
    const random = new SeededRandom(3);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(-1, 2)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
  });

  it('knows certain and impossible chances, and refuses to pick from nothing', () => {
    const random = new SeededRandom(3);
    expect([random.chance(0), random.chance(1), random.pick(['only'])]).toEqual([false, true, 'only']);
    expect(() => random.pick([])).toThrow('no items');
  });

  it('gives version 4 UUIDs, each another', () => {
    const random = new SeededRandom(9);
    const ids = Array.from({ length: 500 }, () => random.uuid());
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(500);
  });
});
