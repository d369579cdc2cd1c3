import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { catalog } from '../../../adapters/catalog.ts';
import { assemble } from '../../../src/daemon/assemble.ts';
import { type DaemonConfig, resolveConfig } from '../../../src/daemon/config.ts';
import { Narrator } from '../../../src/daemon/narrator.ts';
import { silentLogger } from '../../../src/index.ts';
import { LambdaStub } from '../../support/lambda-stub.ts';
import { problemLines } from '../../support/problems-of.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-functions-'));
  const handler = 'export const handler = (event, { functionVersion, invokedFunctionArn }) => {';
  const body =
    'for (const { body } of event.Records) (globalThis.seen ??= []).push([body, functionVersion, invokedFunctionArn].join(" "));';
  writeFileSync(join(folder, 'one.mjs'), `${handler} ${body} };\n`);
  writeFileSync(join(folder, 'two.mjs'), `${handler} ${body.replace('[body,', '["two", body,')} };\n`);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const FUNCTIONS = `
functions:
  orders:
    Handler: ./one.mjs#handler
    ReservedConcurrentExecutions: 5
    Description: what comes in
    Versions: { '1': {}, '2': { Handler: ./two.mjs#handler, Timeout: 7 } }
    Aliases:
      live: { FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 1 } } }
      calm: { FunctionVersion: '1', Description: nothing new }
`;

function resolved(functionName: string, more = '', functions = FUNCTIONS): DaemonConfig {
  const mapping = `{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:q', FunctionName: '${functionName}' }`;
  const content = parse(`${functions}\nqueues: { q: {} }\nstore: { type: memory }\nmappings: [${mapping}]\n${more}`) as unknown;
  return resolveConfig({ folder, content }, 0);
}

describe('a FunctionName of the file', () => {
  test.each([
    ['orders', 'q/orders'],
    ['orders:$LATEST', 'q/orders:$LATEST'],
    ['orders:2', 'q/orders:2'],
    ['orders:live', 'q/orders:live'],
    ['000000000000:function:orders', 'q/orders'],
    ['arn:aws:lambda:us-east-1:000000000000:function:orders:live', 'q/orders:live'],
  ])('%s is one of the file, and gives the mapping the name %s', (functionName, name) => {
    const [mapping] = resolved(functionName).mappings;
    expect(mapping).toMatchObject({ functionName, name, isElsewhere: false });
  });

  test.each([
    ['order', '', 'Function does not exist: there is no function order in this file; did you mean orders?'],
    [
      'order',
      'aws: { endpoint: http://127.0.0.1:4566 }',
      'Function does not exist: there is no function order in this file; did you mean orders?',
    ],
    ['zebra', '', 'Function does not exist: there is no function zebra in this file; its functions are orders'],
    ['orders:blue', '', 'Function does not exist: orders has no version or alias blue; it has live, calm, $LATEST, 1, 2'],
    ['orders:blue', 'lambda: {}', 'Function does not exist: orders has no version or alias blue; it has live, calm, $LATEST, 1, 2'],
    [
      'arn:aws:lambda:eu-west-1:000000000000:function:orders',
      '',
      'Function does not exist: the functions of this file are named arn:aws:lambda:us-east-1:000000000000:function:NAME; add a section lambda for those of Lambda',
    ],
    ['or ders', 'lambda: {}', 'is no name or ARN of a function; write NAME,'],
  ])('%s is refused (%s)', (functionName, more, message) => {
    expect(problemLines(() => resolved(functionName, more))).toEqual([expect.stringContaining(`mappings[0].FunctionName: ${message}`)]);
  });

  test.each([
    ['zebra', 'lambda: {}'],
    ['order', 'lambda: {}'],
    ['zebra', 'aws: { endpoint: http://127.0.0.1:4566 }'],
    ['zebra:live', 'aws: { endpoints: { lambda: http://127.0.0.1:4566 } }'],
    ['arn:aws:lambda:eu-west-1:000000000000:function:orders', 'lambda: {}'],
    ['123456789012:function:orders', 'aws: { endpoint: http://127.0.0.1:4566 }'],
    ['arn:aws:lambda:us-east-1:000000000000:function:orders', 'aws: { region: eu-west-1, endpoint: http://127.0.0.1:4566 }'],
  ])("%s is Lambda's with %s", (functionName, more) => {
    expect(resolved(functionName, more).mappings[0]).toMatchObject({ functionName, isElsewhere: true });
  });

  test.each([
    ['Versions: { one: {} }', 'functions.f.Versions.one: must be named by a number from 1'],
    ["Versions: { '1': { Timeout: -1 } }", 'functions.f.Versions.1.Timeout: must be a number of seconds up to 900'],
    ["Versions: { '1': { Handler: ./none.mjs } }", 'functions.f.Versions.1.Handler: there is no file'],
    ["Versions: { '1': { Environment: {} } }", 'functions.f.Versions.1.Environment: is for functions that run in processes'],
    ["Aliases: { '7': { FunctionVersion: $LATEST } }", 'functions.f.Aliases.7: must be named by 1 to 128 letters'],
    ["Aliases: { live: { FunctionVersion: '3' } }", 'functions.f.Aliases.live.FunctionVersion: there is no version 3; there are $LATEST'],
    ["Aliases: { live: { functionVersion: '3' } }", 'functions.f.Aliases.live.functionVersion: is not a field that is known here'],
    ['Lambda: orders', 'functions.f: has a Handler and a Lambda; a function is one or the other'],
  ])('%s is refused before anything is loaded', (fields, message) => {
    const functions = `functions: { f: { Handler: ./one.mjs#handler, ${fields} } }`;
    expect(problemLines(() => resolved('f', '', functions))).toContainEqual(expect.stringContaining(message));
  });
});

