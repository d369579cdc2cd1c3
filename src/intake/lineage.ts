import type { StreamPosition, StreamShard, StreamStart } from '../contract/index.ts';

/** What is known of the shards of a stream. */
export interface Lineage {
  /** What the service lists. */
  readonly shards: readonly StreamShard[];
  /** Stored positions. */
  readonly positions: ReadonlyMap<string, StreamPosition>;
}

/**
 * The shards that may be read now (R7): not at their end, and every parent at its end. A parent that is neither listed nor
 * stored is older than anything kept, so nobody can read it any more.
 */
export function readable({ shards, positions }: Lineage): readonly StreamShard[] {
  const listed = new Set(shards.map(({ shardId }) => shardId));
  const isDone = (shardId: string): boolean => {
    const position = positions.get(shardId);
    return position === undefined ? !listed.has(shardId) : position.kind === 'end';
  };
  return shards.filter(({ shardId, parents }) => positions.get(shardId)?.kind !== 'end' && parents.every(isDone));
}

/** The parents that a shard still waits for. */
export function awaitedParents(shard: StreamShard, { shards, positions }: Lineage): readonly string[] {
  const listed = new Set(shards.map(({ shardId }) => shardId));
  return shard.parents.filter((parent) => {
    const position = positions.get(parent);
    return position === undefined ? listed.has(parent) : position.kind !== 'end';
  });
}

/** How a mapping began: which shards there were when it was created, and from where these are read. */
export interface MappingStart {
  readonly start: StreamStart;
  readonly shards: readonly string[];
  /**
   * What arrived from this instant on, epoch ms, is wanted and was kept when the mapping began: of a shard that nobody has read
   * yet it may not be missed unsaid. Absent where the state is of an older version.
   */
  readonly owedSince?: number;
}

/**
 * Where a shard without stored state begins. Those that were there when the mapping was created begin at its starting position;
 * every later one is a child or new, and begins with its first record, or what came between would be lost (R7).
 */
export function initialPosition(shardId: string, { start, shards }: MappingStart): StreamPosition {
  return { kind: 'start', start: shards.includes(shardId) ? start : { kind: 'trim-horizon' } };
}
