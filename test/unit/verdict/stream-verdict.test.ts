import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/contract/index.ts';
import { decideCrashed, decideStream, type StreamPolicy, type StreamVerdict } from '../../../src/verdict/index.ts';

const PLAIN: StreamPolicy = {
  maximumRetryAttempts: -1,
  bisectBatchOnFunctionError: false,
  reportBatchItemFailures: false,
  isWindowed: false,
};
const PARTIAL: StreamPolicy = { ...PLAIN, reportBatchItemFailures: true };
const ERROR: Outcome = { kind: 'function-error', errorType: 'TypeError', errorMessage: 'no' };

function answer(text: string): Outcome {
  return { kind: 'success', text: () => text };
}

/** A range of ten whose records are numbered 100 to 109. */
function decide(outcome: Outcome, policy: StreamPolicy, more: { attempts?: number; count?: number; waits?: number } = {}): StreamVerdict {
  const { attempts = 0, count = 10, waits = 0 } = more;
  const indexOf = (text: string): number | undefined => {
    const index = /^\d{3}$/.test(text) ? Number(text) - 100 : -1;
    return index >= 0 && index < count ? index : undefined;
  };
  return decideStream({ policy, count, attempts, waits, outcome, indexOf, now: 1000, chance: 0.5 });
}

function failures(...itemIdentifiers: readonly unknown[]): Outcome {
  return answer(JSON.stringify({ batchItemFailures: itemIdentifiers.map((itemIdentifier) => ({ itemIdentifier })) }));
}

describe('an answer in partial mode', () => {
  it.each(['', 'null', '""', '[]', '{}', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])('%j is success', (text) => {
    expect(decide(answer(text), PARTIAL)).toEqual({ kind: 'settle' });
  });

  it.each([
    ['an identifier that is not of the batch', failures('999')],
    ['an identifier that is not of the batch beside one that is', failures('105', '999')],
    ['an empty identifier', failures('')],
    ['a null identifier', failures(null)],
    ['an unknown key', answer('{"batchItemFailures":[{"foo":123}]}')],
    ['an unknown key with null', answer('{"batchItemFailures":[{"foo":null}]}')],
    ['no JSON', answer('oops')],
    ['a scalar', answer('"ok"')],
    ['failures that are no list', answer('{"batchItemFailures":"105"}')],
    ['the first record', failures('100')],
    ['the first record beside others', failures('105', '100')],
  ])('%s fails the whole batch, with functionError null', (_name, outcome) => {
    expect(decide(outcome, PARTIAL)).toMatchObject({ kind: 'retry', attempts: 1, failure: { functionError: null } });
  });

  it('is ignored when the mapping does not ask for it', () => {
    expect(decide(failures('100'), PLAIN)).toEqual({ kind: 'settle' });
    expect(decide(answer('oops'), PLAIN)).toEqual({ kind: 'settle' });
  });

  it('that has no JSON form fails the whole batch', () => {
    const text = (): string => {
      throw new TypeError('circular');
    };
    expect(decide({ kind: 'success', text }, PARTIAL)).toMatchObject({ kind: 'retry', attempts: 1 });
  });

  it('settles up to the lowest number it names, whatever the order, and begins the count anew', () => {
    expect(decide(failures('107', '103', '109'), PARTIAL, { attempts: 5 })).toMatchObject({ kind: 'advance', done: 3 });
  });

  it('splits at the number, not in the middle, and only what is left is tried again', () => {
    const policy = { ...PARTIAL, bisectBatchOnFunctionError: true };
    expect(decide(failures('103'), policy)).toMatchObject({ kind: 'advance', done: 3 });
  });

  it('that names the first record is halved like a function error', () => {
    const policy = { ...PARTIAL, bisectBatchOnFunctionError: true };
    expect(decide(failures('100'), policy)).toMatchObject({ kind: 'split', first: 5 });
  });
});

