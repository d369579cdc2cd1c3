import { describe, expect, it } from 'vitest';
import { describeFailure } from '../report.ts';
import { simulateTopics } from './simulate.ts';

describe('a simulated world of topics', () => {
  it('goes the same way every time for the same seed', async () => {
    for (const seed of [1, 2, 3, 5, 8]) expect(await simulateTopics(seed)).toEqual(await simulateTopics(seed));
  });

  it('goes another way for another seed', async () => {
    const hashes = await Promise.all([1, 2, 3, 4].map(async (seed) => (await simulateTopics(seed)).hash));
    expect(new Set(hashes).size).toBe(4);
  });

  it.for(Array.from({ length: 40 }, (_, index) => 20_001 + index))('keeps every rule with seed %i', async (seed) => {
    const result = await simulateTopics(seed);
    expect(describeFailure(result, 'topics')).toBe('');
    expect(result.messages).toBeGreaterThan(0);
  });
});
