import { describe, expect, it } from 'vitest';
import { type StreamRecord, sequenceNumber } from '../../../src/contract/index.ts';
import { laneOfRecord } from '../../../src/lanes/index.ts';
import { decodeCommit, encodeCommit, ShardLedger, type ShardRow } from '../../../src/settle/index.ts';

const PF = 4;
const scheme = { pf: PF, hash: 'fnv1a' };

function recordsOf(from: number, to: number): StreamRecord[] {
  return Array.from({ length: to - from }, (_, index) => {
    const number = String(from + index);
    return { sequenceNumber: sequenceNumber(number), orderKey: `key ${number}`, arrivedAt: 0, sizeBound: 100 };
  });
}

function ledgerOf(row: ShardRow): ShardLedger {
  return new ShardLedger({ row, scheme, laneOf: laneOfRecord, onChange: () => undefined });
}

describe('a log that has lost its end and grows again', () => {
  it('has nothing of what is new taken for done after a restart, because of numbers that were done before', () => {
    const ledger = ledgerOf({
      incarnation: 'orders',
      position: { kind: 'before', sequenceNumber: sequenceNumber('100') },
      readThrough: undefined,
      current: { scheme, lanes: Array.from({ length: PF }, () => null) },
      older: [],
      retry: [],
      window: undefined,
    });
    const old = ledger.read(recordsOf(100, 140), undefined);
    const ofLane = (lane: number) => old.filter((entry) => entry.lane === lane);
    for (const lane of [0, 1]) ledger.settle(ofLane(lane));
    // The end is lost: from the log's start on all numbers come again.
    const fresh = ledger.read(recordsOf(50, 90), undefined);
    expect(fresh).toHaveLength(40);
    for (const lane of [2, 3]) ledger.settle(ofLane(lane));
    const [first] = fresh;
    if (first === undefined) expect.fail('nothing was read');
    ledger.settle([first]);
    const row = decodeCommit(encodeCommit({ row: ledger.snapshot('orders'), origin: { since: 0, partitions: 1 } }), {
      incarnation: 'orders',
      hash: 'fnv1a',
    })?.row;
    if (row === undefined) expect.fail('unreadable');
    expect(row.position).toEqual({ kind: 'before', sequenceNumber: '51' });
    expect(ledgerOf(row).read(recordsOf(51, 150), undefined)).toHaveLength(99);
  });
});
