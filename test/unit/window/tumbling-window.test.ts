import { describe, expect, it } from 'vitest';
import { TumblingWindow } from '../../../src/window/index.ts';

const MINUTE = 60_000;

/** The bounds that a window gives to arrivals one after the other; it is closed when one does not belong into it. */
function boundsOf(window: TumblingWindow, arrivals: readonly number[]): (readonly [number, number])[] {
  return arrivals.map((arrivedAt) => {
    if (!window.takes(arrivedAt)) {
      window.close();
      window.takes(arrivedAt);
    }
    const { start = Number.NaN, end = Number.NaN } = window.open ?? {};
    return [start, end] as const;
  });
}

describe('the tumbling windows of a shard', () => {
  it.each<readonly [string, lengthMs: number, arrivals: readonly number[], bounds: readonly (readonly [number, number])[]]>([
    ['begin at multiples of their length', MINUTE, [61_000], [[60_000, 120_000]]],
    ['take what arrives at their first instant', MINUTE, [60_000], [[60_000, 120_000]]],
    [
      'do not take what arrives at the end',
      MINUTE,
      [60_000, 119_999, 120_000],
      [
        [60_000, 120_000],
        [60_000, 120_000],
        [120_000, 180_000],
      ],
    ],
    [
      'leave out those in which nothing arrives',
      1000,
      [500, 9500],
      [
        [0, 1000],
        [9000, 10_000],
      ],
    ],
    [
      'take what arrives late into the one that is open',
      MINUTE,
      [70_000, 5000],
      [
        [60_000, 120_000],
        [60_000, 120_000],
      ],
    ],
  ])('%s', (_name, lengthMs, arrivals, bounds) => {
    expect(boundsOf(new TumblingWindow(lengthMs, undefined), arrivals)).toEqual(bounds);
  });

  it('put what arrives late, when none is open, into the first that may still be opened', () => {
    const window = new TumblingWindow(MINUTE, undefined);
    window.takes(70_000);
    window.close();
    expect(boundsOf(window, [65_000, 5000])).toEqual([
      [120_000, 180_000],
      [120_000, 180_000],
    ]);
  });

  it('begin anew with the same bounds and without state after an early end', () => {
    const window = new TumblingWindow(MINUTE, undefined);
    window.takes(70_000);
    window.adopt('{"sum":1}');
    window.closeEarly();
    expect(boundsOf(window, [5000])).toEqual([[60_000, 120_000]]);
    expect(window.open?.state).toBe('{}');
  });

  it('keep the bounds of an early end also with another length', () => {
    const open = { start: 0, end: 60_000, state: '{"sum":1}' };
    const window = new TumblingWindow(7000, { open, notBefore: undefined });
    window.closeEarly();
    expect(boundsOf(window, [3000, 59_000, 60_000])).toEqual([
      [0, 60_000],
      [0, 60_000],
      [60_000, 63_000],
    ]);
  });

  it('of another length go on with the one that is open, and do not overlap it', () => {
    const open = { start: 60_000, end: 120_000, state: '{"sum":1}' };
    const window = new TumblingWindow(50_000, { open, notBefore: 60_000 });
    expect(boundsOf(window, [90_000, 130_000, 155_000])).toEqual([
      [60_000, 120_000],
      [120_000, 150_000],
      [150_000, 200_000],
    ]);
  });

  it('give what they stored back to the next life', () => {
    const first = new TumblingWindow(MINUTE, undefined);
    first.takes(10);
    first.adopt('{"sum":1}');
    const second = new TumblingWindow(MINUTE, first.stored);
    expect(second.open).toEqual({ start: 0, end: MINUTE, state: '{"sum":1}' });
    second.close();
    expect(second.stored).toEqual({ open: undefined, notBefore: MINUTE });
  });

  it('are over two minutes after their end, when their shard was read to there', () => {
    const window = new TumblingWindow(MINUTE, undefined);
    expect([window.overAt, window.isOver(1e12, undefined)]).toEqual([undefined, false]);
    window.takes(0);
    expect(window.overAt).toBe(180_000);
    expect([window.isOver(179_999, undefined), window.isOver(180_000, undefined)]).toEqual([false, true]);
    expect([window.isOver(180_000, 59_999), window.isOver(180_000, 60_000)]).toEqual([false, true]);
  });

  it('ignore a state and an end when none is open', () => {
    const window = new TumblingWindow(MINUTE, undefined);
    window.adopt('{"sum":1}');
    window.close();
    expect(window.stored).toEqual({ open: undefined, notBefore: undefined });
  });
});
