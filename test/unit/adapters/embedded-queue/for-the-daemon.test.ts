import { expect, test } from 'vitest';
import { embeddedQueue, type MovedMessage } from '../../../../adapters/source/embedded-queue/index.ts';
import type { ReceiveRequest } from '../../../../src/contract/index.ts';
import { SeededRandom, VirtualClock } from '../../../../src/testing/index.ts';

const clock = new VirtualClock();
const random = new SeededRandom(1);

function ask(waitSeconds: number): ReceiveRequest {
  return { max: 10, waitSeconds, visibilitySeconds: 1, attemptId: undefined, signal: new AbortController().signal };
}

test('whoever asks is told of each message that the redrive policy moves, once, with how often it was given out', async () => {
  const moved: MovedMessage[] = [];
  const deadLetters = embeddedQueue({ name: 'dlq', clock, random });
  const redrive = { queue: deadLetters, maxReceiveCount: 2, onMoved: (message: MovedMessage) => moved.push(message) };
  const queue = embeddedQueue({ name: 'orders', redrive, clock, random });
  const { messageId } = queue.send({ body: 'x' });
  for (let receive = 0; receive < 4; receive += 1) {
    await clock.run(queue.receive(ask(0)));
    await clock.advance(1000);
  }
  expect(moved).toEqual([{ messageId, receives: 2 }]);
  expect(deadLetters.peek()).toMatchObject([{ messageId }]);
});

test('open receives can be ended with nothing, without a timer left and without losing what comes after', async () => {
  const queue = embeddedQueue({ name: 'orders', clock, random });
  const open = queue.receive(ask(20));
  await clock.advance(0);
  const before = clock.monotonic();
  queue.endReceives();
  expect(await open).toEqual([]);
  expect(clock.monotonic()).toBe(before);
  expect(clock.pendingTimers).toBe(0);
  queue.send({ body: 'x' });
  expect(await clock.run(queue.receive(ask(20)))).toMatchObject([{ body: 'x' }]);
});
