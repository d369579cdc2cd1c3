import { afterEach, describe, expect, test } from 'vitest';
import { type LambdaTargetOptions, lambda } from '../../../../adapters/target/lambda/index.ts';
import {
  type FunctionTarget,
  type Invocation,
  type InvocationContext,
  type LogFields,
  type Logger,
  silentLogger,
} from '../../../../src/index.ts';
import { calm, gate, invocationContext, successText } from '../../../conformance/target-suite.ts';
import { type LambdaScript, LambdaStub } from '../../../support/lambda-stub.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(script: LambdaScript): Promise<LambdaStub> {
  const stub = await LambdaStub.start(script);
  cleanups.push(() => stub.close());
  return stub;
}

function targetOn(stub: LambdaStub, options: LambdaTargetOptions = {}): FunctionTarget {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const target = lambda({ endpoint: stub.endpoint, region: 'eu-central-1', credentials, ...options });
  cleanups.push(() => target.close());
  return target;
}

function invoke(target: FunctionTarget, context: Partial<InvocationContext> = {}, event: unknown = {}): Invocation {
  return target.invoke(event, invocationContext(context.signal ?? calm(), context));
}

const ok: LambdaScript = () => ({ kind: 'payload', text: '{}' });

describe('the call', () => {
  test('is a signed, synchronous one, with the event as it is', async () => {
    const stub = await serve(ok);
    await invoke(targetOn(stub, { functionName: 'orders' }), {}, { Records: [{ body: 'ä 🙂' }] }).outcome;
    expect(stub.requests).toEqual([
      expect.objectContaining({
        functionName: 'orders',
        qualifier: null,
        invocationType: 'RequestResponse',
        logType: undefined,
        authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=test\/\d+\/eu-central-1\/lambda\//) as string,
        body: '{"Records":[{"body":"ä 🙂"}]}',
      }),
    ]);
  });

  test.each<[string, LambdaTargetOptions, Partial<InvocationContext>, [string, string | null]]>([
    ['the name', { functionName: 'billing' }, {}, ['billing', null]],
    ['the name and the qualifier', { functionName: 'billing', qualifier: 'live' }, {}, ['billing', 'live']],
    ['a name with a qualifier', { functionName: 'billing:7' }, {}, ['billing:7', null]],
    [
      'an ARN',
      { functionName: 'arn:aws:lambda:eu-west-1:123456789012:function:billing:live' },
      {},
      ['arn:aws:lambda:eu-west-1:123456789012:function:billing:live', null],
    ],
    ['the name of the invocation', {}, { functionName: 'orders' }, ['orders', null]],
    ['the version of the invocation', {}, { functionName: 'orders', functionVersion: '3' }, ['orders', '3']],
    ['the qualifier before the version', { qualifier: 'live' }, { functionName: 'orders', functionVersion: '3' }, ['orders', 'live']],
    ['the name without the version of another', { functionName: 'billing' }, { functionVersion: '3' }, ['billing', null]],
  ])('names the function by %s', async (_title, options, context, expected) => {
    const stub = await serve(ok);
    await invoke(targetOn(stub, options), context).outcome;
    expect(stub.requests.map(({ functionName, qualifier }) => [functionName, qualifier])).toEqual([expected]);
  });

  test('hands the trace of each invocation on, outside its signature, and none where nobody records one', async () => {
    const stub = await serve(ok);
    const target = targetOn(stub);
    const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', isSampled: true };
    await invoke(target, { trace }).ended;
    await invoke(target, { trace: { ...trace, spanId: '00f067aa0ba902b7', isSampled: false } }).ended;
    await invoke(target).ended;
    expect(stub.requests.map(({ traceId }) => traceId)).toEqual([
      'Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1',
      'Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=00f067aa0ba902b7;Sampled=0',
      undefined,
    ]);
    for (const { authorization } of stub.requests) expect(authorization).not.toContain('trace-id');
  });

  test('uses its connection again, and as many as there are invocations', async () => {
    const gates = gate();
    let waiting = 0;
    const stub = await serve(async ({ body }) => {
      if (body !== '"together"') return { kind: 'payload', text: '{}' };
      waiting += 1;
      if (waiting === 100) gates.open();
      await gates.opened;
      return { kind: 'payload', text: '{}' };
    });
    const target = targetOn(stub);
    for (let round = 0; round < 3; round += 1) await invoke(target).ended;
    expect(new Set(stub.requests.map(({ remotePort }) => remotePort)).size).toBe(1);
    // None of them would be answered if one waited for the connection of another.
    const together = Array.from({ length: 100 }, () => invoke(target, {}, 'together'));
    expect((await Promise.all(together.map(({ outcome }) => outcome))).every(({ kind }) => kind === 'success')).toBe(true);
  });

  test('is not made for an event that Lambda would refuse for its size', async () => {
    const stub = await serve(ok);
    const target = targetOn(stub);
    expect(await invoke(target, {}, 'x'.repeat(6_291_455)).outcome).toMatchObject({ kind: 'terminal', code: 'RequestTooLargeException' });
    expect(stub.requests).toEqual([]);
    expect((await invoke(target, {}, 'x'.repeat(6_291_454)).outcome).kind).toBe('success');
  });

  test('is not made for an event without JSON', async () => {
    const stub = await serve(ok);
    expect(await invoke(targetOn(stub), {}, 1n).outcome).toMatchObject({ kind: 'terminal', code: 'InvalidEvent' });
    expect(await invoke(targetOn(stub), {}, Symbol('none')).outcome).toMatchObject({ kind: 'terminal' });
    expect(stub.requests).toEqual([]);
  });
});

