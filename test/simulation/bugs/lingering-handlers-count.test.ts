import { expect, it } from 'vitest';
import { ManualTarget, oneMapping } from './one-mapping.ts';

it('handlers that a hard stop left behind count against MaximumConcurrency when the mapping is enabled again', async () => {
  const target: ManualTarget = new ManualTarget(
    () => world.clock,
    (nth) => (nth <= 2 ? { answerMs: 60_000, endMs: 60_000 } : { answerMs: 100, endMs: 100 }),
  );
  const world = oneMapping({ target, batchSize: 1, timeout: 3, scalingConfig: { maximumConcurrency: 2 }, visibilityTimeoutSeconds: 5 });
  const { clock, queue, engine } = world;
  for (let index = 0; index < 6; index += 1) queue.send({ body: String(index) });
  await clock.advance(1000);
  const [mapping] = engine.mappings;
  if (mapping === undefined) throw new Error('no mapping');
  await clock.run(mapping.disable({ timeoutMs: 0 }));
  await clock.run(mapping.enable());
  await clock.advance(20_000);
  expect([target.running, target.most]).toEqual([2, 2]);
  expect(engine.explain().join('\n')).toContain('has not stopped');
  await clock.run(engine.idle(), 200_000);
  expect([queue.peek().length, target.most]).toEqual([0, 2]);
});
