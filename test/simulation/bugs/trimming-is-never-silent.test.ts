import { describe, expect, it } from 'vitest';
import type { CoreEngine } from '../../../src/index.ts';
import { OneStream, type Run } from './one-stream.ts';

const RETENTION_MS = 60_000;
const FOREVER: Run = { afterMs: 86_400_000 };

function put({ stream }: OneStream, ...texts: readonly string[]): string {
  let shardId = '';
  for (const data of texts) ({ shardId } = stream.put({ partitionKey: data, data }));
  return shardId;
}

/** Ends an engine as if it had been killed: nothing that runs is waited for. */
async function kill(world: OneStream, engine: CoreEngine): Promise<void> {
  await world.clock.run(engine.stop({ timeoutMs: 0 }));
}

function standing(world: OneStream): readonly string[] {
  return world.events('shard.state').flatMap(({ shardId, state }) => (state === 'trimmed' ? [shardId] : []));
}

describe('records that retention took before they were done', () => {
  // Streams seed 12: what was read counted as read, also when the process ended before it was done.
  it('stop their shard when they were read by a process that ended before they were done', async () => {
    const world = new OneStream({ retentionMs: RETENTION_MS });
    world.run = () => FOREVER;
    const shardId = put(world, 'a', 'b');
    const first = world.start();
    await world.clock.advance(RETENTION_MS - 1000);
    put(world, 'c');
    await world.clock.advance(500);
    await kill(world, first);
    await world.clock.advance(2000);
    const second = world.start();
    await world.clock.advance(1000);
    expect(standing(world)).toEqual([shardId]);
    expect(world.invoked.flat()).not.toContain('c');
    await kill(world, second);
  });

  // Streams seed 222: a shard of which nothing was read yet has no number that the source could miss anything behind.
  it('stop a shard of which nothing was read when reads fail for longer than records are kept', async () => {
    const world = new OneStream({ retentionMs: RETENTION_MS });
    let isOut = false;
    const { stream } = world;
    const read = stream.read.bind(stream);
    stream.read = (request) => {
      if (isOut) throw new Error('no reads');
      return read(request);
    };
    const engine = world.start({ startingPosition: 'LATEST' });
    await world.clock.advance(1000);
    isOut = true;
    await stream.close();
    await world.clock.advance(1000);
    const shardId = put(world, 'a');
    await world.clock.advance(RETENTION_MS + 10_000);
    put(world, 'b');
    isOut = false;
    await world.clock.advance(20_000);
    expect(standing(world)).toEqual([shardId]);
    expect(world.invoked).toEqual([]);
    await kill(world, engine);
  });

  // Streams seed 30310: only LATEST had an instant since which nothing could be missed unsaid.
  it.for(['TRIM_HORIZON', 'AT_TIMESTAMP'] as const)('stop a shard that was closed, and is gone before it was read, at %s', async (from) => {
    const world = new OneStream({ retentionMs: RETENTION_MS });
    const at = world.clock.wall() / 1000;
    let isOut = true;
    const { stream } = world;
    const read = stream.read.bind(stream);
    stream.read = (request) => {
      if (isOut) throw new Error('no reads');
      return read(request);
    };
    const engine = world.start({
      startingPosition: from,
      ...(from === 'AT_TIMESTAMP' ? { startingPositionTimestamp: at } : {}),
    });
    await world.clock.advance(1000);
    const closed = put(world, 'lost');
    stream.splitShard(closed);
    await world.clock.advance(RETENTION_MS + 10_000);
    put(world, 'kept');
    isOut = false;
    await world.clock.advance(30_000);
    expect(standing(world)).toEqual([closed]);
    expect(world.invoked).toEqual([]);
    await kill(world, engine);
  });

  it('are beyond the horizon that was asked for when the mapping began after they came', async () => {
    const world = new OneStream({ retentionMs: RETENTION_MS });
    const at = world.clock.wall() / 1000;
    put(world, 'old');
    await world.clock.advance(RETENTION_MS + 1000);
    put(world, 'young');
    const engine = world.start({ startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: at });
    await world.clock.advance(10_000);
    expect(standing(world)).toEqual([]);
    expect(world.invoked).toEqual([['young']]);
    await kill(world, engine);
  });

  // Streams seed 202: the end of a closed shard counted as the instant at which it was read, and its child as read to there.
  it('stop a child whose parent was worked off long after it was closed', async () => {
    const world = new OneStream({ retentionMs: RETENTION_MS });
    world.run = () => FOREVER;
    const parent = put(world, 'a');
    const first = world.start();
    await world.clock.advance(1000);
    await kill(world, first);
    world.stream.splitShard(parent);
    const child = put(world, 'b');
    await world.clock.advance(10_000);
    world.run = () => ({ afterMs: RETENTION_MS });
    const second = world.start();
    await world.clock.advance(2 * RETENTION_MS);
    expect(world.invoked.at(-1)).toEqual(['a']);
    expect(standing(world)).toContain(child);
    await kill(world, second);
  });

  // Streams seed 54: a shard that came and went while no engine ran left no trace but its children.
  it('stop the children of a shard that came and went while nobody read', async () => {
    const world = new OneStream({ retentionMs: RETENTION_MS });
    const first = world.start();
    const [root = ''] = world.stream.shardIds;
    await world.clock.advance(1000);
    world.stream.splitShard(root);
    await world.clock.advance(1000);
    await kill(world, first);
    await world.clock.advance(1000);
    const [, left = '', right = ''] = world.stream.shardIds;
    const merged = world.stream.mergeShards(left, right);
    expect(put(world, 'lost')).toBe(merged);
    const children = world.stream.splitShard(merged);
    await world.clock.advance(RETENTION_MS + 1000);
    put(world, 'kept');
    const second = world.start();
    await world.clock.advance(30_000);
    expect(world.invoked).toEqual([]);
    expect(standing(world)).toEqual(expect.arrayContaining([...children]));
    await kill(world, second);
  });
});

describe('a stream that was made anew', () => {
  // Streams seed 208: a mapping that began at LATEST longer ago than records are kept took each new shard for trimmed.
  it('is read from its own beginning, however long ago the mapping began', async () => {
    const world = new OneStream({ retentionMs: RETENTION_MS });
    const engine = world.start({ startingPosition: 'LATEST' });
    await world.clock.advance(2 * RETENTION_MS);
    world.stream.recreate();
    put(world, 'a');
    await world.clock.advance(30_000);
    expect(standing(world)).toEqual([]);
    expect(world.invoked.flat()).toContain('a');
    await kill(world, engine);
  });
});

describe('a shard that is gone before it was read', () => {
  // Streams seed 426: with the shard between them gone, a child was read while its grandparents were worked on.
  it('still keeps its children from being read before its parents are worked off', async () => {
    const world = new OneStream({ retentionMs: RETENTION_MS });
    world.run = ([text]) => ({ afterMs: text === 'parent' ? 2 * RETENTION_MS : 0 });
    const [root = ''] = world.stream.shardIds;
    put(world, 'parent');
    const engine = world.start({ onTrimmed: 'resumeAtTrimHorizon' });
    await world.clock.advance(1000);
    const [left, right] = world.stream.splitShard(root);
    world.stream.mergeShards(left, right);
    await world.clock.advance(RETENTION_MS + 20_000);
    put(world, 'child');
    await world.clock.advance(20_000);
    expect(world.invoked).toEqual([['parent']]);
    await world.clock.advance(RETENTION_MS);
    expect(world.invoked).toEqual([['parent'], ['child']]);
    await kill(world, engine);
  });
});
