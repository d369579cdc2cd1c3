import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssignedMember, divide, type Had } from '../../../../adapters/source/kafka/assignment.ts';

const TOPIC = 'orders';

function member(memberId: string, partitions?: readonly number[], generation = 1, topics: readonly string[] = [TOPIC]): AssignedMember {
  const had: Had | undefined = partitions === undefined ? undefined : { generation, partitions: { [TOPIC]: partitions } };
  return { memberId, topics, had };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function shares(members: readonly AssignedMember[], count: number): Record<string, readonly number[]> {
  const assignments = divide(members, new Map([[TOPIC, upTo(count)]]));
  return Object.fromEntries([...assignments].map(([memberId, share]) => [memberId, share[TOPIC] ?? []]));
}

describe('divide', () => {
  it('gives every partition to one member, as evenly as can be', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 40 }), (memberCount, partitionCount) => {
        const given = Object.values(
          shares(
            upTo(memberCount).map((index) => member(`m${String(index)}`)),
            partitionCount,
          ),
        );
        expect(given.flat().sort((a, b) => a - b)).toEqual(upTo(partitionCount));
        const sizes = given.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('leaves everybody what it had, but for what a newcomer needs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 30 }), (memberCount, partitionCount) => {
        const before = shares(
          upTo(memberCount).map((index) => member(`m${String(index)}`)),
          partitionCount,
        );
        const old = Object.entries(before).map(([memberId, had]) => member(memberId, had));
        expect(shares(old, partitionCount)).toEqual(before);
        const after = shares([...old, member('new')], partitionCount);
        const moved = Object.entries(before).flatMap(([memberId, had]) => had.filter((one) => !(after[memberId] ?? []).includes(one)));
        expect(moved.length).toBe(after['new']?.length);
      }),
    );
  });

  it('leaves what stays when a member goes', () => {
    const after = shares([member('a', [0, 1]), member('c', [4, 5])], 6);
    expect(after['a']).toEqual(expect.arrayContaining([0, 1]));
    expect(after['c']).toEqual(expect.arrayContaining([4, 5]));
  });

  it('believes the youngest generation, and nobody when two say the same', () => {
    expect(shares([member('a', [0], 4), member('b', [0], 5), member('c', [1], 5)], 3)['b']).toContain(0);
    const contested = shares([member('a', [0], 5), member('b', [0], 5)], 2);
    expect(Object.values(contested).flat().sort()).toEqual([0, 1]);
  });

  it('forgets partitions that are not there, and members that do not want the topic', () => {
    expect(shares([member('a', [0, 7]), member('b', [1], 1, ['other'])], 2)).toEqual({ a: [0, 1], b: [] });
  });

  it('gives members of several topics no more than others where that can be', () => {
    const both = ['orders', 'payments'];
    const assignments = divide(
      [member('a', undefined, 0, both), member('b', undefined, 0, both)],
      new Map([
        ['orders', [0]],
        ['payments', [0]],
      ]),
    );
    expect([...assignments.values()].map((share) => Object.values(share).flat().length)).toEqual([1, 1]);
  });
});
