/**
 * What every FunctionTarget promises (src/contract/target.ts). A target takes part with one short file that calls
 * {@link targetSuite} with a factory: it makes a target whose function behaves as a script says.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { FunctionTarget, InvocationContext, Outcome } from '../../src/index.ts';

/** What the scripted function does with one event. */
export type Reply =
  | { readonly kind: 'payload'; readonly value: unknown }
  | { readonly kind: 'error'; readonly name: string; readonly message: string }
  /** Only where {@link TargetFeatures.refuses} holds. */
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number }
  | { readonly kind: 'service-error' }
  | { readonly kind: 'terminal' };

/** The scripted function: called once for each event that reaches it. */
export type Script = (event: unknown, requestId: string) => Reply | Promise<Reply>;

/** A target in front of a scripted function, and what must be cleared away after the test. */
export interface TargetRig {
  readonly target: FunctionTarget;
  dispose(): Promise<void>;
}

/** Facts of a target that decide what may be asked of it. */
export interface TargetFeatures {
  /** Payload text of a function that answers nothing at all. */
  readonly nothing: 'null' | '';
  /** Whether the target, or what stands in front of the function, can refuse: throttles, service errors, terminal ones. */
  readonly refuses: boolean;
  /** Whether `ended` waits for the function itself, or for the connection to it only. */
  readonly endsWith: 'function' | 'connection';
  /** Whether the function is told the engine's id of the invocation; default true. AWS Lambda gives its own. */
  readonly tellsRequestId?: boolean;
}

let requests = 0;

/** The context of one invocation that ends when `signal` says so. */
export function invocationContext(signal: AbortSignal, overrides: Partial<InvocationContext> = {}): InvocationContext {
  requests += 1;
  return {
    requestId: `00000000-0000-4000-8000-${String(requests).padStart(12, '0')}`,
    functionName: 'orders',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:orders',
    deadline: Date.UTC(2026, 0, 2, 3, 4, 5),
    timeoutMs: 3_000,
    remainingMs: () => 2_500.75,
    attempt: 1,
    signal,
    ...overrides,
  };
}

/** A signal that nobody aborts. */
export function calm(): AbortSignal {
  return new AbortController().signal;
}

/** The payload of a success; fails the test for any other outcome. */
export function successText(outcome: Outcome): string {
  if (outcome.kind !== 'success') throw new Error(`expected a success, got ${JSON.stringify(outcome)}`);
  return outcome.text();
}

/** A gate: waits until it is opened. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Declares the suite for one target. */
export function targetSuite(name: string, factory: (script: Script) => Promise<TargetRig>, features: TargetFeatures): void {
  describe(`FunctionTarget: ${name}`, () => {
    const rigs: TargetRig[] = [];

    async function targetFor(script: Script): Promise<FunctionTarget> {
      const rig = await factory(script);
      rigs.push(rig);
      return rig.target;
    }

    afterEach(async () => {
      await Promise.all(rigs.splice(0).map((rig) => rig.dispose()));
    });

    answers(targetFor, features);
    if (features.tellsRequestId ?? true) requestIds(targetFor);
    deadlines(targetFor, features);
    if (features.refuses) refusals(targetFor);
    lifetimes(targetFor);
  });
}

type TargetFor = (script: Script) => Promise<FunctionTarget>;

function answers(targetFor: TargetFor, features: TargetFeatures): void {
  test('hands the event over and gives the answer back as JSON text', async () => {
    const events: unknown[] = [];
    const target = await targetFor((event) => {
      events.push(event);
      return { kind: 'payload', value: { handled: 1, text: 'für "dich" \u2028 🙂' } };
    });
    const event = { Records: [{ messageId: 'm-1', body: 'ä\n🙂', attributes: {} }] };
    const invocation = target.invoke(event, invocationContext(calm()));
    expect(JSON.parse(successText(await invocation.outcome))).toEqual({ handled: 1, text: 'für "dich" \u2028 🙂' });
    await invocation.ended;
    expect(events).toEqual([event]);
  });

  test.each([
    ['null', null, 'null'],
    ['nothing at all', undefined, features.nothing],
    ['an empty object', {}, '{}'],
    ['an empty list', [], '[]'],
    ['an empty string', '', '""'],
    ['false', false, 'false'],
  ])('%s is a success with that payload', async (_title, value, text) => {
    const target = await targetFor(() => ({ kind: 'payload', value }));
    expect(successText(await target.invoke({}, invocationContext(calm())).outcome)).toBe(text);
  });

  test('a partial batch response passes through untouched', async () => {
    const value = { batchItemFailures: [{ itemIdentifier: 'm-2' }, { itemIdentifier: '' }, { other: null }], more: [1.5, 'x'] };
    const target = await targetFor(() => ({ kind: 'payload', value }));
    expect(successText(await target.invoke({}, invocationContext(calm())).outcome)).toBe(JSON.stringify(value));
  });

  test('an error of the function is a function error with its name and message', async () => {
    const target = await targetFor(() => ({ kind: 'error', name: 'PoisonRecord', message: 'no such order' }));
    const invocation = target.invoke({}, invocationContext(calm()));
    const expected = { kind: 'function-error', errorType: 'PoisonRecord', errorMessage: 'no such order' };
    expect(await invocation.outcome).toEqual(expected);
    await invocation.ended;
  });

  test('invocations that overlap do not mix, in whatever order they are answered', async () => {
    const gates = [gate(), gate(), gate(), gate()];
    const target = await targetFor(async (event) => {
      const { index } = event as { index: number };
      await gates[index]?.opened;
      return index === 2 ? { kind: 'error', name: 'Two', message: 'two' } : { kind: 'payload', value: index };
    });
    const invocations = gates.map((_gate, index) => target.invoke({ index }, invocationContext(calm())));
    const order: number[] = [];
    const settled = invocations.map((invocation, index) => invocation.outcome.then(() => order.push(index)));
    for (const index of [3, 0, 2, 1]) {
      gates[index]?.open();
      await settled[index];
    }
    expect(order).toEqual([3, 0, 2, 1]);
    const outcomes = await Promise.all(invocations.map((invocation) => invocation.outcome));
    expect(outcomes.map((outcome) => (outcome.kind === 'success' ? outcome.text() : outcome.kind))).toEqual([
      '0',
      '1',
      'function-error',
      '3',
    ]);
  });
}