describe('the answer', () => {
  test.each<[string, string, object]>([
    ['an error payload', '{"errorType":"Poison","errorMessage":"bad","trace":[]}', { errorType: 'Poison', errorMessage: 'bad' }],
    ['a message alone', '{"errorMessage":"bad"}', { errorType: 'Unhandled', errorMessage: 'bad' }],
    ['no JSON', 'oops', { errorType: 'Unhandled', errorMessage: 'the function failed without a message' }],
    ['nothing', '', { errorType: 'Unhandled', errorMessage: 'the function failed without a message' }],
  ])('marked as a function error with %s is one', async (_title, text, expected) => {
    const stub = await serve(() => ({ kind: 'payload', functionError: 'Unhandled', text }));
    expect(await invoke(targetOn(stub)).outcome).toEqual({ kind: 'function-error', ...expected });
  });

  test.each([
    '{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 5 Error: Task timed out after 3.00 seconds"}',
    '{"errorMessage":"2026-11-21T12:00:00.000Z 5e4a Task timed out after 3.00 seconds"}',
  ])('%s is a timeout', async (text) => {
    const stub = await serve(() => ({ kind: 'payload', functionError: 'Unhandled', text }));
    expect(await invoke(targetOn(stub)).outcome).toEqual({ kind: 'timeout' });
  });

  test('a success that looks like an error is a success', async () => {
    const stub = await serve(() => ({ kind: 'payload', text: '{"errorType":"E","errorMessage":"m"}' }));
    expect(successText(await invoke(targetOn(stub)).outcome)).toBe('{"errorType":"E","errorMessage":"m"}');
  });

  test.each([
    ['that says so beforehand', { 'content-length': '6291557' }],
    ['that comes in pieces', { 'transfer-encoding': 'chunked' }],
  ])('larger than Lambda lets through, %s, is a function error', async (_title, headers) => {
    const stub = await serve(() => ({ kind: 'raw', status: 200, body: 'x'.repeat(6_291_557), headers }));
    const { outcome, ended } = invoke(targetOn(stub));
    expect(await outcome).toEqual({
      kind: 'function-error',
      errorType: 'ResponseTooLarge',
      errorMessage: 'the answer is larger than 6291556 bytes',
    });
    await ended;
  });

  test.each([{ 'content-length': '6291556' }, { 'transfer-encoding': 'chunked' }])(
    'of exactly that limit is read (%o)',
    async (headers) => {
      const stub = await serve(() => ({ kind: 'raw', status: 200, body: 'x'.repeat(6_291_556), headers }));
      expect(successText(await invoke(targetOn(stub)).outcome)).toHaveLength(6_291_556);
    },
  );
});

describe('the log of the function', () => {
  test('is asked for only with a logger, and told at debug with both request ids', async () => {
    const lines: [LogFields, string][] = [];
    const logger: Logger = { ...silentLogger, debug: (fields, message) => lines.push([fields, message]) };
    const stub = await serve(() => ({ kind: 'payload', text: '{}', log: 'START\nmilled 🙂\nEND\n' }));
    const context = invocationContext(calm(), { functionVersion: '7' });
    await targetOn(stub).invoke({}, context).outcome;
    await targetOn(stub, { logger }).invoke({}, context).outcome;
    expect(stub.requests.map(({ logType }) => logType)).toEqual([undefined, 'Tail']);
    const fields = {
      requestId: context.requestId,
      functionName: 'orders',
      executedVersion: '7',
      lambdaRequestId: 'id-of-lambda',
      logTail: 'START\nmilled 🙂\nEND\n',
    };
    expect(lines).toEqual([[fields, 'the end of the log of an invocation']]);
  });
});

describe('the deadline', () => {
  test.each(['hang', 'half'] as const)('ends the call and its connection when the answer does not come (%s)', async (kind) => {
    const arrived = gate();
    const stub = await serve(() => {
      arrived.open();
      return { kind };
    });
    const deadline = new AbortController();
    const { outcome, ended } = invoke(targetOn(stub), { signal: deadline.signal });
    await arrived.opened;
    deadline.abort();
    expect(await outcome).toEqual({ kind: 'timeout' });
    await ended;
    await stub.disconnected();
  });

  test('leaves the connections of others alone', async () => {
    const arrived = gate();
    const release = gate();
    const stub = await serve(async ({ body }) => {
      if (body === '"first"') {
        arrived.open();
        await release.opened;
        return { kind: 'payload', text: '"first"' };
      }
      return { kind: 'hang' };
    });
    const target = targetOn(stub);
    const first = invoke(target, {}, 'first');
    await arrived.opened;
    const deadline = new AbortController();
    const second = invoke(target, { signal: deadline.signal }, 'second');
    deadline.abort();
    expect(await second.outcome).toEqual({ kind: 'timeout' });
    await second.ended;
    release.open();
    expect(successText(await first.outcome)).toBe('"first"');
  });
});

test('the last of the targets that share a client closes its connections', async () => {
  const stub = await serve(ok);
  // The same object: credentials that look alike are not taken for the same.
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const [one, other] = [targetOn(stub, { functionName: 'one', credentials }), targetOn(stub, { functionName: 'other', credentials })];
  await invoke(one).ended;
  await invoke(other).ended;
  await one.close();
  await invoke(other).ended;
  expect(new Set(stub.requests.map(({ remotePort }) => remotePort)).size).toBe(1);
  await other.close();
  await other.close();
  await stub.disconnected();
});

test('a closed target refuses with a service error', async () => {
  const stub = await serve(ok);
  const target = targetOn(stub);
  await target.close();
  const { outcome, ended } = invoke(target);
  expect(await outcome).toEqual({ kind: 'service-error', message: 'the target is closed', retryAfterMs: undefined });
  await ended;
});
