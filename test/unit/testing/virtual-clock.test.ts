import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/testing/index.ts';

describe('VirtualClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.timer(10, () => {
      fired = true;
    });
    await clock.advance(9);
    expect([fired, clock.monotonic()]).toEqual([false, 9]);
    await clock.advance(1);
    expect([fired, clock.monotonic()]).toEqual([true, 10]);
  });

  it('fires timers by their instants, and those of one instant in the order they were set', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    for (const [name, ms] of [
      ['b', 5],
      ['c', 5],
      ['a', 1],
      ['d', 9],
    ] as const) {
      clock.timer(ms, () => fired.push(`${name}${String(clock.monotonic())}`));
    }
    await clock.advance(100);
    expect(fired).toEqual(['a1', 'b5', 'c5', 'd9']);
  });

  it('settles every promise that follows a timer before it fires the next', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.timer(1, () => {
      void (async () => {
        for (let hop = 0; hop < 50; hop += 1) await Promise.resolve();
        order.push('settled');
      })();
    });
    clock.timer(2, () => order.push('next'));
    await clock.advance(2);
    expect(order).toEqual(['settled', 'next']);
  });

  it('counts the timers that wait, and cancels each once', async () => {
    const clock = new VirtualClock();
    const cancel = clock.timer(5, () => undefined);
    clock.timer(6, () => undefined);
    expect(clock.pendingTimers).toBe(2);
    cancel();
    cancel();
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(6);
    expect(clock.pendingTimers).toBe(0);
    expect(await clock.step()).toBe(false);
  });

  it('moves its wall reading without moving time', () => {
    const clock = new VirtualClock(1_000_000);
    clock.stepWall(-400);
    expect([clock.wall(), clock.monotonic()]).toEqual([999_600, 0]);
  });

  it('runs until a promise settles, also when that rejects, and gives up when it never can', async () => {
    const clock = new VirtualClock();
    const after = (ms: number): Promise<number> => new Promise((resolve) => clock.timer(ms, () => resolve(ms)));
    expect(await clock.run(after(70_000))).toBe(70_000);
    await expect(
      clock.run(
        after(10).then(() => {
          throw new Error('as it should');
        }),
      ),
    ).rejects.toThrow('as it should');
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('has not settled');
    await expect(clock.run(after(5000), 1000)).rejects.toThrow('has not settled');
  });

  it('gives a turn only after what is due at this instant', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.timer(0, () => order.push('due'));
    await clock.run(clock.turn().then(() => order.push('turn')));
    expect([order, clock.monotonic()]).toEqual([['due', 'turn'], 0]);
  });
});
