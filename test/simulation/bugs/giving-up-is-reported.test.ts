import { expect, it } from 'vitest';
import { ManualTarget, oneMapping } from './one-mapping.ts';

it('says so when it gives up a handler that answered and did not stop', async () => {
  const target = new ManualTarget(
    () => world.clock,
    () => ({ answerMs: 100, endMs: 90_000 }),
  );
  const world = oneMapping({ target, timeout: 1, abandonAfterSeconds: 2 });
  const { clock, queue, told } = world;
  queue.send({ body: 'one' });
  await clock.advance(10_000);
  expect(told.filter(({ name }) => name === 'handler.abandoned')).toHaveLength(1);
});

it('says so when it gives up a handler that a hard stop left behind', async () => {
  const target = new ManualTarget(
    () => world.clock,
    () => ({ answerMs: 90_000, endMs: 90_000 }),
  );
  const world = oneMapping({ target, timeout: 30, abandonAfterSeconds: 2 });
  const { clock, queue, told, engine } = world;
  queue.send({ body: 'one' });
  await clock.advance(1000);
  const [mapping] = engine.mappings;
  if (mapping === undefined) throw new Error('no mapping');
  await clock.run(mapping.disable({ timeoutMs: 0 }));
  await clock.advance(10_000);
  expect(told.filter(({ name }) => name === 'handler.abandoned')).toHaveLength(1);
});
