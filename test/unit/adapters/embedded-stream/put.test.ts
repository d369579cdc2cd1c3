import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { embeddedStream, type PutInput } from '../../../../adapters/source/embedded-stream/index.ts';
import { compareSequence, SeededRandom, SourceError, sequenceNumber, VirtualClock } from '../../../../src/index.ts';

const KEYS = Array.from({ length: 200 }, (_, index) => `key-${String(index)}`);
const LAST_KEY = String((1n << 128n) - 1n);

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a put to an embedded stream', () => {
  it('goes to the shard whose range holds the MD5 of its partition key', () => {
    const stream = embeddedStream({ name: 'orders', shards: 7 });
    for (const partitionKey of [...KEYS, 'ü 🚰']) {
      const { shardId } = stream.put({ partitionKey, data: 'x' });
      const hashKey = BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`);
      const { startingHashKey, endingHashKey } = stream.peek(shardId).hashKeyRange;
      expect(hashKey >= BigInt(startingHashKey) && hashKey <= BigInt(endingHashKey)).toBe(true);
    }
    for (const shardId of stream.shardIds) expect(stream.peek(shardId).records.length).toBeGreaterThan(0);
  });

  it('goes to the shard of its explicit hash key', () => {
    const stream = embeddedStream({ name: 'orders', shards: 3 });
    const [first = '', second = '', third = ''] = stream.shardIds;
    const border = stream.peek(second).hashKeyRange.startingHashKey;
    const before = String(BigInt(border) - 1n);
    const puts = stream.putMany(
      ['0', before, border, LAST_KEY].map((explicitHashKey) => ({ partitionKey: 'a', data: '', explicitHashKey })),
    );
    expect(puts.map(({ shardId }) => shardId)).toEqual([first, first, second, third]);
  });

  it('covers every hash key with every number of shards', () => {
    for (const shards of [1, 2, 3, 7, 1000]) {
      const stream = embeddedStream({ name: 'orders', shards });
      let next = 0n;
      for (const shardId of stream.shardIds) {
        const { startingHashKey, endingHashKey } = stream.peek(shardId).hashKeyRange;
        expect(BigInt(startingHashKey)).toBe(next);
        next = BigInt(endingHashKey) + 1n;
      }
      expect(next).toBe(1n << 128n);
    }
  });

  it('gets a number of 56 digits that is greater than all before and next to none, over all shards', () => {
    const stream = embeddedStream({ name: 'orders', shards: 4 });
    const numbers = stream.putMany(KEYS.map((partitionKey) => ({ partitionKey, data: 'x' }))).map((put) => put.sequenceNumber);
    for (const [index, number] of numbers.entries()) {
      expect(number).toMatch(/^\d{56}$/u);
      const next = numbers[index + 1];
      if (next === undefined) continue;
      expect(compareSequence(sequenceNumber(number), sequenceNumber(next))).toBeLessThan(0);
      expect(BigInt(next) - BigInt(number)).toBeGreaterThan(1n);
    }
  });

  it('keeps bytes and text as they are, as base64', () => {
    const stream = embeddedStream({ name: 'orders' });
    const bytes = Uint8Array.of(9, 0, 255, 128, 7);
    const { shardId } = stream.put({ partitionKey: 'a', data: bytes.subarray(1, 4) });
    bytes.fill(1);
    stream.put({ partitionKey: 'a', data: 'Grüße 🚰' });
    stream.put({ partitionKey: 'a', data: '' });
    const texts = stream.peek(shardId).records.map(({ data }) => data);
    expect(texts).toEqual(['AP+A', Buffer.from('Grüße 🚰').toString('base64'), '']);
  });

  it('never arrives before what was put earlier, also when the wall clock steps back', () => {
    const clock = new VirtualClock();
    const stream = embeddedStream({ name: 'orders', clock, random: new SeededRandom(1) });
    const { shardId } = stream.put({ partitionKey: 'a', data: 'x' });
    clock.stepWall(-60_000);
    stream.put({ partitionKey: 'a', data: 'y' });
    const [first, second] = stream.peek(shardId).records;
    expect(second?.arrivedAt).toBe(first?.arrivedAt);
  });

  it.each([
    [undefined, 'a record must be an object, but is missing'],
    [{ data: 'x' }, 'partitionKey must be a text of 1 to 256 characters, but is missing'],
    [{ partitionKey: '', data: 'x' }, 'partitionKey must be a text of 1 to 256 characters'],
    [{ partitionKey: 'k'.repeat(257), data: 'x' }, 'but is a text of 257 characters'],
    [{ partitionKey: 'a' }, 'data must be a text or a Uint8Array, but is missing'],
    [{ partitionKey: 'a', data: 7 }, 'data must be a text or a Uint8Array, but is the number 7'],
    [{ partitionKey: 'a', data: 'x', explicitHashKey: '-1' }, 'explicitHashKey must be a decimal text from 0 to 2^128 - 1'],
    [{ partitionKey: 'a', data: 'x', explicitHashKey: String(1n << 128n) }, 'explicitHashKey must be a decimal text'],
    [{ partitionKey: 'a', data: 'x', hashKey: '1' }, 'hashKey is no field of a record; there are partitionKey, data, explicitHashKey'],
    [{ partitionKey: 'abc', data: 'x'.repeat(98) }, 'the record takes 101 bytes and the stream allows 100'],
  ])('is refused with field and rule: %j', (input, expected) => {
    const stream = embeddedStream({ name: 'orders', maximumRecordBytes: 100 });
    const error = thrownBy(() => stream.put(input as PutInput));
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ kind: 'invalid', message: expect.stringContaining(expected) as string });
    expect(stream.peek('shardId-000000000000').records).toEqual([]);
  });

  it('is refused when the stream is full, until something is past retention', async () => {
    const clock = new VirtualClock();
    const stream = embeddedStream({ name: 'orders', maximumRecords: 2, retentionMs: 1000, clock, random: new SeededRandom(1) });
    stream.put({ partitionKey: 'a', data: 'x' });
    await clock.advance(600);
    stream.put({ partitionKey: 'a', data: 'y' });
    const error = thrownBy(() => stream.put({ partitionKey: 'a', data: 'z' }));
    expect(error).toMatchObject({
      kind: 'throttled',
      code: 'StreamFull',
      message: expect.stringContaining('it holds 2 records') as string,
    });
    await clock.advance(600);
    const { shardId } = stream.put({ partitionKey: 'a', data: 'z' });
    expect(stream.peek(shardId).records).toHaveLength(2);
  });

  it('is refused when the bytes are used up', () => {
    const stream = embeddedStream({ name: 'orders', maximumBytes: 20 });
    stream.put({ partitionKey: 'a', data: 'x'.repeat(12) });
    expect(thrownBy(() => stream.put({ partitionKey: 'a', data: 'xyz' }))).toMatchObject({ code: 'StreamFull' });
    stream.trim('shardId-000000000000');
    stream.put({ partitionKey: 'a', data: 'xyz' });
    expect(stream.peek('shardId-000000000000').records).toHaveLength(1);
  });
});
