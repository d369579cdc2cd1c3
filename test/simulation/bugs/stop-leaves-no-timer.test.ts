import { expect, it } from 'vitest';
import { ManualTarget, oneMapping } from './one-mapping.ts';

const HOUR = 3_600_000;

it('a hard stop cancels the time-out of an invocation that it cuts off', async () => {
  const target: ManualTarget = new ManualTarget(
    () => world.clock,
    () => ({ answerMs: HOUR, endMs: HOUR }),
  );
  const world = oneMapping({ target, timeout: 60, heartbeat: false });
  const { clock, queue, engine } = world;
  queue.send({ body: 'one' });
  await clock.advance(1000);
  expect(target.running).toBe(1);
  await clock.run(engine.stop({ timeoutMs: 0 }));
  // The two of the handler itself, which does not listen.
  expect(clock.pendingTimers).toBe(2);
});

it('a stop that does not wait for a call under way ends the heartbeat', async () => {
  const target = new ManualTarget(
    () => world.clock,
    () => ({ answerMs: 10, endMs: 10 }),
  );
  const world = oneMapping({ target, visibilityTimeoutSeconds: 20 }, (queue) => {
    queue.delete = () => new Promise(() => undefined);
  });
  const { clock, queue, engine } = world;
  queue.send({ body: 'one' });
  await clock.advance(1000);
  await clock.run(engine.stop({ timeoutMs: 100 }));
  expect(clock.pendingTimers).toBe(0);
});

it('a second stop does not make the first one longer', async () => {
  const target = new ManualTarget(
    () => world.clock,
    () => ({ answerMs: 10, endMs: 10 }),
  );
  const world = oneMapping({ target }, (queue) => {
    queue.delete = () => new Promise(() => undefined);
  });
  const { clock, queue, engine } = world;
  queue.send({ body: 'one' });
  await clock.advance(1000);
  const first = engine.stop({ timeoutMs: 0 });
  await clock.advance(1500);
  const second = engine.stop({ timeoutMs: 0 });
  await clock.run(Promise.all([first, second]));
  expect([clock.monotonic(), clock.pendingTimers]).toEqual([3000, 0]);
});
