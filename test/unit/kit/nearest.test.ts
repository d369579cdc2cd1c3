import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/kit/index.ts';

const FIELDS = ['batchSize', 'maximumBatchingWindowInSeconds', 'heartbeat', 'enabled'];

describe('the nearest word', () => {
  it.each([
    ['batchsize', 'batchSize'],
    ['bachSize', 'batchSize'],
    ['batch_size', 'batchSize'],
    ['enable', 'enabled'],
    ['MaximumBatchWindowInSeconds', 'maximumBatchingWindowInSeconds'],
    ['hartbeet', 'heartbeat'],
  ])('of %s is %s', (word, meant) => {
    expect(nearest(word, FIELDS)).toBe(meant);
  });

  it.each(['colour', '', 'x'.repeat(101)])('of %j is none', (word) => {
    expect(nearest(word, FIELDS)).toBeUndefined();
  });

  it('is the nearer of two, and none of no candidates', () => {
    expect(nearest('timeot', ['time', 'timeout'])).toBe('timeout');
    expect(nearest('timeout', [])).toBeUndefined();
  });
});
