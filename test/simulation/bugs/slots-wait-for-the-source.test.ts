import { expect, it } from 'vitest';
import { SourceError } from '../../../src/index.ts';
import { ManualTarget, oneMapping } from './one-mapping.ts';

it('a slot that waits for a source in trouble says so', async () => {
  const target = new ManualTarget(
    () => world.clock,
    () => ({ answerMs: 10, endMs: 10 }),
  );
  let isDown = false;
  const down = (): SourceError => new SourceError('unavailable', 'ECONNREFUSED', 'nobody listens');
  const world = oneMapping({ target }, (queue) => {
    const receive = queue.receive.bind(queue);
    const describe = queue.describe.bind(queue);
    queue.receive = (request) => (isDown ? Promise.reject(down()) : receive(request));
    queue.describe = () => (isDown ? Promise.reject(down()) : describe());
  });
  const { clock, engine } = world;
  await clock.advance(1000);
  isDown = true;
  await clock.advance(120_000);
  const slots = engine.explain().filter((line) => line.includes('slot'));
  expect(slots.length).toBeGreaterThan(0);
  for (const slot of slots) expect(slot).toContain('the source cannot be used');
});
