import { beforeEach, describe, expect, it } from 'vitest';
import { deferred, Latch, orSet, sleep } from '../../../src/kit/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';

/** A latch that counts who still listens. */
class CountedLatch extends Latch {
  listeners = 0;

  override onSet(callback: () => void): () => void {
    let isListening = true;
    const end = (): void => {
      if (isListening) this.listeners -= 1;
      isListening = false;
    };
    this.listeners += 1;
    const forget = super.onSet(() => {
      end();
      callback();
    });
    return () => {
      end();
      forget();
    };
  }
}

let clock: VirtualClock;

beforeEach(() => {
  clock = new VirtualClock();
});

describe('a latch', () => {
  it('calls everybody back once, in the order they came', () => {
    const latch = new Latch();
    const called: string[] = [];
    latch.onSet(() => called.push('first'));
    latch.onSet(() => called.push('second'));
    latch.set();
    latch.set();
    expect(called).toEqual(['first', 'second']);
    expect(latch.isSet).toBe(true);
  });

  it('does not call back who took the wish back', () => {
    const latch = new Latch();
    const called: string[] = [];
    const forget = latch.onSet(() => called.push('forgotten'));
    latch.onSet(() => called.push('kept'));
    forget();
    latch.set();
    expect(called).toEqual(['kept']);
  });

  it('calls back at once who comes after it was set', () => {
    const latch = new Latch();
    latch.set();
    let called = 0;
    latch.onSet(() => {
      called += 1;
    });
    expect(called).toBe(1);
  });

  it('calls back everybody although one of them takes another out', () => {
    const latch = new Latch();
    const called: string[] = [];
    latch.onSet(() => {
      called.push('first');
      forgetSecond();
    });
    const forgetSecond = latch.onSet(() => called.push('second'));
    latch.set();
    expect(called).toEqual(['first', 'second']);
  });
});

describe('a sleep', () => {
  it('ends when its time has passed, with no timer and no listener left', async () => {
    const wake = new CountedLatch();
    const slept = sleep(clock, 1000, wake);
    await clock.advance(999);
    expect(clock.pendingTimers).toBe(1);
    expect(await clock.run(slept)).toBe(true);
    expect(clock.monotonic()).toBe(1000);
    expect([clock.pendingTimers, wake.listeners]).toEqual([0, 0]);
  });

  it('ends when woken, with no timer and no listener left', async () => {
    const wake = new CountedLatch();
    const slept = sleep(clock, 1000, wake);
    wake.set();
    expect(await slept).toBe(false);
    expect([clock.pendingTimers, wake.listeners]).toEqual([0, 0]);
  });

  it('does not begin when it was woken before', async () => {
    const wake = new CountedLatch();
    wake.set();
    expect(await sleep(clock, 1000, wake)).toBe(false);
    expect([clock.pendingTimers, wake.listeners]).toEqual([0, 0]);
  });
});

describe('a promise or a latch', () => {
  it('gives what the promise gives and leaves no listener', async () => {
    const latch = new CountedLatch();
    expect(await orSet(Promise.resolve('answer'), latch)).toBe('answer');
    expect(latch.listeners).toBe(0);
  });

  it('gives nothing when the latch is set first, and what comes later is ignored', async () => {
    const latch = new CountedLatch();
    const late = deferred<string>();
    const either = orSet(late.promise, latch);
    latch.set();
    expect(await either).toBeUndefined();
    late.resolve('too late');
    expect(latch.listeners).toBe(0);
  });

  it('rejects as the promise does and leaves no listener', async () => {
    const latch = new CountedLatch();
    await expect(orSet(Promise.reject(new Error('broken')), latch)).rejects.toThrow('broken');
    expect(latch.listeners).toBe(0);
  });

  it('swallows a rejection that comes after the latch', async () => {
    const latch = new Latch();
    const late = deferred<string>();
    const either = orSet(late.promise, latch);
    latch.set();
    late.reject(new Error('too late'));
    expect(await either).toBeUndefined();
  });
});
