import { describe, expect, it } from 'vitest';
import { Ownership } from '../../../../adapters/source/kafka/ownership.ts';

describe('ownership', () => {
  it('keeps the epoch of what stays, and gives what comes another one, never twice', () => {
    const ownership = new Ownership();
    expect(ownership.assign([1, 0], false)).toEqual([
      { partition: 0, epoch: 2 },
      { partition: 1, epoch: 1 },
    ]);
    expect(ownership.assign([0], true)).toEqual([{ partition: 0, epoch: 2 }]);
    expect(ownership.assign([0, 1], true)).toEqual([
      { partition: 0, epoch: 2 },
      { partition: 1, epoch: 3 },
    ]);
    expect(ownership.assign([0, 1], false).map(({ epoch }) => epoch)).toEqual([4, 5]);
  });

  it('is ours while the group is divided anew, but nothing is handed over', () => {
    const ownership = new Ownership();
    ownership.assign([0], false);
    ownership.unsettle();
    expect(ownership.has(0, 1)).toBe(true);
    expect(ownership.isSettled).toBe(false);
  });

  it('is nothing when it is lost, under any epoch', () => {
    const ownership = new Ownership();
    ownership.assign([0], false);
    ownership.lose();
    expect(ownership.has(0, 1)).toBe(false);
    expect(ownership.size).toBe(0);
    expect(ownership.assign([0], true)).toEqual([{ partition: 0, epoch: 2 }]);
  });
});
