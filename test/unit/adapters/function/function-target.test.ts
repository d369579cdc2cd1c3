import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Context, SQSEvent, SQSHandler } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { type FunctionContext, handler } from '../../../../adapters/target/function/index.ts';
import { ConfigError, type FunctionTarget, type Outcome } from '../../../../src/index.ts';
import { calm, gate, invocationContext, successText } from '../../../conformance/target-suite.ts';

function outcomeOf(target: FunctionTarget): Promise<Outcome> {
  return target.invoke({}, invocationContext(calm())).outcome;
}

/** The outcome of a handler that throws exactly this. */
function outcomeOfThrown(thrown: unknown): Promise<Outcome> {
  return outcomeOf(handler(() => Promise.reject(thrown as Error)));
}

async function contextSeen(): Promise<FunctionContext> {
  let seen: FunctionContext | undefined;
  const target = handler((_event, context) => {
    seen = context;
  });
  await target.invoke({}, invocationContext(calm(), { requestId: 'aaaa-bbbb', functionVersion: '7' })).outcome;
  if (seen === undefined) throw new Error('the handler was not called');
  return seen;
}

describe('the context of a handler', () => {
  test('is that of Lambda', async () => {
    const context = await contextSeen();
    expect(context).toMatchObject({
      awsRequestId: 'aaaa-bbbb',
      functionName: 'orders',
      functionVersion: '7',
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:orders',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/orders',
      logStreamName: '2026/01/02/[7]aaaabbbb',
      callbackWaitsForEmptyEventLoop: false,
    });
    expect(context.signal).toBeInstanceOf(AbortSignal);
  });

  test('counts whole milliseconds down to zero, also when the function is taken out of the context', async () => {
    const { getRemainingTimeInMillis } = await contextSeen();
    expect(getRemainingTimeInMillis()).toBe(2_500);
    let late: number | undefined;
    const target = handler((_event, context) => {
      late = context.getRemainingTimeInMillis();
    });
    await target.invoke({}, invocationContext(calm(), { remainingMs: () => -3 })).outcome;
    expect(late).toBe(0);
  });

  test('lets old code set callbackWaitsForEmptyEventLoop', async () => {
    const context = await contextSeen();
    context.callbackWaitsForEmptyEventLoop = true;
    expect(context.callbackWaitsForEmptyEventLoop).toBe(true);
  });

  test.each(['done', 'fail', 'succeed'] as const)('refuses the old context.%s() with the way out', async (method) => {
    const target = handler((_event, context) => {
      const old: unknown = Reflect.get(context, method);
      if (typeof old === 'function') Reflect.apply(old, context, []);
    });
    const outcome = await outcomeOf(target);
    expect(outcome).toMatchObject({ kind: 'function-error', errorType: 'TypeError' });
    expect(outcome).toHaveProperty('errorMessage', expect.stringContaining(`context.${method}() is not supported: return a value`));
  });

  test('carries the signal that aborts at the deadline', async () => {
    const deadline = new AbortController();
    const aborted = gate();
    const target = handler(async (_event, context) => {
      context.signal.addEventListener('abort', aborted.open);
      await aborted.opened;
    });
    const invocation = target.invoke({}, invocationContext(deadline.signal));
    deadline.abort();
    await invocation.ended;
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
  });
});

