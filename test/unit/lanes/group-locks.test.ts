import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../src/contract/index.ts';
import { type Admission, GroupLocks } from '../../../src/lanes/index.ts';
import { delivery, hold, ids } from '../../support/deliveries.ts';

const late = (id: string, group?: string): Delivery => delivery(id, group, hold({ deadline: 1000 }));
const sorted = ({ admitted, expired, behind, locked }: Admission): Record<string, string[]> => ({
  admitted: ids(admitted),
  expired: ids(expired),
  behind: ids(behind),
  locked: ids(locked),
});

describe('group locks', () => {
  it('let several groups start together, in order', () => {
    const admission = new GroupLocks().admit([delivery('a1', 'a'), delivery('b1', 'b'), delivery('a2', 'a')], 0);
    expect(sorted(admission)).toEqual({ admitted: ['a1', 'b1', 'a2'], expired: [], behind: [], locked: [] });
  });

  it('keep a group until it is freed, and other groups do not wait', () => {
    const locks = new GroupLocks();
    const first = locks.admit([delivery('a1', 'a')], 0);
    expect(sorted(locks.admit([delivery('a2', 'a'), delivery('b1', 'b')], 0))).toMatchObject({ admitted: ['b1'], locked: ['a2'] });
    locks.free(first.admitted);
    expect(sorted(locks.admit([delivery('a2', 'a')], 0))).toMatchObject({ admitted: ['a2'] });
  });

  it('send back everything of a group behind a message whose visibility has run out', () => {
    const admission = new GroupLocks().admit([delivery('a1', 'a'), late('a2', 'a'), delivery('a3', 'a'), delivery('b1', 'b')], 1000);
    expect(sorted(admission)).toEqual({ admitted: ['a1', 'b1'], expired: ['a2'], behind: ['a3'], locked: [] });
  });

  it('sort out each message of a standard queue for itself', () => {
    const locks = new GroupLocks();
    expect(sorted(locks.admit([delivery('1'), late('2'), delivery('3')], 1000))).toEqual({
      admitted: ['1', '3'],
      expired: ['2'],
      behind: [],
      locked: [],
    });
    expect(ids(locks.admit([delivery('4')], 0).admitted)).toEqual(['4']);
  });

  it('do not lock the group of what may not start', () => {
    const locks = new GroupLocks();
    locks.admit([late('a1', 'a')], 1000);
    expect(ids(locks.admit([delivery('a1', 'a')], 0).admitted)).toEqual(['a1']);
  });
});
