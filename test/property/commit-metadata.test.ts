import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMIT_METADATA_MAX, sequenceNumber } from '../../src/index.ts';
import { LANE_HASH } from '../../src/lanes/index.ts';
import { type CommitState, commitOffset, decodeCommit, encodeCommit, type RetryMark, type ShardRow } from '../../src/settle/index.ts';

const ABOUT = { incarnation: 'orders', hash: LANE_HASH };

const offset = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

function lanes(base: bigint, pf: number): fc.Arbitrary<ShardRow['current']> {
  const mark = fc.option(
    fc.bigInt({ min: 0n, max: 100_000n }).map((distance) => sequenceNumber(String(base + distance))),
    { nil: null },
  );
  return fc.array(mark, { minLength: pf, maxLength: pf }).map((marks) => ({ scheme: { pf, hash: LANE_HASH }, lanes: marks }));
}

function retry(base: bigint, pf: number): fc.Arbitrary<RetryMark> {
  return fc
    .record({
      lane: fc.nat({ max: pf - 1 }),
      from: fc.bigInt({ min: 0n, max: 10_000n }),
      length: fc.bigInt({ min: 0n, max: 10_000n }),
      attempts: fc.nat({ max: 10_000 }),
      firstAttemptAt: fc.nat({ max: 4_000_000_000_000 }),
      functionError: fc.constantFrom(undefined, null, 'Unhandled'),
      ran: fc.constantFrom(undefined, 'alone' as const, 'among others' as const),
    })
    .map(({ from, length, ...rest }) => ({
      ...rest,
      from: sequenceNumber(String(base + from)),
      to: sequenceNumber(String(base + from + length)),
    }));
}

const state: fc.Arbitrary<CommitState> = fc.tuple(offset, fc.integer({ min: 1, max: 100 })).chain(([base, pf]) =>
  fc
    .record({
      current: lanes(base, pf),
      older: fc.array(
        fc.integer({ min: 1, max: 100 }).chain((other) => lanes(base, other)),
        { maxLength: 4 },
      ),
      retry: fc.array(retry(base, pf), { maxLength: 150 }),
      origin: fc.record({ since: fc.nat({ max: 4_000_000_000_000 }), partitions: fc.integer({ min: 1, max: 10_000 }) }),
    })
    .map(({ origin, ...rest }) => ({
      origin,
      row: {
        incarnation: 'orders',
        position: { kind: 'before' as const, sequenceNumber: sequenceNumber(String(base)) },
        readThrough: undefined,
        window: undefined,
        ...rest,
      },
    })),
);

describe('what is committed beside an offset', () => {
  it('comes back as it was, or less of it where it does not fit, and never in more than a broker takes', () => {
    fc.assert(
      fc.property(state, (given) => {
        const committed = encodeCommit(given);
        expect(committed.metadata.length).toBeLessThanOrEqual(COMMIT_METADATA_MAX);
        expect(committed.metadata).toMatch(/^[\x20-\x7e]*$/);
        const back = decodeCommit(committed, ABOUT);
        expect(back?.origin).toEqual(given.origin);
        const { row } = given;
        const blank = row.current.lanes.map(() => null);
        const kept = [
          row,
          { ...row, older: [] },
          { ...row, older: [], retry: [] },
          { ...row, current: { ...row.current, lanes: blank }, older: [], retry: [] },
        ];
        expect(kept).toContainEqual(back?.row);
      }),
      { numRuns: 300 },
    );
  });

  it('fits whole with a hundred lanes', () => {
    fc.assert(
      fc.property(
        offset.chain((base) => lanes(base, 100).map((current) => ({ base, current }))),
        ({ base, current }) => {
          const position = { kind: 'before' as const, sequenceNumber: sequenceNumber(String(base)) };
          const row: ShardRow = {
            incarnation: 'orders',
            position,
            readThrough: undefined,
            current,
            older: [],
            retry: [],
            window: undefined,
          };
          const committed = encodeCommit({ row, origin: { since: 1_790_000_000_000, partitions: 6 } });
          expect(committed.metadata.length).toBeLessThan(520);
          expect(decodeCommit(committed, ABOUT)?.row).toEqual(row);
        },
      ),
    );
  });

  it('says nothing of numbers that the offset covers already', () => {
    const position = { kind: 'after' as const, sequenceNumber: sequenceNumber('99') };
    const current = { scheme: { pf: 2, hash: LANE_HASH }, lanes: [sequenceNumber('7'), sequenceNumber('120')] };
    const row: ShardRow = { incarnation: 'orders', position, readThrough: undefined, current, older: [], retry: [], window: undefined };
    expect(commitOffset(row)).toBe('100');
    const back = decodeCommit(encodeCommit({ row, origin: { since: 1, partitions: 1 } }), ABOUT);
    expect(back?.row.current.lanes).toEqual([null, '120']);
  });

  it('of other clients, of other versions and of broken ones is nothing, whatever it is', () => {
    const at = sequenceNumber('5');
    for (const metadata of ['', 'MR2.abc', 'MR1.', 'MR1.!', 'spring', '{"v":1}'])
      expect(decodeCommit({ offset: at, metadata }, ABOUT)).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(() => decodeCommit({ offset: at, metadata: `MR1.${text}` }, ABOUT)).not.toThrow();
        expect(decodeCommit({ offset: at, metadata: text.replace(/^MR1\./, '') }, ABOUT)).toBeUndefined();
      }),
    );
  });
});