describe('a handler', () => {
  test('that was written for Lambda fits as it is', async () => {
    const declared: SQSHandler = async (event, context) => {
      await turn();
      return { batchItemFailures: event.Records.map(() => ({ itemIdentifier: context.functionName })) };
    };
    const plain = (event: SQSEvent, context: Context): Promise<string> =>
      Promise.resolve(`${context.functionName} ${String(event.Records.length)}`);
    const event: SQSEvent = { Records: [] };
    expect(successText(await handler(declared).invoke(event, invocationContext(calm())).outcome)).toBe('{"batchItemFailures":[]}');
    expect(successText(await handler(plain).invoke(event, invocationContext(calm())).outcome)).toBe('"orders 0"');
  });

  test('that takes a callback is refused at once', () => {
    const callbackStyle: SQSHandler = (_event, _context, callback) => {
      callback(null);
    };
    expect(() => handler(callbackStyle)).toThrow(ConfigError);
    expect(() => handler(callbackStyle)).toThrow('handler: takes a callback as third parameter');
  });

  test.each([[null], [undefined], ['./handler.js'], [{}]])('must be a function, not %s', (value) => {
    expect(() => handler(value as never)).toThrow('handler: must be a function (event, context), but is');
  });

  test('may answer without a promise, or with any thenable', async () => {
    expect(successText(await outcomeOf(handler(() => 5)))).toBe('5');
    const thenable = { then: (resolve: (value: string) => void) => resolve('six') };
    expect(successText(await outcomeOf(handler(() => thenable)))).toBe('"six"');
  });

  test('that returns what has no JSON of its own answers null', async () => {
    expect(successText(await outcomeOf(handler(() => turn)))).toBe('null');
    expect(successText(await outcomeOf(handler(() => Symbol('none'))))).toBe('null');
  });

  test('that returns a cycle or a BigInt succeeds, and reading the payload throws', async () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const value of [cycle, { big: 1n }]) {
      const outcome = await outcomeOf(handler(() => value));
      expect(() => successText(outcome)).toThrow(TypeError);
    }
  });

  test.each([
    ['at once', 0],
    ['a turn later', 1],
    ['some turns later', 5],
  ])('that is cut off %s after it began is told a timeout within a turn', async (_when, turns) => {
    const release = gate();
    const deadline = new AbortController();
    const invocation = handler(() => release.opened).invoke({}, invocationContext(deadline.signal));
    for (let passed = 0; passed < turns; passed += 1) await turn();
    let told: Outcome | undefined;
    void invocation.outcome.then((outcome) => (told = outcome));
    deadline.abort();
    await turn();
    expect(told).toEqual({ kind: 'timeout' });
    release.open();
    await invocation.ended;
    expect(getEventListeners(deadline.signal, 'abort')).toEqual([]);
  });

  test.each([
    ['answers', () => Promise.resolve(1)],
    ['fails', () => Promise.reject(new Error('late'))],
  ])('that %s in the very turn in which it began and was cut off is late', async (_title, settle) => {
    const release = gate();
    const deadline = new AbortController();
    const invocation = handler(() => release.opened.then(settle)).invoke({}, invocationContext(deadline.signal));
    deadline.abort();
    release.open();
    await invocation.ended;
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
  });

  test('makes no signal where the engine can tell of an abort without one, and obeys it', async () => {
    const callbacks = new Set<() => void>();
    const onAbort = (callback: () => void): (() => void) => {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    };
    const given = {
      ...invocationContext(calm()),
      onAbort,
      get signal(): AbortSignal {
        throw new Error('nobody needs it');
      },
    };
    await handler(() => 1).invoke({}, given).ended;
    expect(callbacks.size).toBe(0);
    const release = gate();
    const { outcome, ended } = handler(() => release.opened).invoke({}, given);
    for (const callback of callbacks) callback();
    expect(await outcome).toEqual({ kind: 'timeout' });
    release.open();
    await ended;
  });

  test('obeys the signal of a copy of the context that has one of its own', async () => {
    const [engines, own] = [new AbortController(), new AbortController()];
    const release = gate();
    const context = { ...invocationContext(engines.signal), signal: own.signal };
    const { outcome, ended } = handler(() => release.opened).invoke({}, context);
    own.abort();
    expect(await outcome).toEqual({ kind: 'timeout' });
    release.open();
    await ended;
  });

  test('gives a copy of the context its signal', async () => {
    const { signal } = new AbortController();
    let copy: { readonly signal?: AbortSignal } = {};
    await handler((_event, context) => (copy = { ...context })).invoke({}, invocationContext(signal)).outcome;
    expect(copy.signal).toBe(signal);
  });

  test('leaves no listener on the signal, however it ends', async () => {
    const { signal } = new AbortController();
    const slow = handler(() => turn().then(() => turn())).invoke({}, invocationContext(signal));
    await turn();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await slow.ended;
    await handler(() => 1).invoke({}, invocationContext(signal)).ended;
    await handler(() => Promise.reject(new Error('no'))).invoke({}, invocationContext(signal)).ended;
    await handler(() => {
      throw new Error('no');
    }).invoke({}, invocationContext(signal)).ended;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('that rejects after its deadline raises no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => {
      unhandled.push(reason);
    };
    process.on('unhandledRejection', note);
    try {
      const release = gate();
      const deadline = new AbortController();
      const target = handler(async () => {
        await release.opened;
        throw new Error('late');
      });
      const invocation = target.invoke({}, invocationContext(deadline.signal));
      deadline.abort();
      release.open();
      await invocation.ended;
      await turn();
      await turn();
      expect(await invocation.outcome).toEqual({ kind: 'timeout' });
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('what a handler throws', () => {
  test('in its first line, before any promise, is a function error', async () => {
    const target = handler(() => {
      throw new RangeError('too far');
    });
    expect(await outcomeOf(target)).toEqual({ kind: 'function-error', errorType: 'RangeError', errorMessage: 'too far' });
  });

  test.each([
    ['a string', 'plain text', 'string', 'plain text'],
    ['a number', 42, 'number', '42'],
    ['nothing', undefined, 'undefined', 'undefined'],
    ['null', null, 'null', 'null'],
    ['a symbol', Symbol('x'), 'symbol', 'Symbol(x)'],
    ['an object', { code: 7 }, 'object', '{"code":7}'],
    ['an object like an error', { name: 'Foreign', message: 'from another realm' }, 'Foreign', 'from another realm'],
    ['an error without a name', Object.assign(new Error('m'), { name: '' }), 'Error', 'm'],
  ])('as %s is named', async (_title, thrown, errorType, errorMessage) => {
    expect(await outcomeOfThrown(thrown)).toEqual({ kind: 'function-error', errorType, errorMessage });
  });

  test.each([
    ['getters that throw', hostile],
    ['a proxy that throws at every touch', hostileProxy],
    ['no text at all', () => Object.create(null) as object],
  ])('with %s is a function error all the same', async (_title, make) => {
    expect(await outcomeOfThrown(make())).toMatchObject({ kind: 'function-error' });
  });

  test('is cut when its message is huge', async () => {
    const outcome = await outcomeOfThrown(new Error('x'.repeat(100_000)));
    expect(outcome.kind === 'function-error' ? outcome.errorMessage.length : 0).toBe(8_193);
  });
});

function hostile(): Error {
  const error = new Error('hidden');
  for (const key of ['stack', 'name', 'message']) {
    Object.defineProperty(error, key, {
      get: () => {
        throw new Error('keep out');
      },
    });
  }
  return error;
}

function hostileProxy(): object {
  const refuse = (): never => {
    throw new Error('keep out');
  };
  return new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse });
}
