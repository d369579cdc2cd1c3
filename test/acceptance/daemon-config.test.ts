import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DaemonTests } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const ENDLESS = 'export async function handler() {}\n';

describe('a configuration that is wrong starts nothing, ends with 2 and says what to mend', () => {
  test.each<[string, string, Record<string, string>, readonly RegExp[]]>([
    ['an empty file', '', {}, [/options: must be an object with functions, queues, streams, topics and mappings, but is null/]],
    ['no YAML', 'listen: [', {}, [/millrace\.yaml:\d+:\d+: /]],
    [
      'two slips in two parts',
      'lisen: 127.0.0.1:1\nfunctions: { f: { Handler: ./none.mjs } }\n',
      {},
      [/lisen: is not a field that is known here; did you mean listen\?/, /functions\.f\.Handler: there is no file .*none\.mjs/],
    ],
    [
      'a syntax error in a function',
      'functions: { f: { Handler: ./f.mjs } }',
      { 'f.mjs': 'export const handler = (;' },
      [/functions\.f\.Handler: .*f\.mjs cannot be loaded: SyntaxError: .* \(line 1\)/],
    ],
    [
      'an export that is not there',
      'functions: { f: { Handler: ./f.mjs#main } }',
      { 'f.mjs': ENDLESS },
      [/functions\.f\.Handler: .*has no export main; it exports handler/],
    ],
    [
      'an export that is no function',
      'functions: { f: { Handler: ./f.mjs } }',
      { 'f.mjs': 'export const handler = 1;' },
      [/the export handler of .* is no function, but a value of type number/],
    ],
    [
      'a callback',
      'functions: { f: { Handler: ./f.mjs } }',
      { 'f.mjs': 'export const handler = (a, b, c) => c();' },
      [/functions\.f\.Handler: takes a callback as third parameter/],
    ],
    ['a URL with a password', "functions: { f: { Url: 'http://me:hush@x/' } }", {}, [/functions\.f\.Url: holds a user or password/]],
    [
      'an ARN of SQS that is none',
      "functions: { f: { Url: 'http://x/' } }\nmappings: [{ EventSourceArn: 'arn:aws:sqs:eu-west-1:1:orders', FunctionName: f }]",
      {},
      [/mappings\[0\]\.EventSourceArn: .*is no ARN of the form arn:aws:sqs:REGION:ACCOUNT:NAME/],
    ],
    [
      'a store that is a folder',
      'store: { type: sqlite, path: . }',
      {},
      [/store: cannot be used: State file .*: this is a folder; name a file in it/],
    ],
    [
      'a store that is something else',
      'store: { type: sqlite, path: notes.txt }',
      { 'notes.txt': 'what is to be remembered of the winter of the mill\n'.repeat(20) },
      [/store: cannot be used: State file .*notes\.txt: this is not an SQLite database; choose another path/],
    ],
    [
      'an endpoint that is none',
      "aws: { endpoint: here }\nfunctions: { f: { Url: 'http://x/' } }\nmappings: [{ EventSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:orders', FunctionName: f }]",
      {},
      [/aws\.endpoint: must be a URL such as/],
    ],
  ])('%s', async (_title, config, files, expected) => {
    const daemon = tests.run(config, files);
    expect(await daemon.ended).toEqual({ code: 2, signal: null });
    expect(daemon.stderr).toMatch(/^millrace: nothing was started, .*millrace\.yaml has to be mended first:\n/);
    for (const message of expected) expect(daemon.stderr).toMatch(message);
    expect(daemon.stderr).not.toMatch(/hush|\n\s+at /);
    expect(daemon.stdout).toBe('');
  });
});

test.each<[string, readonly string[], RegExp]>([
  ['nothing', [], /Usage: millrace/],
  ['an unknown command', ['strat'], /unknown command 'strat'/],
  ['no configuration', ['start'], /--config is missing; name the configuration/],
  ['an unknown option', ['start', '--confg', 'x'], /unknown option '--confg'[\s\S]*Did you mean --config\?/],
  ['a missing file', ['start', '--config', 'none.yaml'], /none\.yaml: there is no such file; give its path behind --config/],
  [
    'an address of the network',
    ['start', '--config', 'config/examples/first-run.yaml', '--listen', '0.0.0.0:1'],
    /--listen: is "0\.0\.0\.0:1", where others than this machine may call/,
  ],
  [
    'a level that is none',
    ['start', '--config', 'config/examples/first-run.yaml', '--log-level', 'loud'],
    /--log-level: must be one of debug/,
  ],
])('arguments with %s end with 2', async (_title, args, expected) => {
  const daemon = tests.start({ args });
  expect((await daemon.ended).code).toBe(2);
  expect(daemon.stderr).toMatch(expected);
  expect(daemon.stdout).toBe('');
});

test.each([
  [['--help'], /Usage: millrace[\s\S]*Exit codes: 0/],
  [['start', '--help'], /--config <file>[\s\S]*Exit codes: 0/],
  [['--version'], /^\d+\.\d+\.\d+\n$/],
])('%s is answered with 0', async (args, expected) => {
  const daemon = tests.start({ args });
  expect((await daemon.ended).code).toBe(0);
  expect(daemon.stdout).toMatch(expected);
});

test('a port that is taken ends with 1 and the fix', async () => {
  const server = createServer();
  const port = await new Promise<number>((listening) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      listening(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const folder = tests.folder({ 'f.mjs': ENDLESS, 'millrace.yaml': 'store: { type: memory }\nfunctions: { f: { Handler: ./f.mjs } }\n' });
  const daemon = tests.start({ args: ['start', '--config', join(folder, 'millrace.yaml'), '--listen', `127.0.0.1:${String(port)}`] });
  expect((await daemon.ended).code).toBe(1);
  expect(daemon.stderr).toMatch(/nothing was started: another process listens on 127\.0\.0\.1:\d+ already; .*--listen HOST:PORT/);
  await new Promise((closed) => server.close(closed));
});

const examples = resolve(import.meta.dirname, '../../config/examples');

test.each(readdirSync(examples).filter((name) => name.endsWith('.yaml')))('the example %s starts and stops', async (name) => {
  const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const daemon = tests.start({ args: ['start', '--config', join(examples, name), '--listen', '127.0.0.1:0'], env });
  const url = await daemon.url();
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'alive' });
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});
