import { describe, expect, it } from 'vitest';
import { Buffer } from '../../../src/intake/index.ts';

describe('the buffer of a process', () => {
  it('is full when either bound is reached, and not any more when something was settled', () => {
    const buffer = new Buffer(10, 1000);
    buffer.add(9, 900);
    expect(buffer.isFull).toBe(false);
    buffer.add(1, 1);
    expect(buffer.isFull).toBe(true);
    buffer.add(-5, -1);
    expect(buffer.isFull).toBe(false);
    buffer.add(1, 100);
    expect([buffer.isFull, buffer.records, buffer.bytes]).toEqual([true, 6, 1000]);
  });

  it('calls back once when there is less, and not who took the wish back', () => {
    const buffer = new Buffer(1, 1);
    const called: string[] = [];
    buffer.onLess(() => called.push('kept'));
    buffer.onLess(() => called.push('forgotten'))();
    buffer.add(1, 1);
    expect(called).toEqual([]);
    buffer.add(-1, -1);
    buffer.add(-1, -1);
    expect(called).toEqual(['kept']);
  });
});
