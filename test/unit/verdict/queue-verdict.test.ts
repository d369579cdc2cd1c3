import { describe, expect, it } from 'vitest';
import type { Batch, Delivery, Outcome } from '../../../src/contract/index.ts';
import { decideQueue, type QueueCase, type QueueVerdict, THROTTLE_BACKOFF } from '../../../src/verdict/index.ts';
import { batch, delivery, hold, ids } from '../../support/deliveries.ts';

const WHOLE = { reportBatchItemFailures: false, groupQuarantine: false };
const PARTIAL = { ...WHOLE, reportBatchItemFailures: true };
const QUARANTINE = { ...PARTIAL, groupQuarantine: true };
const standard = batch(delivery('1'), delivery('2'), delivery('3'));

const success = (answer: unknown = null): Outcome => ({ kind: 'success', text: () => JSON.stringify(answer) });
const reporting = (...failed: string[]): Outcome => success({ batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) });
const throttled = (retryAfterMs?: number): Outcome => ({ kind: 'throttled', message: 'too many', retryAfterMs });

function decide(outcome: Outcome, given: Partial<QueueCase> = {}): QueueVerdict {
  return decideQueue({ batch: standard, outcome, policy: WHOLE, attempt: 1, now: 0, chance: 0.5, ...given });
}

function settled(outcome: Outcome, given: Partial<QueueCase> = {}): { handled: string; returned: string; failure: string | undefined } {
  const verdict = decide(outcome, given);
  if (verdict.kind !== 'settle') throw new Error(`the verdict is ${verdict.kind}`);
  return { handled: ids(verdict.handled).join(''), returned: ids(verdict.returned).join(''), failure: verdict.failure };
}

describe('without partial mode', () => {
  it.each([
    ['nothing', null],
    ['a list of failures', { batchItemFailures: [{ itemIdentifier: '1' }] }],
    ['a malformed list of failures', { batchItemFailures: [{ foo: 'notvalid' }] }],
    ['some text', 'ok'],
  ])('success deletes everything though the function returned %s', (_, answer) => {
    expect(settled(success(answer))).toEqual({ handled: '123', returned: '', failure: undefined });
  });

  it('success does not even look at the answer', () => {
    const unreadable: Outcome = {
      kind: 'success',
      text: () => {
        throw new Error('cyclic');
      },
    };
    expect(settled(unreadable).handled).toBe('123');
  });

  it.each<[string, Outcome, string]>([
    ['function error', { kind: 'function-error', errorType: 'TypeError', errorMessage: 'boom' }, 'TypeError: boom'],
    ['time-out', { kind: 'timeout' }, 'the function timed out'],
    ['terminal error', { kind: 'terminal', code: 'ResourceNotFound', message: 'no such function' }, 'ResourceNotFound: no such function'],
  ])('a %s deletes nothing, returns everything and is not tried again at once', (_, outcome, failure) => {
    expect(settled(outcome)).toEqual({ handled: '', returned: '123', failure });
  });
});

describe('with partial mode', () => {
  it('an empty answer deletes everything', () => {
    expect(settled(success(), { policy: PARTIAL })).toEqual({ handled: '123', returned: '', failure: undefined });
    expect(settled({ kind: 'success', text: () => '' }, { policy: PARTIAL }).handled).toBe('123');
  });

  it('all but the listed are deleted, and the listed return', () => {
    expect(settled(reporting('2'), { policy: PARTIAL })).toMatchObject({ handled: '13', returned: '2' });
    expect(settled(reporting('3', '1', '2'), { policy: PARTIAL })).toMatchObject({ handled: '', returned: '123' });
  });

  it.each<[string, Outcome]>([
    ['names an item of another batch', reporting('2', '9')],
    ['has an empty identifier', reporting('')],
    ['has no identifier', success({ batchItemFailures: [{ foo: 'notvalid' }] })],
    ['is no JSON', { kind: 'success', text: () => 'not json' }],
    [
      'has no JSON form',
      {
        kind: 'success',
        text: () => {
          throw new TypeError('cyclic');
        },
      },
    ],
    ['is a function error', { kind: 'function-error', errorType: 'Error', errorMessage: '' }],
    ['is a time-out', { kind: 'timeout' }],
  ])('nothing is deleted when the answer %s', (_, outcome) => {
    const { handled, returned, failure } = settled(outcome, { policy: PARTIAL });
    expect([handled, returned]).toEqual(['', '123']);
    expect(failure).toBeTypeOf('string');
  });
});

describe('in a FIFO queue', () => {
  const fifo = batch(delivery('1', 'a'), delivery('2', 'b'), delivery('3', 'a'), delivery('4', 'a'), delivery('5', 'b'));

  it('what is not listed is deleted though an earlier one of its group failed, as AWS does', () => {
    expect(settled(reporting('3'), { batch: fifo, policy: PARTIAL })).toMatchObject({ handled: '1245', returned: '3' });
  });

  it('quarantine returns everything of a group behind its first failure, and nothing of other groups', () => {
    expect(settled(reporting('3'), { batch: fifo, policy: QUARANTINE })).toMatchObject({ handled: '125', returned: '34' });
    expect(settled(reporting('1'), { batch: fifo, policy: QUARANTINE })).toMatchObject({ handled: '25', returned: '134' });
    expect(settled(reporting('4', '2'), { batch: fifo, policy: QUARANTINE })).toMatchObject({ handled: '13', returned: '245' });
  });

  it('quarantine changes nothing for messages without a group', () => {
    expect(settled(reporting('1'), { policy: QUARANTINE })).toMatchObject({ handled: '23', returned: '1' });
  });
});

describe('a throttle or a service error', () => {
  it.each<[string, Outcome]>([
    ['throttled', throttled()],
    ['service-error', { kind: 'service-error', message: 'unreachable', retryAfterMs: undefined }],
  ])('(%s) tries the same batch again after a jittered wait, and counts nothing', (kind, outcome) => {
    expect(decide(outcome, { now: 1000, chance: 0.5 })).toEqual({
      kind: 'retry',
      at: 1000 + THROTTLE_BACKOFF.baseMs / 2,
      cause: expect.stringContaining(kind) as string,
    });
  });

  it('waits at least as long as the function asked', () => {
    expect(decide(throttled(7000), { now: 100 })).toMatchObject({ kind: 'retry', at: 7100 });
    expect(decide(throttled(1), { attempt: 5, chance: 0.5 })).toMatchObject({ kind: 'retry', at: 4000 });
  });

  it('waits longer from try to try, up to a cap', () => {
    const waits = [1, 2, 3, 30].map((attempt) => {
      const verdict = decide(throttled(), { attempt, chance: 0.999_999 });
      return verdict.kind === 'retry' ? verdict.at : undefined;
    });
    expect(waits).toEqual([499, 999, 1999, 19_999]);
  });

  const renewed = (id: string): Delivery => delivery(id, undefined, hold({ grantedUntil: 10_000, deadline: 1_000_000, beats: 9 }));
  const granted: Batch = batch(delivery('1', undefined, hold({ grantedUntil: 20_000 })), renewed('2'));

  it('is tried only until the first deadline that was granted at receive, however often a beat renewed it', () => {
    expect(decide(throttled(), { batch: granted, now: 9_749 })).toMatchObject({ kind: 'retry', at: 9_999 });
    expect(settled(throttled(), { batch: granted, now: 9_750 })).toMatchObject({ handled: '', returned: '12' });
  });

  it('returns the batch when the wait that was asked for does not fit any more', () => {
    expect(settled(throttled(10_000), { batch: granted, now: 0 })).toMatchObject({ returned: '12', failure: 'throttled: too many' });
  });
});
