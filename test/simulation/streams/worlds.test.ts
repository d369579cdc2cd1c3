import { describe, expect, it } from 'vitest';
import { describeFailure } from '../report.ts';
import { simulateStreams } from './simulate.ts';

describe('a simulated world of streams', () => {
  it('goes the same way every time for the same seed', async () => {
    for (const seed of [1, 2, 3, 5, 8, 13]) expect(await simulateStreams(seed)).toEqual(await simulateStreams(seed));
  });

  it('goes another way for another seed', async () => {
    const hashes = await Promise.all([1, 2, 3, 4].map(async (seed) => (await simulateStreams(seed)).hash));
    expect(new Set(hashes).size).toBe(4);
  });

  it.for(Array.from({ length: 60 }, (_, index) => 10_001 + index))('keeps every rule with seed %i', async (seed) => {
    const result = await simulateStreams(seed);
    expect(describeFailure(result, 'streams')).toBe('');
    expect(result.messages).toBeGreaterThan(0);
  });
});
