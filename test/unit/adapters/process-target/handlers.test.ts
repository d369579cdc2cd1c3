import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { FunctionTarget, Outcome } from '../../../../src/index.ts';
import { calm, invocationContext, successText } from '../../../conformance/target-suite.ts';
import { ProcessFunctions, processesWith, until } from '../../../support/process-functions.ts';

const functions = new ProcessFunctions();
afterEach(() => functions.clear());
afterAll(() => {
  functions.folder.remove();
});

async function outcomeOf(target: FunctionTarget, event: unknown = {}): Promise<Outcome> {
  const invocation = target.invoke(event, invocationContext(calm(), { remainingMs: () => 60_000 }));
  await invocation.ended;
  return invocation.outcome;
}

async function answerOf(target: FunctionTarget, event: unknown = {}): Promise<unknown> {
  return JSON.parse(successText(await outcomeOf(target, event)));
}

describe('a Node handler is called in its own style', () => {
  test.each([
    ['async', 'export const handler = async (event) => ({ got: event.n });', { got: 4 }],
    ['a value', 'export const handler = (event) => event.n + 1;', 5],
    ['a callback', 'export const handler = (event, context, callback) => { setTimeout(() => callback(null, event.n), 1); };', 4],
    [
      'a callback that does not wait for an open timer',
      `export const handler = (event, context, callback) => {
         context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 60000); callback(null, 'now'); };`,
      'now',
    ],
    ['context.succeed', 'export const handler = (event, context) => { context.succeed(event.n * 2); };', 8],
    ['context.done', "export const handler = (event, context) => { context.done(null, 'done'); };", 'done'],
    [
      'context.succeed later, though what starts the work returns something',
      'export const handler = (event, context) => setTimeout(() => { context.succeed(event.n); }, 5);',
      4,
    ],
    ['an object of a class', 'class Sum { total = 9; } export const handler = (event, context) => new Sum();', { total: 9 }],
    ['nothing, once nothing is left to do', 'export const handler = () => { setTimeout(() => {}, 5); };', null],
    ['a thenable', 'export const handler = () => ({ then: (resolve) => resolve(7) });', 7],
  ])('%s', async (_style, source, answer) => {
    expect(await answerOf(functions.handler(source), { n: 4 })).toEqual(answer);
  });

  test('a callback waits for what is still to do', async () => {
    const source = `let done = 'not yet';
      export const handler = (event, context, callback) => { setTimeout(() => { done = 'done'; }, 20); callback(null, { get state() { return done; } }); };`;
    expect(await answerOf(functions.handler(source))).toEqual({ state: 'done' });
  });

  test('CommonJS as on Lambda: orders.handler is the export handler of orders.cjs', async () => {
    functions.folder.write('orders.cjs', "const { basename } = require('node:path'); exports.handler = async () => basename(__filename);");
    expect(await answerOf(functions.target({ handler: 'orders.handler' }))).toBe('orders.cjs');
  });

  test('CommonJS that names its exports only at run time, and an export within another', async () => {
    functions.folder.write('api.cjs', "const made = {}; made['v2'] = { run: async () => 'v2' }; module.exports = made;");
    expect(await answerOf(functions.target({ handler: 'api.v2.run' }))).toBe('v2');
  });

  test('a .js file is what its package.json says', async () => {
    functions.folder.write('package.json', '{ "type": "module" }');
    functions.folder.write('esm.js', 'export const handler = async () => typeof require;');
    expect(await answerOf(functions.target({ handler: './esm.js#handler' }))).toBe('undefined');
  });

  test('the context is that of Lambda', async () => {
    const source = `export const handler = async (event, context) => ({ ...context, remaining: context.getRemainingTimeInMillis() > 0, env: process.env });`;
    const target = functions.handler(source, { memorySize: 256 });
    const context = invocationContext(calm(), { functionVersion: '7', deadline: Date.now() + 60_000 });
    const seen = JSON.parse(successText(await target.invoke({}, context).outcome)) as Record<string, unknown>;
    expect(seen).toMatchObject({
      awsRequestId: context.requestId,
      functionName: 'orders',
      functionVersion: '7',
      invokedFunctionArn: context.invokedFunctionArn,
      memoryLimitInMB: '256',
      logGroupName: '/aws/lambda/orders',
      remaining: true,
    });
    expect(seen['logStreamName']).toMatch(/^\d{4}\/\d\d\/\d\d\/\[7\]\w+$/);
    expect((seen['env'] as Record<string, string>)['_X_AMZN_TRACE_ID']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0$/);
  });
});

