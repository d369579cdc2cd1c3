import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/contract/index.ts';
import { GroupLocks, OpenBatch, type Sized } from '../../src/lanes/index.ts';
import { delivery, hold } from '../support/deliveries.ts';

interface Item extends Sized {
  readonly id: number;
  readonly exact: number;
}

/** Items whose bound is at least their exact size, as a source's are. */
const items: fc.Arbitrary<Item[]> = fc
  .array(fc.record({ exact: fc.integer({ min: 1, max: 120 }), slack: fc.integer({ min: 0, max: 300 }) }), { maxLength: 40 })
  .map((sizes) => sizes.map(({ exact, slack }, id) => ({ id, exact, sizeBound: exact + slack })));
const limits = fc.record({
  records: fc.integer({ min: 1, max: 12 }),
  bytes: fc.integer({ min: 50, max: 400 }),
  windowMs: fc.integer({ min: 0, max: 5000 }),
});

describe('every open batch', () => {
  it('stays within records and bytes, keeps order, refuses only what must be refused, and measures each item at most once', () => {
    fc.assert(
      fc.property(items, limits, (offered, limit) => {
        const measured = new Map<number, number>();
        const open = new OpenBatch<Item>(limit, ({ id, exact }) => {
          measured.set(id, (measured.get(id) ?? 0) + 1);
          return exact;
        });
        const taken: Item[] = [];
        for (const item of offered) {
          const bytes = taken.reduce((sum, { exact }) => sum + exact, 0);
          const isOpen = open.room > 0;
          const answer = open.add(item, 0);
          if (answer === 'added') taken.push(item);
          else if (answer === 'oversized') expect(item.exact).toBeGreaterThan(limit.bytes);
          else if (isOpen) expect(bytes + item.exact).toBeGreaterThan(limit.bytes);
          if (isOpen && item.exact > limit.bytes) expect(answer).toBe('oversized');
        }
        expect(open.items).toEqual(taken);
        expect(taken.length).toBeLessThanOrEqual(limit.records);
        expect(taken.reduce((sum, { exact }) => sum + exact, 0)).toBeLessThanOrEqual(limit.bytes);
        for (const times of measured.values()) expect(times).toBe(1);
      }),
      { numRuns: 500 },
    );
  });
});

type Step =
  | { readonly kind: 'admit'; readonly groups: readonly (string | undefined)[]; readonly late: readonly number[] }
  | { readonly kind: 'free'; readonly which: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('admit' as const),
      groups: fc.array(fc.constantFrom('a', 'b', 'c', undefined), { maxLength: 6 }),
      late: fc.array(fc.nat(5), { maxLength: 2 }),
    }),
    fc.record({ kind: fc.constant('free' as const), which: fc.nat(5) }),
  ),
  { maxLength: 20 },
);

/** What must become of one message, said without sets and in one place: the obvious model. */
function expected(batch: readonly Delivery[], index: number, running: readonly (readonly Delivery[])[], now: number): string {
  const one = batch[index];
  if (one === undefined) throw new Error('no such message');
  const isSameGroup = (other: Delivery): boolean => one.message.groupId !== undefined && other.message.groupId === one.message.groupId;
  if (running.some((started) => started.some(isSameGroup))) return 'locked';
  if (one.hold.deadline <= now) return 'expired';
  return batch.slice(0, index).some((earlier) => isSameGroup(earlier) && earlier.hold.deadline <= now) ? 'behind' : 'admitted';
}

describe('group locks', () => {
  it('do what the obvious model does, and never let one group run twice', () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const locks = new GroupLocks();
        const running: (readonly Delivery[])[] = [];
        let serial = 0;
        for (const step of plan) {
          if (step.kind === 'free') {
            const [done] = running.splice(step.which % Math.max(1, running.length), 1);
            locks.free(done ?? []);
            continue;
          }
          const batch = step.groups.map((group, index) => {
            serial += 1;
            return delivery(String(serial), group, hold({ deadline: step.late.includes(index) ? 1000 : 2000 }));
          });
          const admission = locks.admit(batch, 1000);
          batch.forEach((one, index) => {
            const found = (['admitted', 'expired', 'behind', 'locked'] as const).filter((kind) => admission[kind].includes(one));
            expect(found).toEqual([expected(batch, index, running, 1000)]);
          });
          expect(admission.admitted).toEqual(batch.filter((one) => admission.admitted.includes(one)));
          running.push(admission.admitted);
        }
      }),
      { numRuns: 300 },
    );
  });
});
