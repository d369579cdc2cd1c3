import { describe, expect, it } from 'vitest';
import { type EmbeddedStream, embeddedStream } from '../../../../adapters/source/embedded-stream/index.ts';
import { SeededRandom, sequenceNumber, VirtualClock } from '../../../../src/index.ts';
import { page, request, SHARD, texts } from './support.ts';

const DAY_MS = 86_400_000;

function setUp(shards = 1): { readonly clock: VirtualClock; readonly stream: EmbeddedStream } {
  const clock = new VirtualClock();
  return { clock, stream: embeddedStream({ name: 'orders', shards, clock, random: new SeededRandom(3) }) };
}

function put(stream: EmbeddedStream, ...data: readonly string[]): string[] {
  return stream.putMany(data.map((text) => ({ partitionKey: 'a', data: text }))).map((sent) => sent.sequenceNumber);
}

function refused(message: string): { kind: string; message: unknown } {
  return { kind: 'invalid', message: expect.stringContaining(message) };
}

describe('a split of an embedded stream', () => {
  it('cuts the range in the middle, or where it is told', () => {
    const { stream } = setUp();
    const [low, high] = stream.splitShard(SHARD);
    const half = String(1n << 127n);
    expect(stream.peek(low).hashKeyRange).toEqual({ startingHashKey: '0', endingHashKey: String((1n << 127n) - 1n) });
    expect(stream.peek(high).hashKeyRange).toEqual({ startingHashKey: half, endingHashKey: String((1n << 128n) - 1n) });
    const [tiny] = stream.splitShard(low, '1');
    expect(stream.peek(tiny)).toMatchObject({ parents: [low], hashKeyRange: { startingHashKey: '0', endingHashKey: '0' } });
    expect(() => stream.splitShard(tiny)).toThrow(expect.objectContaining(refused('newStartingHashKey')));
  });

  it('is refused outside the range, of a closed shard and of none', () => {
    const { stream } = setUp(2);
    const [first = '', second = ''] = stream.shardIds;
    for (const key of ['0', '-1', 'x', stream.peek(second).hashKeyRange.startingHashKey]) {
      expect(() => stream.splitShard(first, key)).toThrow(expect.objectContaining(refused('newStartingHashKey')));
    }
    stream.splitShard(first);
    expect(() => stream.splitShard(first)).toThrow(expect.objectContaining(refused('is closed')));
    expect(() => stream.splitShard('nowhere')).toThrow(expect.objectContaining({ kind: 'gone' }));
  });

  it('is refused beyond 1,000 open shards', () => {
    const { stream } = setUp(1000);
    expect(() => stream.splitShard(SHARD)).toThrow(expect.objectContaining(refused('1000 open shards')));
    const [one = '', other = ''] = stream.shardIds;
    stream.mergeShards(one, other);
    expect(stream.splitShard(stream.shardIds.at(-1) ?? '')).toHaveLength(2);
  });
});

describe('a merge of an embedded stream', () => {
  it('joins two ranges that touch, in either order', () => {
    const { stream } = setUp(3);
    const [first = '', second = '', third = ''] = stream.shardIds;
    const child = stream.mergeShards(second, first);
    expect(stream.peek(child)).toMatchObject({ parents: [second, first], hashKeyRange: { startingHashKey: '0' } });
    const all = stream.mergeShards(child, third);
    expect(stream.peek(all).hashKeyRange).toEqual({ startingHashKey: '0', endingHashKey: String((1n << 128n) - 1n) });
  });

  it('is refused of shards that do not touch, of one shard twice, and of closed ones', () => {
    const { stream } = setUp(3);
    const [first = '', second = '', third = ''] = stream.shardIds;
    for (const [one, other] of [
      [first, third],
      [first, first],
    ] as const) {
      expect(() => stream.mergeShards(one, other)).toThrow(expect.objectContaining(refused('not neighbours')));
    }
    stream.mergeShards(first, second);
    expect(() => stream.mergeShards(second, third)).toThrow(expect.objectContaining(refused('is closed')));
  });
});

