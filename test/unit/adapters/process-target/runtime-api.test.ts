import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync } from 'node:fs';
import { Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { ProcessTargetOptions } from '../../../../adapters/target/process/index.ts';
import type { FunctionTarget, Outcome } from '../../../../src/index.ts';
import { calm, invocationContext, successText } from '../../../conformance/target-suite.ts';
import { ProcessFunctions, processesWith } from '../../../support/process-functions.ts';

const functions = new ProcessFunctions();
afterEach(() => functions.clear());
afterAll(() => {
  functions.folder.remove();
});

/** A runtime by hand: `call` speaks to the API, and every answer is JSON of what it saw. */
const BY_HAND = `#!/usr/bin/env node
  const root = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/';
  async function call(method, path, body, headers) {
    const response = await fetch(root + path, { method, body, headers });
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
  }
  const next = () => call('GET', 'invocation/next');
  const idOf = (invocation) => invocation.headers['lambda-runtime-aws-request-id'];
  const answer = (id, value) => call('POST', 'invocation/' + id + '/response', JSON.stringify(value));
`;

const hasCurl = spawnSync('curl', ['--version']).status === 0;
let count = 0;

/** A command that is a runtime by hand with this body. */
function byHand(body: string, options: Partial<Omit<ProcessTargetOptions, 'handler' | 'nodeArgs' | 'watch'>> = {}): FunctionTarget {
  count += 1;
  const name = `runtime-${String(count)}.mjs`;
  functions.folder.write(name, `${BY_HAND}\n${body}`);
  return functions.target({ ...options, command: [`./${name}`] });
}

async function outcomeOf(target: FunctionTarget, event: unknown = {}): Promise<Outcome> {
  const invocation = target.invoke(event, invocationContext(calm(), { remainingMs: () => 60_000 }));
  const outcome = await invocation.outcome;
  await invocation.ended;
  return outcome;
}

async function answerOf(target: FunctionTarget, event: unknown = {}): Promise<unknown> {
  return JSON.parse(successText(await outcomeOf(target, event)));
}

describe('what a runtime is told', () => {
  test('the next invocation comes with request id, deadline, ARN and trace', async () => {
    const target = byHand('for (;;) { const seen = await next(); await answer(idOf(seen), seen); }');
    const context = invocationContext(calm(), { remainingMs: () => 60_000 });
    const seen = JSON.parse(successText(await target.invoke({ a: 'ä' }, context).outcome)) as { headers: object; text: string };
    expect(seen).toMatchObject({
      status: 200,
      text: '{"a":"ä"}',
      headers: {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': context.requestId,
        'lambda-runtime-deadline-ms': String(context.deadline),
        'lambda-runtime-invoked-function-arn': context.invokedFunctionArn,
        'lambda-runtime-trace-id': expect.stringMatching(/^Root=1-/) as string,
      },
    });
  });

  test('its environment is that of Lambda, and nothing of ours but what was named', async () => {
    process.env['MILLRACE_TEST_SECRET'] = 'not for functions';
    process.env['MILLRACE_TEST_SHARED'] = 'shared';
    const target = byHand('const seen = await next(); await answer(idOf(seen), process.env); await next();', {
      env: { TABLE: 'orders', AWS_REGION: 'eu-north-1' },
      inheritEnv: ['MILLRACE_TEST_SHARED', 'MILLRACE_TEST_ABSENT'],
    });
    const env = (await answerOf(target)) as Record<string, string>;
    delete process.env['MILLRACE_TEST_SECRET'];
    delete process.env['MILLRACE_TEST_SHARED'];
    expect(env).toMatchObject({
      TABLE: 'orders',
      MILLRACE_TEST_SHARED: 'shared',
      AWS_REGION: 'eu-north-1',
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_LAMBDA_FUNCTION_NAME: 'orders',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/orders',
      LAMBDA_TASK_ROOT: functions.folder.path,
      _HANDLER: 'runtime-2.mjs',
    });
    expect(env['AWS_LAMBDA_RUNTIME_API']).toMatch(/^127\.0\.0\.1:\d+$/);
    const others = Object.keys(env).filter((name) => !/^(AWS_|LAMBDA_|_HANDLER$|MILLRACE_TEST_(SHARED|MARKER)$|TABLE$)/.test(name));
    const named = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TZ', 'LANG', 'LANGUAGE'];
    expect(others.filter((name) => !named.includes(name) && !name.startsWith('LC_'))).toEqual([]);
  });
});

describe('what a runtime may say', () => {
  test.skipIf(!hasCurl)('a shell script is a runtime (skipped where there is no curl)', async () => {
    functions.folder.write(
      'bootstrap',
      `#!/bin/sh
       api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
       while true; do
         event=$(curl -sS -D headers "$api/next")
         id=$(grep -i '^lambda-runtime-aws-request-id' headers | tr -d '\\r' | cut -d' ' -f2)
         curl -sS -d "{\\"got\\":$event}" "$api/$id/response" > /dev/null
       done`,
    );
    const target = functions.target({ command: ['./bootstrap'] });
    expect(await answerOf(target, { n: 1 })).toEqual({ got: { n: 1 } });
    expect(await answerOf(target, { n: 2 })).toEqual({ got: { n: 2 } });
  });

  test.each([
    ['Lambda-like JSON', `'{"errorType":"Poison","errorMessage":"bad","stackTrace":["a","b"]}'`, 'Poison', 'bad'],
    ['nothing but the header', `''`, 'Custom.Header', 'without saying which'],
    ['what is no JSON', `'<html>'`, 'Custom.Header', '<html>'],
    ['JSON of another shape', `'[1,2]'`, 'Custom.Header', '[1,2]'],
  ])('an error as %s', async (_title, body, errorType, message) => {
    const target = byHand(`const seen = await next();
      await call('POST', 'invocation/' + idOf(seen) + '/error', ${body}, { 'lambda-runtime-function-error-type': 'Custom.Header' }); await next();`);
    const outcome = await outcomeOf(target);
    expect(outcome).toMatchObject({ kind: 'function-error', errorType, errorMessage: expect.stringContaining(message) as string });
  });

  test("an error whose cause for X-Ray fills a header of nearly 1 MB, as AWS's own runtimes send it", async () => {
    const target = byHand(`const seen = await next();
      const headers = { 'lambda-runtime-function-xray-error-cause': 'x'.repeat(1_048_575) };
      await call('POST', 'invocation/' + idOf(seen) + '/error', '{"errorType":"Poison","errorMessage":"bad"}', headers); await next();`);
    expect(await outcomeOf(target)).toEqual({ kind: 'function-error', errorType: 'Poison', errorMessage: 'bad' });
  });

  test('an initialisation error, and its words are the outcome', async () => {
    const target = byHand(
      `await call('POST', 'init/error', '{"errorType":"Runtime.NoTable","errorMessage":"no table"}'); process.exit(1);`,
    );
    expect(await outcomeOf(target)).toEqual({
      kind: 'function-error',
      errorType: 'Runtime.NoTable',
      errorMessage: 'no table',
      duringInit: true,
    });
  });

  test('an answer that is no JSON is handed on as it is', async () => {
    const target = byHand(
      `const seen = await next(); await call('POST', 'invocation/' + idOf(seen) + '/response', 'plain <text>'); await next();`,
    );
    expect(successText(await outcomeOf(target))).toBe('plain <text>');
  });

  test('an answer and an end at once: the answer counts', async () => {
    const target = byHand(`const seen = await next(); void answer(idOf(seen), 'bye'); setTimeout(() => process.exit(1), 0);`);
    for (let round = 0; round < 3; round += 1) {
      const outcome = await outcomeOf(target);
      // Whether it left the process before its end is the system's affair; nothing third happens.
      expect(outcome.kind === 'success' ? outcome.text() : outcome).toEqual(
        outcome.kind === 'success' ? '"bye"' : expect.objectContaining({ errorType: 'Runtime.ExitError' }),
      );
    }
  });
});

test("an answer that fails on its way, as AWS's runtimes tell it behind its body, is an error of the function", async () => {
  const error = Buffer.from('{"errorType":"Broken","errorMessage":"no more rows"}').toString('base64');
  const target = byHand(`import { request } from 'node:http';
    const id = idOf(await next());
    const answering = request(root + 'invocation/' + id + '/response', {
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked', trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body' },
    });
    answering.on('response', () => next());
    answering.addTrailers({ 'Lambda-Runtime-Function-Error-Type': 'Unhandled', 'Lambda-Runtime-Function-Error-Body': '${error}' });
    answering.end('{"rows');`);
  expect(await outcomeOf(target)).toEqual({ kind: 'function-error', errorType: 'Broken', errorMessage: 'no more rows' });
});

describe('what a runtime may not say is refused, and changes nothing', () => {
  test.each([
    ['an answer to another invocation', `await answer('00000000-0000-4000-8000-999999999999', 1)`, 400, 'InvalidRequestID'],
    ['the next invocation before the answer', 'await next()', 403, 'InvalidStateTransition'],
    ['an initialisation error after the start', `await call('POST', 'init/error', '{}')`, 403, 'InvalidStateTransition'],
    ['another path', `await call('GET', 'invocation/else')`, 404, 'NotFound'],
    ['another method', `await call('PUT', 'invocation/next', '')`, 405, 'MethodNotAllowed'],
    ['an answer with GET', `await call('GET', 'invocation/x/response')`, 405, 'MethodNotAllowed'],
  ])('%s', async (_title, said, status, errorType) => {
    const target = byHand(`for (;;) { const seen = await next(); const refused = ${said}; await answer(idOf(seen), refused); }`);
    const refused = (await answerOf(target)) as { status: number; text: string };
    expect(refused.status).toBe(status);
    expect(JSON.parse(refused.text)).toMatchObject({ errorType });
  });

  test('a second answer', async () => {
    const target = byHand(`let second = null;
      for (;;) { const seen = await next(); const before = second; await answer(idOf(seen), before); second = await answer(idOf(seen), 'again'); }`);
    expect(await answerOf(target)).toBeNull();
    expect(await answerOf(target)).toMatchObject({ status: 400 });
  });

  test('an answer that is too large, and the process lives on', async () => {
    const target = byHand(
      `for (;;) { const seen = await next(); const size = JSON.parse(seen.text).size;
         console.log((await call('POST', 'invocation/' + idOf(seen) + '/response', 'x'.repeat(size))).status, process.pid); }`,
      { maxResponseBytes: 1_000 },
    );
    expect(await outcomeOf(target, { size: 1_001 })).toEqual({
      kind: 'function-error',
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'the response of 1001 bytes is larger than the 1000 bytes that are taken',
    });
    expect(successText(await outcomeOf(target, { size: 1_000 }))).toHaveLength(1_000);
    const said = functions.log.printed.map((line) => line.split(' '));
    expect(said.map(([status]) => status)).toEqual(['413', '202']);
    expect(said[0]?.[1]).toBe(said[1]?.[1]);
  });
});

test('an answer may have 6 MB (6,291,456 bytes) and no byte more', async () => {
  const target = byHand(`for (;;) { const seen = await next();
    await call('POST', 'invocation/' + idOf(seen) + '/response', 'x'.repeat(JSON.parse(seen.text).size)); }`);
  expect(successText(await outcomeOf(target, { size: 6_291_456 }))).toHaveLength(6_291_456);
  expect(await outcomeOf(target, { size: 6_291_457 })).toMatchObject({
    kind: 'function-error',
    errorType: 'Function.ResponseSizeTooLarge',
  });
});

describe('events that no function gets', () => {
  test('one without JSON, and one that is too large, are terminal, and nothing is started', async () => {
    const target = byHand('await next();');
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(await outcomeOf(target, cycle)).toMatchObject({ kind: 'terminal', code: 'InvalidEvent' });
    expect(await outcomeOf(target, { body: 'ä'.repeat(3_145_728) })).toMatchObject({ kind: 'terminal', code: 'RequestTooLarge' });
    expect(processesWith(functions.marker)).toEqual([]);
  });
});

describe('programs that cannot be started', () => {
  test('one that has gone since is terminal', async () => {
    const target = byHand('await next();');
    const other = functions.target({ command: [functions.folder.write('gone', '#!/bin/sh\nsleep 1')] });
    functions.folder.write('gone', '#!/no/such/interpreter\n');
    expect(await outcomeOf(other)).toMatchObject({ kind: 'terminal', code: 'Runtime.InvalidEntrypoint' });
    await target.close();
  });

  test.each(['EADDRINUSE', 'EMFILE'])(
    'one whose port cannot be opened (%s) is a service error, and the next one has its own',
    async (code) => {
      const target = byHand('for (;;) { const seen = await next(); await answer(idOf(seen), 1); }');
      const listen = vi.spyOn(Server.prototype, 'listen').mockImplementationOnce(function (this: Server) {
        queueMicrotask(() => this.emit('error', Object.assign(new Error(`listen ${code}`), { code })));
        return this;
      });
      const outcome = await outcomeOf(target);
      listen.mockRestore();
      expect(outcome).toMatchObject({ kind: 'service-error', message: expect.stringContaining(code) as string });
      expect(processesWith(functions.marker)).toEqual([]);
      expect(await answerOf(target)).toBe(1);
    },
  );

  test('one that is just being written is a service error: it is there in a moment', async () => {
    const path = join(functions.folder.path, 'deployed');
    copyFileSync('/bin/sh', path);
    const target = functions.target({ command: [path, '-c', 'true'] });
    const writing = openSync(path, 'r+');
    const outcome = await outcomeOf(target);
    closeSync(writing);
    expect(outcome).toMatchObject({ kind: 'service-error', message: expect.stringContaining('ETXTBSY') as string });
  });

  test('a port at which no more connections can be accepted ends nothing of ours', async () => {
    const target = byHand('for (;;) { const seen = await next(); await answer(idOf(seen), 1); }');
    const listen = vi.spyOn(Server.prototype, 'listen');
    expect(await answerOf(target)).toBe(1);
    const [server] = listen.mock.contexts as Server[];
    listen.mockRestore();
    // So Node tells that it has no file left for a connection, each time.
    for (let time = 0; time < 2; time += 1) server?.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    expect(await answerOf(target)).toBe(1);
  });

  test('one that ends without a word is Runtime.ExitError', async () => {
    expect(await outcomeOf(functions.target({ command: ['true'] }))).toMatchObject({
      kind: 'function-error',
      errorType: 'Runtime.ExitError',
      duringInit: true,
      errorMessage: expect.stringContaining('Runtime exited without providing a reason') as string,
    });
  });
});
