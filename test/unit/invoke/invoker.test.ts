import { beforeEach, describe, expect, it } from 'vitest';
import type { FunctionTarget, Invocation, InvocationContext, Outcome } from '../../../src/contract/index.ts';
import { Invoker, type Running } from '../../../src/invoke/index.ts';
import { type Deferred, deferred, Latch } from '../../../src/kit/index.ts';
import { SeededRandom, VirtualClock } from '../../../src/testing/index.ts';

const OK: Outcome = { kind: 'success', text: () => '' };
const OPTIONS = { attempt: 1, abandonAfterMs: undefined };

/** A target whose invocations are answered and ended by hand. */
class HandTarget implements FunctionTarget {
  readonly contexts: InvocationContext[] = [];
  readonly runs: { readonly answer: Deferred<Outcome>; readonly end: Deferred }[] = [];

  invoke(_event: unknown, context: InvocationContext): Invocation {
    const run = { answer: deferred<Outcome>(), end: deferred() };
    this.contexts.push(context);
    this.runs.push(run);
    return { outcome: run.answer.promise, ended: run.end.promise };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

let clock: VirtualClock;
let target: HandTarget;
let hardStop: Latch;

beforeEach(() => {
  clock = new VirtualClock();
  target = new HandTarget();
  hardStop = new Latch();
});

function invoker(given: Partial<Invoker['definition']> = {}): Invoker {
  const definition = { name: 'fn', version: '$LATEST', arn: 'arn:fn', target, timeoutMs: 3000, reservedConcurrency: undefined, ...given };
  return new Invoker(definition, { clock, random: new SeededRandom(1) });
}

const start = (given: Partial<Parameters<Invoker['start']>[1]> = {}, made = invoker()): Running =>
  made.start({}, { ...OPTIONS, hardStop, ...given });

/** What a promise has come to by now. */
async function state(promise: Promise<unknown>): Promise<unknown> {
  await clock.settle();
  return Promise.race([promise, Promise.resolve('open')]);
}

describe('an invocation', () => {
  it('tells the target who it is and how long it has', async () => {
    const running = start({ attempt: 2 });
    await clock.advance(1000);
    const [context] = target.contexts;
    expect(context).toMatchObject({
      requestId: running.requestId,
      functionName: 'fn',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:fn',
      timeoutMs: 3000,
      attempt: 2,
    });
    expect([context?.deadline, context?.remainingMs()]).toEqual([clock.wall() + 2000, 2000]);
    await clock.advance(5000);
    expect(context?.remainingMs()).toBe(0);
    target.runs[0]?.end.resolve();
    await running.ended;
  });

  it('comes out as the target says, ends when it ends, and leaves no timer', async () => {
    const running = start();
    target.runs[0]?.answer.resolve(OK);
    expect(await state(running.outcome)).toBe(OK);
    expect(await state(running.ended)).toBe('open');
    target.runs[0]?.end.resolve();
    expect(await state(running.ended)).toBe('stopped');
    expect(clock.pendingTimers).toBe(0);
  });

  it('comes out as a time-out exactly at its deadline, and has not ended before it stopped', async () => {
    const running = start();
    await clock.advance(2999);
    expect(await state(running.outcome)).toBe('open');
    expect(target.contexts[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(await state(running.outcome)).toEqual({ kind: 'timeout' });
    expect(target.contexts[0]?.signal.aborted).toBe(true);
    await clock.advance(1_000_000);
    expect(await state(running.ended)).toBe('open');
    target.runs[0]?.end.resolve();
    expect(await state(running.ended)).toBe('stopped');
    expect(clock.pendingTimers).toBe(0);
  });

  it('stays a time-out whatever is answered later', async () => {
    const running = start();
    await clock.advance(3000);
    target.runs[0]?.answer.resolve(OK);
    target.runs[0]?.end.resolve();
    expect(await running.outcome).toEqual({ kind: 'timeout' });
  });

  it('is given up so long after its time-out, and counts as abandoned though it stops later', async () => {
    const running = start({ abandonAfterMs: 5000 });
    await clock.advance(7999);
    expect(await state(running.ended)).toBe('open');
    await clock.advance(1);
    expect(await state(running.ended)).toBe('abandoned');
    target.runs[0]?.end.resolve();
    expect(await state(running.ended)).toBe('abandoned');
    expect(clock.pendingTimers).toBe(0);
  });

  it('is cut off by a hard stop: a service error at once, the signal aborted, no timer left', async () => {
    const running = start();
    hardStop.set();
    expect(await state(running.outcome)).toMatchObject({ kind: 'service-error' });
    expect(target.contexts[0]?.signal.aborted).toBe(true);
    expect(await state(running.ended)).toBe('open');
    expect(clock.pendingTimers).toBe(0);
    target.runs[0]?.end.resolve();
    expect(await state(running.ended)).toBe('stopped');
  });

  it('tells of its abort to who listens without a signal, at once when it has come, and not to who listens no more', async () => {
    const heard: string[] = [];
    start();
    const [context] = target.contexts;
    context?.onAbort?.(() => heard.push('first'));
    const forget = context?.onAbort?.(() => heard.push('forgotten'));
    context?.onAbort?.(() => heard.push('second'));
    forget?.();
    await clock.advance(2999);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual(['first', 'second']);
    context?.onAbort?.(() => heard.push('late'));
    expect(heard).toEqual(['first', 'second', 'late']);
    target.runs[0]?.end.resolve();
  });

  it('gives one signal, which has aborted when it is asked for late, and to a copy of the context too', async () => {
    start();
    const [context] = target.contexts;
    const copy = { ...context };
    expect(copy.signal).toBe(context?.signal);
    const made = Object.create(context ?? null) as InvocationContext;
    expect(made.signal).toBe(context?.signal);
    // So a copy with another signal obeys that one.
    expect(copy.onAbort).toBeUndefined();
    start();
    await clock.advance(3000);
    expect(copy.signal?.aborted).toBe(true);
    expect(target.contexts[1]?.signal.aborted).toBe(true);
    for (const { end } of target.runs) end.resolve();
  });

  it('that has answered before a hard stop keeps its outcome', async () => {
    const running = start();
    target.runs[0]?.answer.resolve(OK);
    await clock.settle();
    hardStop.set();
    expect(await running.outcome).toBe(OK);
    target.runs[0]?.end.resolve();
    await running.ended;
  });

  it.each<[string, object | undefined, string]>([
    ['nothing', undefined, 'invoke() gave no { outcome, ended } of two promises'],
    ['no promises', { outcome: OK, ended: true }, 'invoke() gave no { outcome, ended } of two promises'],
    ['an outcome of nothing', { outcome: Promise.resolve(undefined), ended: Promise.resolve() }, 'it gave no outcome'],
    ['an outcome of no known kind', { outcome: Promise.resolve({ kind: 'odd' }), ended: Promise.resolve() }, 'it gave no outcome'],
  ])('of a target that answers with %s is a service error, and has ended', async (_name, answer, message) => {
    const odd: FunctionTarget = { invoke: () => answer as Invocation, close: () => Promise.resolve() };
    const running = start({}, invoker({ target: odd }));
    expect(await state(running.outcome)).toMatchObject({ kind: 'service-error', message: `the target threw: ${message}` });
    expect(await state(running.ended)).toBe('stopped');
    expect(clock.pendingTimers).toBe(0);
  });

  it('by a hard stop that came before it is cut off from its beginning', async () => {
    hardStop.set();
    const running = start();
    expect(await state(running.outcome)).toMatchObject({ kind: 'service-error' });
    target.runs[0]?.end.resolve();
    await running.ended;
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a target with a defect', () => {
  it.each<[string, () => Invocation]>([
    [
      'throws',
      () => {
        throw new Error('no such target');
      },
    ],
    ['rejects its outcome', () => ({ outcome: Promise.reject(new Error('no such target')), ended: Promise.resolve() })],
    ['rejects its end', () => ({ outcome: Promise.reject(new Error('no such target')), ended: Promise.reject(new Error('either')) })],
  ])('that %s has not reached the function: a service error with its message, and no timer is left', async (_, invoke) => {
    const running = start({}, invoker({ target: { invoke, close: () => Promise.resolve() } }));
    expect(await state(running.outcome)).toMatchObject({ kind: 'service-error', message: 'the target threw: no such target' });
    expect(await state(running.ended)).toBe('stopped');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('an invoker', () => {
  it('runs no more at once than the function reserves, and is idle when nothing runs', async () => {
    const made = invoker({ reservedConcurrency: 2 });
    const runs = [start({}, made), start({}, made), start({}, made)];
    await clock.settle();
    expect(target.runs).toHaveLength(2);
    expect(await state(made.idle())).toBe('open');
    target.runs[0]?.end.resolve();
    await runs[0]?.ended;
    await clock.settle();
    expect(target.runs).toHaveLength(3);
    for (const { end } of target.runs) end.resolve();
    await Promise.all(runs.map(({ ended }) => ended));
    await made.idle();
    expect(clock.pendingTimers).toBe(0);
  });
});