describe('a daemon', () => {
  /** Runs one message through each of these functions; gives what functions of this process saw. */
  async function run(functionNames: readonly string[], more: string, functions = FUNCTIONS): Promise<unknown> {
    const seen: unknown[] = [];
    vi.stubGlobal('seen', seen);
    const names = functionNames.map((functionName, index) => ({ functionName, queue: `q${String(index)}` }));
    const mappings = names.map(
      ({ functionName, queue }) => `{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:${queue}', FunctionName: '${functionName}' }`,
    );
    const queues = names.map(({ queue }) => `${queue}: {}`).join(', ');
    const text = `${functions}\nqueues: { ${queues} }\nstore: { type: memory }\nmappings: [${mappings.join(', ')}]\n${more}`;
    const config = resolveConfig({ folder, content: parse(text) as unknown }, 0);
    const assembly = await assemble({
      catalog: { ...catalog, version: 'test' },
      config,
      logger: silentLogger,
      meter: await catalog.meter(),
      narrator: new Narrator(silentLogger, false),
    });
    for (const { functionName, queue } of names) assembly.embedded.queues.get(queue)?.send({ body: functionName });
    await assembly.engine.start();
    await assembly.engine.idle({ timeoutMs: 20_000 });
    await assembly.engine.stop({ timeoutMs: 0 });
    await assembly.close();
    vi.unstubAllGlobals();
    return seen.sort();
  }

  test('invokes versions and aliases of a function', async () => {
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:orders';
    expect(await run(['orders', 'orders:1', 'orders:2', 'orders:live', 'orders:calm'], '')).toEqual(
      [
        `orders $LATEST ${arn}`,
        `orders:1 1 ${arn}:1`,
        `two orders:2 2 ${arn}:2`,
        `two orders:live 2 ${arn}:live`,
        `orders:calm 1 ${arn}:calm`,
      ].sort(),
    );
  });

  test('sends what is not in the file to Lambda, and what says Lambda', async () => {
    const stub = await LambdaStub.start(() => ({ kind: 'payload', text: '{}' }));
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const functions = `${FUNCTIONS}  remote: { Lambda: 'billing:live', Timeout: 60 }\n`;
    const more = `aws: { endpoint: http://127.0.0.1:9 }\nlambda: { endpoint: ${stub.endpoint}, region: eu-west-1 }`;
    const here = await run(['orders', 'remote', 'zebra:blue', 'arn:aws:lambda:eu-central-1:123456789012:function:zebra'], more, functions);
    expect(here).toHaveLength(1);
    const asked = stub.requests.map(({ functionName, logType, authorization = '' }) => [
      functionName,
      logType,
      authorization.split('/')[2],
    ]);
    expect(asked.sort()).toEqual([
      ['arn:aws:lambda:eu-central-1:123456789012:function:zebra', undefined, 'eu-central-1'],
      ['billing:live', undefined, 'eu-west-1'],
      ['zebra:blue', undefined, 'eu-west-1'],
    ]);
    await stub.close();
  });

  test.each([
    [
      'remote',
      "  remote: { Lambda: 'bill ing' }",
      'lambda: { region: eu-west-1 }',
      'functions.remote.Lambda: is no name or ARN of a function',
    ],
    ['zebra', '', 'lambda: { endpoint: localhost, region: eu-west-1 }', 'lambda.endpoint: must '],
    ['zebra', '', 'aws: { endpoint: localhost, region: eu-west-1 }', 'aws.endpoint: must '],
    ['zebra', '', 'aws: { endpoints: { lambda: localhost }, region: eu-west-1 }', 'aws.endpoints.lambda: must '],
  ])('tells what is wrong with %s where the file says it (%s %s)', async (functionName, more, place, message) => {
    await expect(run([functionName], place, `${FUNCTIONS}${more}\n`)).rejects.toThrow(message);
  });
});
