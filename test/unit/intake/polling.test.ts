import { describe, expect, it } from 'vitest';
import { longPollSeconds, visibilityToAsk } from '../../../src/intake/index.ts';

describe('the visibility to ask for', () => {
  it.each([
    ["is the queue's own without a window", { own: 30, window: 0, functionTimeout: 3, heartbeat: true }, undefined],
    [
      'stays the own though the function takes longer, as beats renew it',
      { own: 30, window: 0, functionTimeout: 900, heartbeat: true },
      undefined,
    ],
    ['is window + time-out + 30 s with a window', { own: 30, window: 60, functionTimeout: 10, heartbeat: true }, 100],
    ["is the queue's own with a window when that is more", { own: 600, window: 60, functionTimeout: 10, heartbeat: true }, 600],
    ['covers the time-out when no beat renews a shorter own', { own: 5, window: 0, functionTimeout: 60, heartbeat: false }, 90],
    ['is not 0 though the own is', { own: 0, window: 0, functionTimeout: 3, heartbeat: true }, 33],
    ['is a whole number of seconds', { own: 30, window: 1, functionTimeout: 0.5, heartbeat: true }, 32],
    ['is 12 hours at most', { own: 43_200, window: 300, functionTimeout: 900, heartbeat: true }, 43_200],
  ])('%s', (_, visibility, seconds) => {
    expect(visibilityToAsk(visibility)).toBe(seconds);
  });
});

describe('a long poll', () => {
  it.each([
    [0, 0],
    [1000, 0],
    [1999, 0],
    [2000, 1],
    [15_900, 14],
    [30_000, 20],
    [3_600_000, 20],
  ])('fits into a stop of %i ms with %i s', (stopTimeoutMs, seconds) => {
    expect(longPollSeconds(stopTimeoutMs)).toBe(seconds);
  });
});
