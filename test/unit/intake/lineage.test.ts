import { describe, expect, it } from 'vitest';
import type { StreamPosition } from '../../../src/index.ts';
import { awaitedParents, initialPosition, readable } from '../../../src/intake/index.ts';

const END: StreamPosition = { kind: 'end' };
const BEGUN: StreamPosition = { kind: 'start', start: { kind: 'trim-horizon' } };

function shard(shardId: string, ...parents: string[]) {
  return { shardId, parents, isClosed: false };
}

const merged = [shard('a'), shard('b'), shard('ab', 'a', 'b')];

describe('lineage', () => {
  it.for<[string, [string, StreamPosition][], string[]]>([
    ['neither parent has ended', [], ['a', 'b']],
    ['one parent has ended', [['a', END]], ['b']],
    [
      'the other parent has begun',
      [
        ['a', END],
        ['b', BEGUN],
      ],
      ['b'],
    ],
    [
      'both parents have ended',
      [
        ['a', END],
        ['b', END],
      ],
      ['ab'],
    ],
    [
      'everything has ended',
      [
        ['a', END],
        ['b', END],
        ['ab', END],
      ],
      [],
    ],
  ])('reads what may be read when %s', ([, stored, expected]) => {
    const lineage = { shards: merged, positions: new Map(stored) };
    expect(readable(lineage).map(({ shardId }) => shardId)).toEqual(expected);
  });

  it('does not wait for a parent that is older than anything kept, but for one that is not read to its end', () => {
    const child = shard('child', 'gone');
    expect(readable({ shards: [child], positions: new Map() })).toEqual([child]);
    const begun = { shards: [child], positions: new Map([['gone', BEGUN]]) };
    expect(readable(begun)).toEqual([]);
    expect(awaitedParents(child, begun)).toEqual(['gone']);
  });

  it('begins shards of the first day at the starting position, and all later ones with their first record', () => {
    const start = { kind: 'latest', since: 5 } as const;
    expect(initialPosition('a', { start, shards: ['a'] })).toEqual({ kind: 'start', start });
    expect(initialPosition('b', { start, shards: ['a'] })).toEqual(BEGUN);
  });
});