describe('a failure is told as Lambda tells it', () => {
  test.each([
    ['throw', "throw new TypeError('bad order')", 'TypeError', 'bad order'],
    ['a string', "throw 'just words'", 'string', 'just words'],
    ['null', 'throw null', 'null', 'null'],
    ['a symbol', "throw Symbol('x')", 'symbol', 'Symbol(x)'],
    [
      'an error that cannot be read',
      "throw new Proxy({}, { get() { throw new Error('no'); }, has() { throw new Error('no'); } })",
      'Error',
      'cannot be read',
    ],
    ['an answer without JSON', 'return 10n', 'TypeError', 'BigInt'],
  ])('%s', async (_title, code, errorType, message) => {
    const target = functions.handler(`export const handler = async () => { ${code}; };`);
    const outcome = await outcomeOf(target);
    expect(outcome).toMatchObject({ kind: 'function-error', errorType });
    expect(outcome).toMatchObject({ errorMessage: expect.stringContaining(message) as string });
    // It goes on: the next invocation is answered by the same process.
    expect(await outcomeOf(target)).toMatchObject({ kind: 'function-error', errorType });
    expect(new Set(functions.log.of('REPORT').map(({ pid }) => pid)).size).toBe(1);
  });

  test.each([
    ['an error by callback', "(event, context, callback) => { callback(new RangeError('far')); }", 'RangeError', 'far'],
    ['context.fail', "(event, context) => { context.fail(new Error('failed')); }", 'Error', 'failed'],
    ['context.fail later', "(event, context) => setTimeout(() => { context.fail(new Error('failed')); }, 5)", 'Error', 'failed'],
    ['a promise that nothing can settle', 'async () => { await new Promise(() => {}); }', 'Runtime.NodeJsExit', 'never settle'],
    [
      'an uncaught exception',
      "async () => { setTimeout(() => { throw new Error('aside'); }, 1); await new Promise((r) => setTimeout(r, 5000)); }",
      'Error',
      'aside',
    ],
    [
      'an unhandled rejection',
      "async () => { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 5000)); }",
      'Runtime.UnhandledPromiseRejection',
      'Error: lost',
    ],
    ['process.exit', 'async () => { process.exit(3); }', 'Runtime.ExitError', 'Runtime exited with error: exit status 3'],
    ['process.exit(0)', 'async () => { process.exit(0); }', 'Runtime.ExitError', 'Runtime exited without providing a reason'],
    [
      'a crash',
      "async () => { process.kill(process.pid, 'SIGKILL'); await new Promise((r) => setTimeout(r, 5000)); }",
      'Runtime.ExitError',
      'signal: killed',
    ],
  ])('%s', async (_title, code, errorType, message) => {
    const outcome = await outcomeOf(functions.handler(`export const handler = ${code};`));
    expect(outcome).toMatchObject({ kind: 'function-error', errorType });
    expect(outcome).not.toHaveProperty('duringInit');
    expect(outcome).toMatchObject({ errorMessage: expect.stringContaining(message) as string });
  });

  test.each([
    ['an exception', "throw new Error('far too late')"],
    ['a rejection', "Promise.reject(new Error('far too late'))"],
  ])('%s after the answer stands in the log, though it fails no invocation', async (_title, code) => {
    const target = functions.handler(`export const handler = async () => { setTimeout(() => { ${code}; }, 20); return 1; };`);
    expect(await answerOf(target)).toBe(1);
    await until('its process has ended', () => processesWith(functions.marker).length === 0);
    await until('its last words have come', () => functions.log.printed.some((line) => line.includes('far too late')));
    expect(functions.log.of('REPORT')).toHaveLength(1);
  });

  test('where the function failed stands in the log', async () => {
    await outcomeOf(
      functions.handler("export const handler = async () => { deepDown(); };\nfunction deepDown() { throw new Error('x'); }"),
    );
    const [failure] = functions.log.of('where the function failed');
    expect(failure).toMatchObject({ errorType: 'Error', functionName: 'orders' });
    expect(String((failure?.['stackTrace'] as string[])[1])).toContain('deepDown');
  });

  test.each([
    ['an import of what is not there', "import 'not-installed-anywhere';", 'Runtime.ImportModuleError', 'not-installed-anywhere'],
    ['a fault of syntax', 'export const handler = ;', 'Runtime.UserCodeSyntaxError', 'SyntaxError'],
    ['a module that throws', "throw new RangeError('no table');", 'RangeError', 'no table'],
    ['no such export', 'export const run = 1;', 'Runtime.HandlerNotFound', 'it exports run'],
    [
      'an export that is no function',
      'export const handler = { run() {} };',
      'Runtime.HandlerNotFound',
      'is no function, but a value of type object',
    ],
    ['an end while it is loaded', 'process.exit(9);', 'Runtime.ExitError', 'exit status 9'],
  ])('%s fails the invocation that waits for it', async (_title, source, errorType, message) => {
    const target = functions.handler(source);
    const outcome = await outcomeOf(target);
    expect(outcome).toMatchObject({ kind: 'function-error', errorType, duringInit: true });
    expect(outcome).toMatchObject({ errorMessage: expect.stringContaining(message) as string });
    expect(await outcomeOf(target)).toEqual({ ...outcome, errorMessage: expect.stringContaining(message) as string });
  });
});
