import { expect, it } from 'vitest';
import { ManualTarget, oneMapping } from './one-mapping.ts';

it('a message that comes again while its delete is tried is not renewed', async () => {
  const target = new ManualTarget(
    () => world.clock,
    () => ({ answerMs: 10, endMs: 10 }),
  );
  let received = 0;
  const world = oneMapping({ target, batchSize: 1, visibilityTimeoutSeconds: 1 }, (queue) => {
    const receive = queue.receive.bind(queue);
    queue.receive = async (request) => {
      const messages = await receive(request);
      received += messages.length;
      return messages;
    };
    queue.delete = (receipts) => Promise.resolve(receipts.map(() => ({ ok: false, code: 'InternalError', message: '', retryable: true })));
  });
  const { clock, queue, visibility } = world;
  queue.send({ body: 'one' });
  await clock.advance(3000);
  expect(received).toBeGreaterThan(1);
  expect(visibility).toEqual([]);
});
