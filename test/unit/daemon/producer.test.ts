import { expect, test } from 'vitest';
import { embeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import { Producer } from '../../../src/daemon/producer.ts';
import { SeededRandom, VirtualClock } from '../../../src/testing/index.ts';

test('a producer sends its list as often as it is told, one body at a time, and leaves no timer', async () => {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const queue = embeddedQueue({ name: 'orders', clock, random });
  const plan = { everySeconds: 2, bodies: ['a', 'b'], rounds: 2, messageGroupIds: [] };
  const producer = new Producer({ queue, plan, clock, random });
  producer.start();
  const sent = (): string =>
    queue
      .peek()
      .map(({ body }) => body)
      .join('');
  expect(sent()).toBe('a');
  await clock.advance(2000);
  expect(sent()).toBe('ab');
  await clock.advance(60_000);
  expect(sent()).toBe('abab');
  expect(clock.pendingTimers).toBe(0);
});

test('on a FIFO queue groups take turns, and a body that comes again is a message again', async () => {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const queue = embeddedQueue({ name: 'steps.fifo', contentBasedDeduplication: true, clock, random });
  const plan = { everySeconds: 1, bodies: ['x'], rounds: undefined, messageGroupIds: ['ann', 'bob'] };
  const producer = new Producer({ queue, plan, clock, random });
  producer.start();
  await clock.advance(3000);
  producer.stop();
  await clock.advance(3000);
  expect(queue.peek().map(({ groupId }) => groupId)).toEqual(['ann', 'bob', 'ann', 'bob']);
});
