import type { StreamPosition, StreamShard } from '../contract/index.ts';
import type { ShardRow } from '../settle/index.ts';

/** How far a shard that nobody reads now was worked off. */
export interface ShardPlace {
  readonly position: StreamPosition;
  /** Epoch ms up to which it was read, where that is known. */
  readonly readThrough: number | undefined;
}

/** The places of the shards of a stream that nobody reads now, and what they say of others. */
export class ShardPositions {
  readonly #places = new Map<string, ShardPlace>();
  readonly #rows = new Map<string, ShardRow>();

  /** Takes what was stored. */
  load(shardId: string, row: ShardRow): void {
    this.#rows.set(shardId, row);
    this.#places.set(shardId, row);
  }

  /** Its task has come to rest. */
  rest(shardId: string, place: ShardPlace): void {
    this.#rows.delete(shardId);
    this.#places.set(shardId, place);
  }

  /** What was stored of a shard that has not been begun in this tenure. */
  rowOf(shardId: string): ShardRow | undefined {
    return this.#rows.get(shardId);
  }

  get positions(): Map<string, StreamPosition> {
    return new Map([...this.#places].map(([shardId, { position }]) => [shardId, position]));
  }

  /**
   * Up to when a shard without a row counts as read: as far as its parents, for its records came later. So a child that nobody
   * read for longer than its stream keeps records is suspected of loss like any other shard. A parent that nobody knows, of a
   * shard that is younger than the mapping, came and went while nobody read: then nothing counts as read.
   */
  readThroughOf({ parents }: Pick<StreamShard, 'parents'>, isInitial = true): number | undefined {
    if (!isInitial && parents.some((parent) => !this.#places.has(parent))) return 0;
    const known = parents.flatMap((parent) => this.#places.get(parent)?.readThrough ?? []);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Shards that the service lists no longer although they were not read to their end. */
  orphans(shards: readonly StreamShard[]): readonly string[] {
    const listed = listedOf(shards);
    return [...this.#places]
      .filter(([shardId, { position }]) => position.kind !== 'end' && !listed.has(shardId))
      .map(([shardId]) => shardId);
  }

  /**
   * Forgets, and gives, shards that were read to their end and cannot come back: not listed, all their records older than
   * `horizon` (epoch ms), and every child of theirs begun (its state says now what theirs said).
   */
  forgetGone(shards: readonly StreamShard[], horizon: number, isRead: (shardId: string) => boolean): readonly string[] {
    const listed = listedOf(shards);
    const begun = (shardId: string): boolean => isRead(shardId) || this.#places.has(shardId);
    const parents = new Set(shards.filter(({ shardId }) => !begun(shardId)).flatMap((shard) => shard.parents));
    const gone = [...this.#places].filter(
      ([shardId, { position, readThrough }]) =>
        position.kind === 'end' && !listed.has(shardId) && !parents.has(shardId) && readThrough !== undefined && readThrough < horizon,
    );
    for (const [shardId] of gone) {
      this.#places.delete(shardId);
      this.#rows.delete(shardId);
    }
    return gone.map(([shardId]) => shardId);
  }
}

function listedOf(shards: readonly StreamShard[]): ReadonlySet<string> {
  return new Set(shards.map(({ shardId }) => shardId));
}
