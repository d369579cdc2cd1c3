import { expect, test } from 'vitest';
import { embeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import { embeddedStream } from '../../../adapters/source/embedded-stream/index.ts';
import { intoQueue, intoStream, Producer } from '../../../src/daemon/producer.ts';
import { SeededRandom, VirtualClock } from '../../../src/testing/index.ts';

test('a producer sends its list as often as it is told, one body at a time, and leaves no timer', async () => {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const queue = embeddedQueue({ name: 'orders', clock, random });
  const plan = { everySeconds: 2, bodies: ['a', 'b'], rounds: 2, keys: [] };
  const producer = new Producer({ sink: intoQueue(queue, random), plan, clock });
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
  const plan = { everySeconds: 1, bodies: ['x'], rounds: undefined, keys: ['ann', 'bob'] };
  const producer = new Producer({ sink: intoQueue(queue, random), plan, clock });
  producer.start();
  await clock.advance(3000);
  producer.stop();
  await clock.advance(3000);
  expect(queue.peek().map(({ groupId }) => groupId)).toEqual(['ann', 'bob', 'ann', 'bob']);
});

test('into a stream partition keys take turns, and what is full takes its record at a later turn', async () => {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const stream = embeddedStream({ name: 'readings', maximumRecords: 2, clock, random });
  const plan = { everySeconds: 1, bodies: ['x', 'y', 'z'], rounds: 1, keys: ['ann', 'bob'] };
  const producer = new Producer({ sink: intoStream(stream), plan, clock });
  const [shardId = ''] = stream.shardIds;
  const held = (): string[] =>
    stream.peek(shardId).records.map(({ partitionKey, data }) => `${partitionKey} ${Buffer.from(data, 'base64').toString()}`);
  producer.start();
  await clock.advance(5000);
  expect(held()).toEqual(['ann x', 'bob y']);
  stream.trim(shardId);
  await clock.advance(5000);
  expect(held()).toEqual(['ann z']);
  expect(clock.pendingTimers).toBe(0);
});
