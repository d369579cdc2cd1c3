import { expect, it } from 'vitest';
import { describeFailure } from '../report.ts';
import { simulate } from '../simulate.ts';

/** Worlds in which a mapping stops while a breaker holds its batches back: seeds of queues. */
it.each([329, 20_268])('what a breaker held back goes back with all else that is held when a mapping stops (seed %i)', async (seed) => {
  expect(describeFailure(await simulate(seed), 'queues')).toBe('');
});
