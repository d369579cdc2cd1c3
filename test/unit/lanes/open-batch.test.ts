import { describe, expect, it } from 'vitest';
import { EVENT_ENVELOPE_BYTES, OpenBatch, PAYLOAD_BYTES_MAX, type Sized } from '../../../src/lanes/index.ts';

interface Item extends Sized {
  readonly exact: number;
}

const exact = (item: Item): number => item.exact;
const item = (sizeBound: number, bytes = sizeBound): Item => ({ sizeBound, exact: bytes });

describe('an open batch', () => {
  it('opens its window at the first item, not when it is made', () => {
    const open = new OpenBatch({ records: 10, bytes: 1000, windowMs: 5000 }, exact);
    expect(open.closesAt).toBeUndefined();
    expect(open.isComplete(1_000_000)).toBe(false);
    open.add(item(1), 7000);
    open.add(item(1), 9000);
    expect(open.closesAt).toBe(12_000);
    expect(open.isComplete(11_999)).toBe(false);
    expect(open.isComplete(12_000)).toBe(true);
  });

  it('is complete with its first item when it has no window', () => {
    const open = new OpenBatch({ records: 10, bytes: 1000, windowMs: 0 }, exact);
    open.add(item(1), 3);
    expect(open.isComplete(3)).toBe(true);
  });

  it('is complete before its window is over when it is full', () => {
    const open = new OpenBatch({ records: 2, bytes: 1000, windowMs: 5000 }, exact);
    open.add(item(1), 0);
    expect(open.room).toBe(1);
    open.add(item(1), 0);
    expect(open.isComplete(0)).toBe(true);
    expect(open.add(item(1), 0)).toBe('full');
  });

  it('takes nothing after the first that did not fit, so that order is kept', () => {
    const open = new OpenBatch({ records: 10, bytes: 100, windowMs: 5000 }, exact);
    expect([open.add(item(60), 0), open.add(item(60), 0), open.add(item(1), 0)]).toEqual(['added', 'full', 'full']);
    expect(open.isComplete(0)).toBe(true);
  });

  it('calls an item oversized that fits into no batch, and stays open for others', () => {
    const open = new OpenBatch({ records: 10, bytes: 100, windowMs: 5000 }, exact);
    expect([open.add(item(101), 0), open.add(item(100), 0)]).toEqual(['oversized', 'added']);
    expect(open.closesAt).toBe(5000);
  });

  it('does not open a window for an oversized item', () => {
    const open = new OpenBatch({ records: 10, bytes: 100, windowMs: 5000 }, exact);
    open.add(item(101), 0);
    expect(open.closesAt).toBeUndefined();
  });

  it('measures exactly only when the bounds pass the limit, and then goes on with what was measured', () => {
    const asked: Item[] = [];
    const open = new OpenBatch<Item>({ records: 10, bytes: 100, windowMs: 0 }, (one) => {
      asked.push(one);
      return one.exact;
    });
    const items = [item(60, 10), item(40, 10), item(60, 10), item(60, 10)];
    open.add(items[0] ?? item(0), 0);
    open.add(items[1] ?? item(0), 0);
    expect(asked).toEqual([]);
    expect(open.add(items[2] ?? item(0), 0)).toBe('added');
    expect(new Set(asked)).toEqual(new Set(items.slice(0, 3)));
    expect(open.add(items[3] ?? item(0), 0)).toBe('added');
    expect(asked).toHaveLength(3);
  });

  it("knows the payload limit of a function and an event's envelope", () => {
    expect(PAYLOAD_BYTES_MAX).toBe(6 * 1024 * 1024);
    expect(EVENT_ENVELOPE_BYTES).toBe(JSON.stringify({ Records: [] }).length);
  });
});
