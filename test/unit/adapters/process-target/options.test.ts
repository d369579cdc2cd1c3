import { afterAll, describe, expect, test } from 'vitest';
import { type ProcessTargetOptions, processTarget } from '../../../../adapters/target/process/index.ts';
import type { ConfigProblem } from '../../../../src/index.ts';
import { functionFolder } from '../../../support/function-folder.ts';
import { problemsOf } from '../../../support/problems-of.ts';

const folder = functionFolder({
  'orders.mjs': 'export const handler = () => 1;',
  'nothing.cjs': 'module.exports = {};',
  'plain.txt': 'not executable',
  bootstrap: '#!/bin/sh\n',
});
afterAll(() => {
  folder.remove();
});

/** What is wrong with options, whatever their types say. */
function problems(options: Readonly<Record<string, unknown>>): readonly ConfigProblem[] {
  return problemsOf(() => processTarget({ cwd: folder.path, ...options } as ProcessTargetOptions));
}

describe('what can be told without a start is told at once', () => {
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ['neither', {}, 'processTarget', /must have a handler, such as/],
    ['both', { handler: './orders.mjs', command: ['node'] }, 'processTarget', /take one out/],
    ['a missing file', { handler: './missing.mjs#handler' }, 'handler', /there is no file .*missing\.mjs/],
    [
      'a missing file as on Lambda',
      { handler: 'missing.handler' },
      'handler',
      /there is no file .*missing with the ending \.mjs, \.js, \.cjs/,
    ],
    ['no export behind #', { handler: './orders.mjs#' }, 'handler', /names no export/],
    ['no dot', { handler: 'orders' }, 'handler', /must be a file and its export/],
    ['no text', { handler: 7 }, 'handler', /but is the number 7/],
    ['a command that is not found', { command: ['no-such-program-anywhere'] }, 'command', /was not found in the folders of PATH/],
    ['a command that is no file', { command: ['./missing'] }, 'command', /there is no file/],
    ['a command below a file', { command: ['./plain.txt/x'] }, 'command', /there is no file/],
    ['a command that is not executable', { command: ['./plain.txt'] }, 'command', /not executable/],
    ['a command in one text', { command: 'python3 app.py' }, 'command', /must be a list/],
    ['an empty command', { command: [] }, 'command', /must be a list/],
    ['a command of other things', { command: ['node', 1] }, 'command', /must be a list/],
    ['a zero byte', { command: ['node', 'a\0b'] }, 'command', /zero byte/],
    ['a folder that is not there', { command: ['node'], cwd: '/no/such/folder' }, 'cwd', /there is no folder/],
    ['an unknown option', { handler: './orders.mjs', maxProceses: 2 }, 'maxProceses', /did you mean maxProcesses\?/],
    ['watch for a command', { command: ['node'], watch: true }, 'watch', /needs a handler/],
    ['nodeArgs for a command', { command: ['node'], nodeArgs: ['-v'] }, 'nodeArgs', /write them into the command/],
    ['a variable that is no text', { handler: './orders.mjs', env: { N: 1 } }, 'env.N', /must be a text/],
    [
      'a reserved variable',
      { handler: './orders.mjs', env: { AWS_LAMBDA_RUNTIME_API: 'x' } },
      'env.AWS_LAMBDA_RUNTIME_API',
      /set by the target/,
    ],
    ['an odd name', { handler: './orders.mjs', env: { 'a b': 'x' } }, 'env.a b', /no name of a variable/],
    ['a zero byte in a variable', { handler: './orders.mjs', env: { A: '\0' } }, 'env.A', /zero byte/],
    ['a list for env', { handler: './orders.mjs', env: ['A'] }, 'env', /must be an object/],
    ['a reserved name to inherit', { handler: './orders.mjs', inheritEnv: ['_HANDLER'] }, 'inheritEnv', /set by the target/],
    ['a logger that logs nothing', { handler: './orders.mjs', logger: {} }, 'logger', /pino/],
    ['watch that is no flag', { handler: './orders.mjs', watch: 'yes' }, 'watch', /true or false/],
  ])('%s', (_title, options, field, message) => {
    expect(problems(options)).toEqual([{ field, message: expect.stringMatching(message) as string }]);
  });

  test.each(['maxProcesses', 'idleSeconds', 'initSeconds', 'killGraceMs', 'memorySize', 'maxResponseBytes'])(
    '%s outside of its range names the range',
    (field) => {
      for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
        expect(problems({ handler: './orders.mjs', [field]: value })).toEqual([
          { field, message: expect.stringMatching(/^must be .* from .* to /) as string },
        ]);
      }
    },
  );

  test('everything at once', () => {
    expect(problems({ handler: './missing.mjs', idleSeconds: -1, env: 1 }).map(({ field }) => field)).toEqual([
      'env',
      'handler',
      'idleSeconds',
    ]);
  });

  test('no options at all', () => {
    expect(problemsOf(() => processTarget(undefined as never)).map(({ field }) => field)).toEqual(['processTarget']);
  });
});

test.each([
  { handler: './orders.mjs' },
  { handler: './orders.mjs#handler' },
  { handler: 'orders.handler' },
  { handler: 'nothing.handler' },
  { command: ['./bootstrap'] as const },
  { command: ['node', '--version'] as const },
])('%o is taken, and nothing is started', async (options) => {
  const target = processTarget({ cwd: folder.path, ...options });
  await expect(target.close()).resolves.toBeUndefined();
});
