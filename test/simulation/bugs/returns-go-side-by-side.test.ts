import { expect, it } from 'vitest';
import { handler } from '../../../adapters/target/function/index.ts';
import { oneMapping } from './one-mapping.ts';

it('a release that hangs keeps no other from being made', async () => {
  const target = handler(() => {
    throw new Error('as it should');
  });
  const backoff = { retryBackoff: { baseSeconds: 1, maxSeconds: 60 } };
  const world = oneMapping({ target, ...backoff, maximumBatchingWindowInSeconds: 3, reservedConcurrentExecutions: 1 }, (queue) => {
    const change = queue.changeVisibility.bind(queue);
    // The first failure of the first message goes through; from then on every call hangs.
    let calls = 0;
    queue.changeVisibility = (receipts, seconds) => {
      calls += 1;
      return calls === 1 ? change(receipts, seconds) : new Promise(() => undefined);
    };
  });
  const { clock, queue, visibility } = world;
  queue.send({ body: 'first' });
  await clock.advance(3500);
  expect(visibility.map(({ seconds }) => seconds)).toEqual([1]);
  // One batch: the second message for the first time, the first one for the second.
  queue.send({ body: 'second' });
  await clock.advance(4000);
  expect(visibility.map(({ seconds }) => seconds).sort((a, b) => a - b)).toEqual([1, 1, 2]);
});
