import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSequence, type SequenceNumber, type StreamRecord, sequenceNumber } from '../../../src/contract/index.ts';
import { laneOfRecord } from '../../../src/lanes/index.ts';
import { decodeShardRow, encodeShardRow, type ShardEntry, ShardLedger, type ShardRow } from '../../../src/settle/index.ts';

const INCARNATION = 'one';

function record(number: number, key: string): StreamRecord {
  return { sequenceNumber: sequenceNumber(String(number).padStart(21, '0')), orderKey: key, arrivedAt: 0, sizeBound: 100 };
}

function fresh(pf: number): ShardRow {
  const lanes = Array.from({ length: pf }, () => null);
  const position = { kind: 'start' as const, start: { kind: 'trim-horizon' as const } };
  return {
    incarnation: INCARNATION,
    position,
    readThrough: undefined,
    current: { scheme: { pf, hash: 'fnv1a' }, lanes },
    older: [],
    retry: [],
    window: undefined,
  };
}

function ledgerOf(row: ShardRow, pf: number): ShardLedger {
  return new ShardLedger({ row, scheme: { pf, hash: 'fnv1a' }, laneOf: laneOfRecord, onChange: () => undefined });
}

function stored(ledger: ShardLedger): ShardRow {
  return decodeShardRow(encodeShardRow(ledger.snapshot(INCARNATION)));
}

describe('sequence numbers', () => {
  it('compare as integers, whatever their length and leading zeros', () => {
    const number = fc.bigInt({ min: 0n, max: 10n ** 56n });
    fc.assert(
      fc.property(number, number, fc.nat(3), fc.nat(3), (a, b, zerosA, zerosB) => {
        const order = compareSequence(sequenceNumber('0'.repeat(zerosA) + String(a)), sequenceNumber('0'.repeat(zerosB) + String(b)));
        expect(Math.sign(order)).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it.each(['', '-1', '1.5', 'x', ' 1'])('refuse %j', (text) => {
    expect(() => sequenceNumber(text)).toThrow(RangeError);
  });
});

describe('the ledger of a shard', () => {
  it('is not at its end while a tumbling window is open, and stores both in one row', () => {
    const ledger = ledgerOf(fresh(1), 1);
    const open = { start: 60_000, end: 120_000, state: '{"sum":1}' };
    const entries = ledger.read([record(1, 'a')], undefined);
    ledger.noteWindow({ open, notBefore: undefined });
    ledger.settle(entries);
    ledger.ended();
    expect([ledger.isFinished, stored(ledger).position.kind, stored(ledger).window?.open]).toEqual([false, 'after', open]);
    ledger.noteWindow({ open: undefined, notBefore: 120_000 });
    expect([ledger.isFinished, stored(ledger).window?.open]).toEqual([true, undefined]);
  });

  it('moves the position over a complete prefix only', () => {
    const ledger = ledgerOf(fresh(1), 1);
    const entries = ledger.read([record(1, 'a'), record(5, 'a'), record(9, 'a')], undefined);
    ledger.settle(entries.slice(0, 1));
    expect(ledger.position).toEqual({ kind: 'after', sequenceNumber: record(1, 'a').sequenceNumber });
    ledger.settle(entries.slice(1));
    expect(ledger.position).toEqual({ kind: 'after', sequenceNumber: record(9, 'a').sequenceNumber });
  });

  it('reaches the end of the shard when all of it is read and done, and not before', () => {
    const ledger = ledgerOf(fresh(1), 1);
    const entries = ledger.read([record(1, 'a')], undefined);
    ledger.ended();
    expect(ledger.isFinished).toBe(false);
    ledger.settle(entries);
    expect(ledger.position).toEqual({ kind: 'end' });
    const empty = ledgerOf(fresh(1), 1);
    empty.ended();
    expect(empty.isFinished).toBe(true);
  });

  it('an empty page moves only the instant up to which the shard was read', () => {
    const ledger = ledgerOf(fresh(1), 1);
    ledger.read([], 5000);
    ledger.read([], 4000);
    expect(ledger.readThrough).toBe(5000);
    expect(ledger.position.kind).toBe('start');
  });

  it('filtered records move the position like done ones', () => {
    const ledger = ledgerOf(fresh(1), 1);
    expect(ledger.read([record(1, 'a'), record(2, 'b')], undefined, () => false)).toEqual([]);
    expect(ledger.position).toEqual({ kind: 'after', sequenceNumber: record(2, 'b').sequenceNumber });
  });

  it('refuses state of another version instead of guessing', () => {
    expect(() => decodeShardRow(JSON.stringify({ v: 2 }))).toThrow('version 2');
  });

  it('after a crash gives again exactly what was not done, also after the number of lanes was changed', () => {
    const keys = fc.integer({ min: 0, max: 40 });
    const script = fc.record({
      records: fc.array(keys, { minLength: 1, maxLength: 120 }),
      lanes: fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 5 }),
      seeds: fc.array(fc.nat(1000), { minLength: 1, maxLength: 200 }),
    });
    fc.assert(
      fc.property(script, ({ records, lanes, seeds }) => {
        const all = records.map((key, index) => record(3 * index + 1, `key ${String(key)}`));
        const done = new Set<SequenceNumber>();
        let row = fresh(lanes[0] ?? 1);
        let step = 0;
        for (const pf of lanes) {
          const ledger = ledgerOf(row, pf);
          const from = row.position;
          const rest = from.kind === 'after' ? all.filter((one) => compareSequence(one.sequenceNumber, from.sequenceNumber) > 0) : all;
          const entries = ledger.read(rest, undefined);
          const given = new Set(entries.map((entry) => entry.record.sequenceNumber));
          for (const one of all) expect(given.has(one.sequenceNumber)).toBe(!done.has(one.sequenceNumber));
          const queues = grouped(entries);
          for (const queue of queues.values()) {
            const take = (seeds[step % seeds.length] ?? 0) % (queue.length + 1);
            step += 1;
            const settled = queue.slice(0, take);
            ledger.settle(settled);
            for (const entry of settled) done.add(entry.record.sequenceNumber);
          }
          const position = ledger.position;
          if (position.kind === 'after') {
            for (const one of all)
              if (compareSequence(one.sequenceNumber, position.sequenceNumber) <= 0) expect(done.has(one.sequenceNumber)).toBe(true);
          }
          row = stored(ledger);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function grouped(entries: readonly ShardEntry[]): Map<number, ShardEntry[]> {
  const queues = new Map<number, ShardEntry[]>();
  for (const entry of entries) {
    const queue = queues.get(entry.lane);
    if (queue === undefined) queues.set(entry.lane, [entry]);
    else queue.push(entry);
  }
  return queues;
}