function requestIds(targetFor: TargetFor): void {
  test('tells the function its request id', async () => {
    const seen: string[] = [];
    const target = await targetFor((_event, requestId) => {
      seen.push(requestId);
      return { kind: 'payload', value: null };
    });
    const context = invocationContext(calm());
    await target.invoke({}, context).outcome;
    expect(seen).toEqual([context.requestId]);
  });
}

function deadlines(targetFor: TargetFor, features: TargetFeatures): void {
  test('the outcome is a timeout within a turn of the abort, and a late answer changes nothing', async () => {
    const started = gate();
    const release = gate();
    const target = await targetFor(async () => {
      started.open();
      await release.opened;
      return { kind: 'payload', value: 'late' };
    });
    const deadline = new AbortController();
    const invocation = target.invoke({}, invocationContext(deadline.signal));
    const states = { answered: false, ended: false };
    const outcome = invocation.outcome.then((value) => {
      states.answered = true;
      return value;
    });
    const ended = invocation.ended.then(() => {
      states.ended = true;
    });
    await started.opened;
    expect(states).toEqual({ answered: false, ended: false });

    deadline.abort();
    await turn();
    expect(states.answered).toBe(true);
    if (features.endsWith === 'function') expect(states.ended).toBe(false);
    else await ended;

    release.open();
    await ended;
    expect(await outcome).toEqual({ kind: 'timeout' });
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
  });

  test('a late failure after the deadline is silent', async () => {
    const started = gate();
    const release = gate();
    const target = await targetFor(async () => {
      started.open();
      await release.opened;
      return { kind: 'error', name: 'Late', message: 'too late' };
    });
    const deadline = new AbortController();
    const invocation = target.invoke({}, invocationContext(deadline.signal));
    await started.opened;
    deadline.abort();
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
    release.open();
    await invocation.ended;
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
  });

  test('an invocation whose signal has aborted already is not started', async () => {
    let calls = 0;
    const target = await targetFor(() => {
      calls += 1;
      return { kind: 'payload', value: null };
    });
    const invocation = target.invoke({}, invocationContext(AbortSignal.abort()));
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
    await invocation.ended;
    expect(calls).toBe(0);
  });

  test('an abort after the end changes nothing', async () => {
    const target = await targetFor(() => ({ kind: 'payload', value: 'in time' }));
    const deadline = new AbortController();
    const invocation = target.invoke({}, invocationContext(deadline.signal));
    await invocation.outcome;
    await invocation.ended;
    deadline.abort();
    expect(successText(await invocation.outcome)).toBe('"in time"');
  });
}

function refusals(targetFor: TargetFor): void {
  test('a throttle is told apart, with the wait that was asked for', async () => {
    const target = await targetFor(() => ({ kind: 'throttled', retryAfterSeconds: 7 }));
    const invocation = target.invoke({}, invocationContext(calm()));
    expect(await invocation.outcome).toMatchObject({ kind: 'throttled', retryAfterMs: 7_000 });
    await invocation.ended;
  });

  test('a failure of the service is told apart from an error of the function', async () => {
    const target = await targetFor(() => ({ kind: 'service-error' }));
    const invocation = target.invoke({}, invocationContext(calm()));
    expect(await invocation.outcome).toMatchObject({ kind: 'service-error', retryAfterMs: undefined });
    await invocation.ended;
  });

  test('what cannot work until somebody mends it is terminal', async () => {
    const target = await targetFor(() => ({ kind: 'terminal' }));
    const invocation = target.invoke({}, invocationContext(calm()));
    const outcome = await invocation.outcome;
    expect(outcome.kind).toBe('terminal');
    await invocation.ended;
  });
}

function lifetimes(targetFor: TargetFor): void {
  test('closing twice, and at the same time, is one closing', async () => {
    const target = await targetFor(() => ({ kind: 'payload', value: null }));
    await target.invoke({}, invocationContext(calm())).ended;
    await Promise.all([target.close(), target.close()]);
    await expect(target.close()).resolves.toBeUndefined();
  });

  test('a target that never ran closes', async () => {
    const target = await targetFor(() => ({ kind: 'payload', value: null }));
    await expect(target.close()).resolves.toBeUndefined();
  });

  test('closing lets a running invocation finish', async () => {
    const started = gate();
    const release = gate();
    const target = await targetFor(async () => {
      started.open();
      await release.opened;
      return { kind: 'payload', value: 'finished' };
    });
    const invocation = target.invoke({}, invocationContext(calm()));
    await started.opened;
    const closed = target.close();
    release.open();
    expect(successText(await invocation.outcome)).toBe('"finished"');
    await closed;
  });
}
