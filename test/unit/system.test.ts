import { expect, it, vi } from 'vitest';
import { systemClock, systemRandom } from '../../src/system.ts';

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

it('ids are random UUIDs of version 4, none of them twice', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => systemRandom.uuid()));
  expect(ids.size).toBe(10_000);
  const variants = new Set<string>();
  const digits = new Set<string>();
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    variants.add(id.charAt(19));
    for (let place = 0; place < id.length; place += 1) digits.add(`${String(place)}${id.charAt(place)}`);
  }
  expect(variants.size).toBe(4);
  // Every digit turns up in every place, but for the version, the variant and the hyphens.
  expect(digits.size).toBe(30 * 16 + 1 + 4 + 4);
});
