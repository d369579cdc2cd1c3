import { expect, it } from 'vitest';
import { ReadAhead } from '../../../src/mapping/read-ahead.ts';

it('a thousand records, or two batches for each lane, are always enough to begin with', () => {
  expect(new ReadAhead({ lanes: 1, batchSize: 1 }).enough).toBe(1000);
  expect(new ReadAhead({ lanes: 10, batchSize: 500 }).enough).toBe(10_000);
});

it('what is enough follows how fast records are settled and how long pages take', () => {
  const ahead = new ReadAhead({ lanes: 1, batchSize: 1 });
  let now = 0;
  const page = (settled: number, takes: number): void => {
    ahead.settled(settled);
    now += 100;
    ahead.paged(now - takes, now);
  };
  for (let pages = 0; pages < 20; pages += 1) page(2000, 10);
  // 20 a millisecond, for 50 ms and four pages of 10 ms.
  expect(ahead.enough).toBeGreaterThan(1790);
  expect(ahead.enough).toBeLessThanOrEqual(1810);
  for (let pages = 0; pages < 20; pages += 1) page(2000, 100);
  expect(ahead.enough).toBeGreaterThan(8900);
  for (let pages = 0; pages < 20; pages += 1) page(1, 100);
  expect(ahead.enough).toBe(1000);
});

it('two pages at the same instant tell nothing of a rate', () => {
  const ahead = new ReadAhead({ lanes: 1, batchSize: 1 });
  ahead.paged(0, 0);
  ahead.settled(1_000_000);
  ahead.paged(0, 0);
  expect(ahead.enough).toBe(1000);
});
