import { describe, expect, it } from 'vitest';
import { batchesEnd, wholeBatchesEnd } from '../../../../adapters/source/kafka/record-batches.ts';

/** A batch's head, and so many bytes behind it. */
function batch(base: bigint, lastDelta: number, { bytes = 49, magic = 2 } = {}): Buffer {
  const buffer = Buffer.alloc(12 + bytes);
  buffer.writeBigInt64BE(base, 0);
  buffer.writeInt32BE(bytes, 8);
  buffer.writeInt8(magic, 16);
  buffer.writeInt32BE(lastDelta, 23);
  return buffer;
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function partition(version: number, records: Buffer, aborted: number): Buffer {
  const offsets = Buffer.alloc(version >= 5 ? 24 : 16);
  const replica = version >= 11 ? [int32(-1)] : [];
  return Buffer.concat([
    int32(0),
    int16(0),
    offsets,
    int32(aborted),
    Buffer.alloc(16 * Math.max(0, aborted)),
    ...replica,
    int32(records.length),
    records,
  ]);
}

function answer(version: number, ...partitions: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(version >= 7 ? 10 : 4);
  return Buffer.concat([head, int32(1), int16(6), Buffer.from('orders'), int32(partitions.length), ...partitions]);
}

describe('how far an answer reaches', () => {
  it('is the last offset of its last whole batch, whether a record has it or not', () => {
    expect(batchesEnd(Buffer.concat([batch(5n, 2), batch(8n, 9)]))).toBe('17');
    expect(batchesEnd(batch(2n ** 60n, 1))).toBe(String(2n ** 60n + 1n));
  });

  it('is nothing where not one batch is whole', () => {
    expect(batchesEnd(Buffer.alloc(0))).toBeUndefined();
    expect(batchesEnd(batch(0n, 0).subarray(0, 20))).toBeUndefined();
    expect(batchesEnd(batch(0n, 0).subarray(0, 40))).toBeUndefined();
    expect(batchesEnd(Buffer.concat([batch(0n, 3), batch(4n, 3).subarray(0, 50)]))).toBe('3');
  });

  it('is where the format changes, as kafkajs gives no records from there on', () => {
    expect(batchesEnd(Buffer.concat([batch(5n, 77, { magic: 1 }), batch(6n, 3), batch(10n, 3)]))).toBe('5');
    expect(batchesEnd(Buffer.concat([batch(6n, 3), batch(10n, 77, { magic: 1 })]))).toBe('9');
  });

  it('is the offset of the last entry of an old log', () => {
    expect(batchesEnd(Buffer.concat([batch(5n, 77, { magic: 1 }), batch(6n, 77, { magic: 0 })]))).toBe('6');
  });

  it('does not hang on a length that makes no sense', () => {
    const broken = batch(1n, 1);
    broken.writeInt32BE(-12, 8);
    expect(batchesEnd(broken)).toBeUndefined();
  });

  it.each([4, 5, 6, 7, 8, 9, 10, 11])('is found for each partition in answers of version %i', (version) => {
    const found = wholeBatchesEnd(
      answer(version, partition(version, batch(1n, 1), 2), partition(version, Buffer.alloc(0), -1), partition(version, batch(7n, 0), 0)),
      version,
    );
    expect(found).toEqual([['2', undefined, '7']]);
  });

  it('is not told of versions that are not known', () => {
    expect(wholeBatchesEnd(Buffer.alloc(100), 12)).toEqual([]);
    expect(wholeBatchesEnd(Buffer.alloc(100), 3)).toEqual([]);
  });
});
