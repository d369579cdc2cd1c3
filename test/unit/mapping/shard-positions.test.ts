import { describe, expect, it } from 'vitest';
import { sequenceNumber } from '../../../src/contract/index.ts';
import { type ShardPlace, ShardPositions } from '../../../src/mapping/shard-positions.ts';

const shard = (shardId: string, ...parents: string[]): { shardId: string; parents: string[]; isClosed: boolean } => ({
  shardId,
  parents,
  isClosed: false,
});
const end = (readThrough: number | undefined): ShardPlace => ({ position: { kind: 'end' }, readThrough });
const after = (readThrough: number | undefined): ShardPlace => ({
  position: { kind: 'after', sequenceNumber: sequenceNumber('5') },
  readThrough,
});

function resting(places: Readonly<Record<string, ShardPlace>>): ShardPositions {
  const positions = new ShardPositions();
  for (const [shardId, place] of Object.entries(places)) positions.rest(shardId, place);
  return positions;
}

describe('the places of shards that nobody reads', () => {
  it('give a child the earliest instant up to which its parents were read', () => {
    const positions = resting({ a: end(100), b: end(50), c: end(undefined) });
    expect(positions.readThroughOf(shard('child', 'a', 'b'))).toBe(50);
    expect(positions.readThroughOf(shard('child', 'c'))).toBeUndefined();
    expect(positions.readThroughOf(shard('first'))).toBeUndefined();
  });

  it('name shards that are listed no longer and were not read to their end', () => {
    const positions = resting({ a: after(1), b: after(1), c: end(1) });
    expect(positions.orphans([shard('b')])).toEqual(['a']);
  });

  it('are forgotten only when the shard cannot come back and nobody asks for it', () => {
    const positions = resting({ old: end(10), fresh: end(99), listed: end(10), parent: end(10), open: after(10), unknown: end(undefined) });
    const isRead = (shardId: string): boolean => shardId === 'read';
    const shards = [shard('listed'), shard('child', 'parent'), shard('read', 'old')];
    expect(positions.forgetGone(shards, 50, isRead)).toEqual(['old']);
    expect([...positions.positions.keys()]).toEqual(['fresh', 'listed', 'parent', 'open', 'unknown']);
    expect(positions.forgetGone([shard('child', 'parent')], 50, isRead)).toEqual(['listed']);
  });
});
