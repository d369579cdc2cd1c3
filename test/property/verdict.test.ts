import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery, Outcome } from '../../src/contract/index.ts';
import { decideQueue } from '../../src/verdict/index.ts';
import { batch, delivery, hold } from '../support/deliveries.ts';

const batches = fc
  .array(fc.constantFrom('a', 'b', undefined), { minLength: 1, maxLength: 12 })
  .map((groups) => groups.map((group, index) => delivery(String(index), group, hold({ grantedUntil: 5000 }))));
const identifiers = fc.oneof({ weight: 8, arbitrary: fc.nat(11).map(String) }, fc.constantFrom('', null, 7, 'elsewhere'));
const answers = fc.oneof(
  fc.record({ batchItemFailures: fc.array(fc.record({ itemIdentifier: identifiers }), { maxLength: 5 }) }),
  fc.json().map((text) => JSON.parse(text) as unknown),
);
const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 5, arbitrary: answers.map((answer): Outcome => ({ kind: 'success', text: () => JSON.stringify(answer) })) },
  fc.string().map((text): Outcome => ({ kind: 'success', text: () => text })),
  fc.constant<Outcome>({ kind: 'timeout' }),
  fc.constant<Outcome>({ kind: 'function-error', errorType: 'Error', errorMessage: '' }),
  fc.nat(10_000).map((retryAfterMs): Outcome => ({ kind: 'throttled', message: '', retryAfterMs })),
  fc.constant<Outcome>({ kind: 'service-error', message: '', retryAfterMs: undefined }),
);
const policies = fc.record({ reportBatchItemFailures: fc.boolean(), groupQuarantine: fc.boolean() });
const whens = {
  attempt: fc.integer({ min: 1, max: 50 }),
  now: fc.nat(8000),
  chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
};

const isSubsequence = (part: readonly Delivery[], whole: readonly Delivery[]): boolean =>
  whole.filter((one) => part.includes(one)).every((one, index) => one === part[index]);

describe('every verdict on a queue', () => {
  it('settles exactly the batch, in order, or tries all of it again while it is still granted', () => {
    fc.assert(
      fc.property(batches, outcomes, policies, fc.record(whens), (deliveries, outcome, policy, when) => {
        const verdict = decideQueue({ batch: batch(...deliveries), outcome, policy, ...when });
        if (verdict.kind === 'retry') {
          expect(['throttled', 'service-error']).toContain(outcome.kind);
          expect(verdict.at).toBeGreaterThanOrEqual(when.now);
          expect(verdict.at).toBeLessThan(5000);
          return;
        }
        const { handled, returned, failure } = verdict;
        expect(new Set([...handled, ...returned])).toEqual(new Set(deliveries));
        expect(handled.length + returned.length).toBe(deliveries.length);
        expect(isSubsequence(handled, deliveries) && isSubsequence(returned, deliveries)).toBe(true);
        expect(failure === undefined).toBe(returned.length === 0);
        if (outcome.kind !== 'success') expect(handled).toEqual([]);
        else if (!policy.reportBatchItemFailures) expect(returned).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('with quarantine handles nothing of a group behind a failure of it', () => {
    const failed = fc.array(fc.nat(11), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(batches, failed, (deliveries, indexes) => {
        const named = indexes.filter((index) => index < deliveries.length);
        const answer = { batchItemFailures: named.map((index) => ({ itemIdentifier: String(index) })) };
        const outcome: Outcome = { kind: 'success', text: () => JSON.stringify(answer) };
        const policy = { reportBatchItemFailures: true, groupQuarantine: true };
        const verdict = decideQueue({ batch: batch(...deliveries), outcome, policy, attempt: 1, now: 0, chance: 0 });
        if (verdict.kind !== 'settle') throw new Error('not settled');
        deliveries.forEach((one, index) => {
          const { groupId } = one.message;
          const isBehind = named.some((first) => first < index && groupId !== undefined && deliveries[first]?.message.groupId === groupId);
          expect(verdict.returned.includes(one)).toBe(named.includes(index) || isBehind);
        });
      }),
    );
  });
});
