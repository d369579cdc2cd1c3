import { describe, expect, it } from 'vitest';
import { TumblingWindow } from '../../../src/window/index.ts';

const bounds = ({ open }: TumblingWindow): readonly [number, number] | undefined => open && [open.start, open.end];
const windowOf = (...given: ConstructorParameters<typeof TumblingWindow>): TumblingWindow => new TumblingWindow(...given);

describe('a tumbling window', () => {
  it('is aligned to the epoch, and takes what arrived before its end', () => {
    const window = windowOf(60, undefined);
    expect([window.takes(119), bounds(window), window.takes(61), window.takes(120)]).toEqual([true, [60, 120], true, false]);
  });

  it('is never opened again once it is closed: what comes late is in the first that may be', () => {
    const window = windowOf(60, undefined);
    window.takes(70);
    window.close();
    expect([window.takes(71), bounds(window)]).toEqual([true, [120, 180]]);
    const next = windowOf(60, { open: undefined, notBefore: 120 });
    expect([next.takes(71), bounds(next)]).toEqual([true, [120, 180]]);
  });

  it('goes on to its end when it was ended early, also with windows of another length, and without state', () => {
    const window = windowOf(7, { open: { start: 60, end: 120, state: '{"sum":1}' }, notBefore: 60 });
    expect([window.takes(100), bounds(window)]).toEqual([true, [60, 120]]);
    window.closeEarly();
    expect([window.takes(101), bounds(window), window.open?.state]).toEqual([true, [98, 120], '{}']);
    window.close();
    expect([window.takes(121), bounds(window)]).toEqual([true, [120, 126]]);
  });

  it('is over only when its shard was read to its end and two minutes have passed', () => {
    const window = windowOf(60, undefined);
    expect(window.isOver(1_000_000, 1_000_000)).toBe(false);
    window.takes(70);
    expect(window.overAt).toBe(120_120);
    expect([window.isOver(120_119, 120_119), window.isOver(120_120, 119), window.isOver(120_120, 120)]).toEqual([false, false, true]);
    expect(window.isOver(120_120, undefined)).toBe(true);
  });
});
