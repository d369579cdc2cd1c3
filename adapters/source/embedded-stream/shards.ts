import type { SequenceNumber } from '../../../src/index.ts';
import { fixedBytes, type KinesisEventSource, type KinesisRecord, kinesisRecord } from '../../shared/kinesis-event.ts';
import { invalid, shardGone } from './errors.ts';
import { evenRanges, type HashKeyRange, HashRoute, hashKeyOf, parseHashKey } from './hash-keys.ts';
import { Numbering } from './numbering.ts';
import { SHARDS_MAX, type StreamSettings } from './options.ts';
import type { CheckedPut } from './put-input.ts';
import { type Holdings, Shard } from './shard.ts';

const ID_DIGITS = 12;

/** One incarnation of a stream: its shards, with their lineage, and its numbers. */
export class Shards {
  readonly incarnation: string;
  readonly numbering: Numbering;
  readonly holdings: Holdings = { records: 0, bytes: 0 };
  readonly #settings: StreamSettings;
  readonly #eventSource: KinesisEventSource;
  readonly #shards = new Map<string, Shard>();
  #route: HashRoute<Shard>;
  #shardsMade = 0;
  /** Arrivals only grow, also when the wall clock steps back. */
  #lastArrival = 0;

  constructor(generation: number, settings: StreamSettings, eventSource: KinesisEventSource) {
    this.#settings = settings;
    this.#eventSource = eventSource;
    this.incarnation = settings.random.uuid();
    this.numbering = new Numbering(generation, Math.floor(settings.clock.wall()), settings.random);
    for (const range of evenRanges(settings.shards)) this.#open(range, []);
    this.#route = this.#newRoute();
  }

  /** Every shard that is still known, the oldest first. */
  list(): Shard[] {
    for (const shard of this.#shards.values()) this.tidy(shard);
    return [...this.#shards.values()];
  }

  /** One shard, without what is past retention. Throws `gone`. */
  shard(shardId: string): Shard {
    const known = this.#shards.get(shardId);
    if (known !== undefined) this.tidy(known);
    const shard = this.#shards.get(shardId);
    if (shard === undefined) throw shardGone(shardId, this.#settings.name);
    return shard;
  }

  /** Takes away what is past retention: records, and a closed shard whose records all are. */
  tidy(shard: Shard): void {
    const horizon = this.#settings.clock.wall() - this.#settings.retentionMs;
    shard.trimBefore(horizon);
    if (shard.closedAt !== undefined && shard.closedAt < horizon) this.#shards.delete(shard.shardId);
  }

  put({ partitionKey, data, explicitHashKey }: CheckedPut): { readonly shard: Shard; readonly record: KinesisRecord } {
    const shard = this.#route.only ?? this.#route.find(explicitHashKey ?? hashKeyOf(partitionKey));
    if (shard === undefined) throw new Error('the ranges of the open shards have a gap');
    const sequenceNumber = this.numbering.next();
    const record = kinesisRecord({ sequenceNumber, partitionKey, data, arrivedAt: this.#arrival() }, shard.fixedBytes);
    shard.append(record);
    return { shard, record };
  }

  /** Closes a shard and opens two with its keys; the second begins at `newStartingHashKey`, in the middle unless given. */
  split(shardId: string, newStartingHashKey: string | undefined): readonly [string, string] {
    const parent = this.#openShard(shardId);
    const { start, end } = parent.range;
    const middle = newStartingHashKey === undefined ? start + (end - start + 1n) / 2n : parseHashKey(newStartingHashKey);
    if (middle === undefined || middle <= start || middle > end) {
      throw invalid(`newStartingHashKey must be a decimal text greater than ${String(start)} and at most ${String(end)} for ${shardId}`);
    }
    if (this.#openShards().length >= SHARDS_MAX) throw invalid(`the stream has ${String(SHARDS_MAX)} open shards; merge some first`);
    const first = this.#open({ start, end: middle - 1n }, [shardId]);
    const second = this.#open({ start: middle, end }, [shardId]);
    this.#close(parent);
    return [first.shardId, second.shardId];
  }

  /** Closes two shards that are neighbours and opens one with the keys of both. */
  merge(shardId: string, adjacentShardId: string): string {
    const parents = [this.#openShard(shardId), this.#openShard(adjacentShardId)];
    const [low, high] = parents.map(({ range }) => range).sort((a, b) => (a.start < b.start ? -1 : 1));
    if (low === undefined || high === undefined || low.end + 1n !== high.start) {
      throw invalid(`${shardId} and ${adjacentShardId} are not neighbours: the hash keys of one must follow those of the other`);
    }
    const child = this.#open({ start: low.start, end: high.end }, [shardId, adjacentShardId]);
    this.#close(...parents);
    return child.shardId;
  }

  trim(shardId: string, upTo: SequenceNumber | undefined): void {
    const shard = this.shard(shardId);
    if (upTo === undefined) shard.trimAll();
    else shard.trimThrough(upTo);
  }

  /** Lets every read that waits look again. */
  wake(): void {
    for (const shard of this.#shards.values()) shard.wake();
  }

  #arrival(): number {
    this.#lastArrival = Math.max(this.#lastArrival, Math.floor(this.#settings.clock.wall()));
    return this.#lastArrival;
  }

  #open(range: HashKeyRange, parents: readonly string[]): Shard {
    const shardId = `shardId-${String(this.#shardsMade).padStart(ID_DIGITS, '0')}`;
    this.#shardsMade += 1;
    const shard = new Shard({ shardId, parents, range, fixedBytes: fixedBytes(shardId, this.#eventSource) }, this.holdings);
    this.#shards.set(shardId, shard);
    return shard;
  }

  #close(...shards: readonly Shard[]): void {
    const at = this.#arrival();
    for (const shard of shards) shard.close(at);
    this.#route = this.#newRoute();
  }

  #openShard(shardId: string): Shard {
    const shard = this.shard(shardId);
    if (shard.closedAt !== undefined) throw invalid(`${shardId} is closed; only open shards are split and merged`);
    return shard;
  }

  #openShards(): Shard[] {
    return [...this.#shards.values()].filter(({ closedAt }) => closedAt === undefined);
  }

  #newRoute(): HashRoute<Shard> {
    return new HashRoute(this.#openShards());
  }
}
