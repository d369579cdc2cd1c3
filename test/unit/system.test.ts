import { expect, it, vi } from 'vitest';
import { systemClock } from '../../src/system.ts';

it.each([Number.POSITIVE_INFINITY, 1e12])(
  "a timer of %d ms does not go off at once, though it is longer than Node's may be",
  async (ms) => {
    const warned = vi.spyOn(process, 'emitWarning');
    const fired = vi.fn();
    const cancel = systemClock.timer(ms, fired);
    // Goes off after the first, had that become one of 1 ms.
    await new Promise<void>((resolve) => systemClock.timer(20, resolve));
    cancel();
    expect(fired).not.toHaveBeenCalled();
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  },
);