describe('a failure', () => {
  it.each<[string, Outcome]>([
    ['a function error', ERROR],
    ['a time-out', { kind: 'timeout' }],
  ])('%s counts one attempt and says Unhandled', (_name, outcome) => {
    expect(decide(outcome, PLAIN, { attempts: 3 })).toMatchObject({ kind: 'retry', attempts: 4, failure: { functionError: 'Unhandled' } });
  });

  it('of the attempt after MaximumRetryAttempts retries gives the range up: n retries are n + 1 invocations', () => {
    const policy = { ...PLAIN, maximumRetryAttempts: 2 };
    expect(decide(ERROR, policy, { attempts: 0 })).toMatchObject({ kind: 'retry', attempts: 1 });
    expect(decide(ERROR, policy, { attempts: 1 })).toMatchObject({ kind: 'retry', attempts: 2 });
    expect(decide(ERROR, policy, { attempts: 2 })).toMatchObject({ kind: 'discard', attempts: 3 });
  });

  it('gives up at once without retries, and never with -1', () => {
    expect(decide(ERROR, { ...PLAIN, maximumRetryAttempts: 0 })).toMatchObject({ kind: 'discard', attempts: 1 });
    expect(decide(ERROR, PLAIN, { attempts: 1_000_000 })).toMatchObject({ kind: 'retry' });
  });

  it('halves a range of more than one, the larger half first, and uses no attempt', () => {
    const policy = { ...PLAIN, bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 };
    expect(decide(ERROR, policy, { count: 7 })).toMatchObject({ kind: 'split', first: 4 });
    expect(decide(ERROR, policy, { count: 2 })).toMatchObject({ kind: 'split', first: 1 });
    expect(decide(ERROR, policy, { count: 1 })).toMatchObject({ kind: 'discard', attempts: 1 });
  });

  it('of a process that ended counts like any other', () => {
    const question = { count: 3, attempts: 1, now: 0, chance: 0 };
    expect(decideCrashed({ ...question, policy: { ...PLAIN, maximumRetryAttempts: 1 } })).toMatchObject({ kind: 'discard', attempts: 2 });
    expect(decideCrashed({ ...question, policy: { ...PLAIN, bisectBatchOnFunctionError: true } })).toMatchObject({
      kind: 'split',
      first: 2,
    });
  });

  it('waits longer with every attempt, up to the cap', () => {
    const waits = [0, 1, 2, 5, 50].map((attempts) => {
      const verdict = decide(ERROR, PLAIN, { attempts });
      return verdict.kind === 'retry' ? verdict.at - 1000 : Number.NaN;
    });
    expect(waits).toEqual([500, 1000, 2000, 15_000, 15_000]);
  });
});

describe('what never counts', () => {
  it.each<[string, Outcome]>([
    ['throttled', { kind: 'throttled', message: 'slow down', retryAfterMs: undefined }],
    ['service-error', { kind: 'service-error', message: 'no route', retryAfterMs: undefined }],
    ['terminal', { kind: 'terminal', code: 'Http404', message: 'no such function' }],
  ])('%s waits and changes nothing', (_name, outcome) => {
    const policy = { ...PARTIAL, maximumRetryAttempts: 0, bisectBatchOnFunctionError: true };
    expect(decide(outcome, policy, { waits: 2 })).toMatchObject({ kind: 'wait', at: 2000 });
  });

  it('waits at least as long as it was told', () => {
    expect(decide({ kind: 'throttled', message: '', retryAfterMs: 60_000 }, PLAIN)).toMatchObject({ kind: 'wait', at: 61_000 });
    expect(decide({ kind: 'throttled', message: '', retryAfterMs: 86_400_000 }, PLAIN)).toMatchObject({ kind: 'wait', at: 61_000 });
  });
});

it('no answer loops for ever: with limited attempts every range is done or given up in bounded invocations', () => {
  const outcomes = fc.oneof(
    fc.constant<Outcome>(ERROR),
    fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }).map((names) => failures(...names.map((name) => String(100 + name)))),
    fc.constant<Outcome>(answer('oops')),
  );
  fc.assert(
    fc.property(
      fc.array(outcomes, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 0, max: 3 }),
      fc.boolean(),
      (stream, count, retries, bisect) => {
        const policy = { ...PARTIAL, maximumRetryAttempts: retries, bisectBatchOnFunctionError: bisect };
        const ranges = [{ count, attempts: 0 }];
        let done = 0;
        let invocations = 0;
        for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
          invocations += 1;
          const verdict = decide(stream[(invocations - 1) % stream.length] ?? ERROR, policy, range);
          if (verdict.kind === 'settle' || verdict.kind === 'discard') done += range.count;
          else if (verdict.kind === 'retry') ranges.push({ count: range.count, attempts: verdict.attempts });
          else if (verdict.kind === 'advance') {
            expect(verdict.done).toBeGreaterThan(0);
            done += verdict.done;
            ranges.push({ count: range.count - verdict.done, attempts: 0 });
          } else if (verdict.kind === 'split') {
            ranges.push(
              { count: range.count - verdict.first, attempts: range.attempts },
              { count: verdict.first, attempts: range.attempts },
            );
          }
        }
        expect(done).toBe(count);
        expect(invocations).toBeLessThanOrEqual(2 * count * (retries + 1) * count + 1);
      },
    ),
  );
});
