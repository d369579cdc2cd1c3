import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { resolveConfig } from '../../../src/daemon/config.ts';
import { processField } from '../../../src/daemon/plan-process.ts';
import { functionFolder } from '../../support/function-folder.ts';
import { problemsOf } from '../../support/problems-of.ts';

const folder = functionFolder({ 'lib/orders.mjs': 'export const handler = () => 1;' });
afterAll(() => {
  folder.remove();
});

function planned(fields: string): unknown {
  const content = parse(`functions: { f: { ${fields} } }`) as unknown;
  return resolveConfig({ folder: folder.path, content }, Date.now()).functions[0]?.target;
}

describe('a function in processes of its own', () => {
  test('of a handler: paths start from the folder of the file', () => {
    expect(planned('Handler: lib/orders.handler, Process: true')).toMatchObject({
      kind: 'process',
      options: { handler: `${join(folder.path, 'lib/orders.mjs')}#handler`, cwd: folder.path, env: {}, inheritEnv: [] },
    });
  });

  test('of a command, with every field', () => {
    const fields = `Command: [python3, -m, awslambdaric, app.handler], WorkingDirectory: lib, Environment: { Variables: { TABLE: orders } },
      InheritEnvironment: [AWS_PROFILE], MemorySize: 256, MaxProcesses: 3, IdleSeconds: 1.5, InitSeconds: 20, ReservedConcurrentExecutions: 9`;
    expect(planned(fields)).toEqual({
      kind: 'process',
      options: {
        command: ['python3', '-m', 'awslambdaric', 'app.handler'],
        cwd: join(folder.path, 'lib'),
        env: { TABLE: 'orders' },
        inheritEnv: ['AWS_PROFILE'],
        memorySize: 256,
        maxProcesses: 3,
        idleSeconds: 1.5,
        initSeconds: 20,
        watch: undefined,
      },
    });
  });

  test('has as many processes as it has reserved concurrency, unless told otherwise', () => {
    expect(planned('Command: [x], ReservedConcurrentExecutions: 4')).toMatchObject({ options: { maxProcesses: 4 } });
    expect(planned('Command: [x], ReservedConcurrentExecutions: 4000')).toMatchObject({ options: { maxProcesses: 1_000 } });
    expect(planned('Command: [x]')).toMatchObject({ options: { maxProcesses: undefined } });
  });

  test('Process: false is a function of this process', () => {
    expect(planned('Handler: ./lib/orders.mjs, Process: false')).toMatchObject({ kind: 'handler' });
  });
});

describe('what cannot be is told in the spelling of the file', () => {
  test.each([
    ['Handler: ./lib/orders.mjs, Command: [x]', 'functions.f', /has a Handler and a Command/],
    ["Url: 'http://127.0.0.1:1/', Command: [x]", 'functions.f', /has a Url and a Command/],
    ["Url: 'http://127.0.0.1:1/', Process: true", 'functions.f.Process', /behind a Url runs where it is/],
    ['Process: true', 'functions.f', /must have a Handler/],
    ['Handler: ./lib/none.mjs, Process: true', 'functions.f.Handler', /there is no file/],
    ['Handler: ./lib/orders.mjs, MemorySize: 256', 'functions.f.MemorySize', /add Process: true/],
    ["Url: 'http://127.0.0.1:1/', Environment: {}", 'functions.f.Environment', /take it out/],
    ['Command: python3', 'functions.f.Command', /must be a list/],
    ['Command: []', 'functions.f.Command', /must be a list/],
    ['Command: [x], Environment: { Variables: { N: 1 } }', 'functions.f.Environment.Variables.N', /put numbers .* in quotes/],
    ['Command: [x], IdleSeconds: -1', 'functions.f.IdleSeconds', /from 0\.1 to 86400/],
    ['Command: [x], MaxProcesses: 0', 'functions.f.MaxProcesses', /from 1 to 1000/],
    ['Command: [x], MemorySize: big', 'functions.f.MemorySize', /from 64 to 32768/],
  ])('%s', (fields, field, message) => {
    expect(problemsOf(() => planned(fields))).toContainEqual({ field, message: expect.stringMatching(message) as string });
  });

  test('options of the target are named as the file names them', () => {
    expect(['cwd', 'inheritEnv', 'env.A_B', 'command', 'maxProcesses'].map(processField)).toEqual([
      'WorkingDirectory',
      'InheritEnvironment',
      'Environment.Variables.A_B',
      'Command',
      'MaxProcesses',
    ]);
  });
});