describe('the retention of an embedded stream', () => {
  it('removes records when they are older, by the wall clock, and not before', async () => {
    const { clock, stream } = setUp();
    put(stream, 'a');
    await clock.advance(1000);
    put(stream, 'b');
    clock.stepWall(DAY_MS - 1000);
    expect(texts(stream.peek(SHARD).records)).toEqual(['a', 'b']);
    clock.stepWall(1);
    expect(texts(stream.peek(SHARD).records)).toEqual(['b']);
  });

  it('removes a closed shard with its last record, and its children stay', async () => {
    const { clock, stream } = setUp();
    put(stream, 'a');
    const children = stream.splitShard(SHARD);
    await clock.advance(DAY_MS);
    expect(stream.shardIds).toEqual([SHARD, ...children]);
    await clock.advance(1);
    expect(await stream.listShards()).toEqual(children.map((shardId) => ({ shardId, parents: [SHARD], isClosed: false })));
    await expect(stream.read(request()).next()).rejects.toMatchObject({ kind: 'gone', code: 'ResourceNotFoundException' });
    expect(() => stream.peek(SHARD)).toThrow(expect.objectContaining({ kind: 'gone' }));
  });

  it('lets a read that has everything end, and says trimmed to one that has not, when the shard is removed', async () => {
    const { clock, stream } = setUp();
    put(stream, 'a', 'b');
    const whole = stream.read(request());
    const half = stream.read(request({ maxRecords: 1 }));
    await page(whole);
    await page(half);
    stream.splitShard(SHARD);
    await clock.advance(DAY_MS + 1);
    expect(stream.shardIds).toHaveLength(2);
    expect(await page(whole)).toMatchObject({ records: [], ended: true });
    await expect(half.next()).rejects.toMatchObject({ kind: 'trimmed' });
  });

  it('says that a read is through to an instant only if nothing that came before it can be gone unnoticed', async () => {
    const { clock, stream } = setUp();
    const read = stream.read(request());
    const { readThrough = 0 } = await page(read);
    put(stream, 'lost');
    await clock.advance(DAY_MS);
    expect([clock.wall() - DAY_MS > readThrough, texts(stream.peek(SHARD).records)]).toEqual([false, ['lost']]);
    await clock.advance(1);
    expect([clock.wall() - DAY_MS > readThrough, texts(stream.peek(SHARD).records)]).toEqual([true, []]);
    await expect(read.next()).rejects.toMatchObject({ kind: 'trimmed' });
  });
});

describe('a trim of an embedded stream', () => {
  it('removes records up to a number', () => {
    const { stream } = setUp();
    const [, b = ''] = put(stream, 'a', 'b', 'c');
    stream.trim(SHARD, sequenceNumber(b));
    expect(texts(stream.peek(SHARD).records)).toEqual(['c']);
  });

  it('is felt at exactly the positions behind which something is gone', async () => {
    const { stream } = setUp();
    const numbers = put(stream, ...Array.from({ length: 3000 }, (_, index) => String(index)));
    stream.trim(SHARD, sequenceNumber(numbers[1999] ?? ''));
    for (const [index, isTrimmed] of [
      [0, true],
      [1998, true],
      [1999, false],
      [2500, false],
    ] as const) {
      const read = stream.read(
        request({ position: { kind: 'after', sequenceNumber: sequenceNumber(numbers[index] ?? '') }, maxRecords: 1 }),
      );
      if (isTrimmed) await expect(read.next()).rejects.toMatchObject({ kind: 'trimmed' });
      else expect(texts((await page(read)).records)).toEqual([String(index + 1)]);
    }
  });
});

describe('an embedded stream that was deleted', () => {
  it('says so to everybody, and is empty when it is made again', async () => {
    const { stream } = setUp(2);
    put(stream, 'a');
    stream.splitShard(SHARD);
    stream.delete();
    stream.delete();
    for (const call of [() => stream.shardIds, () => put(stream, 'b'), () => stream.peek(SHARD), () => stream.trim(SHARD)]) {
      expect(call).toThrow(expect.objectContaining({ kind: 'not-found' }));
    }
    stream.recreate();
    expect(stream.shardIds).toEqual(['shardId-000000000000', 'shardId-000000000001']);
    for (const shardId of stream.shardIds) expect(stream.peek(shardId)).toMatchObject({ records: [], isClosed: false, parents: [] });
  });
});
