import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/daemon/config.ts';
import { readConfigFiles } from '../../../src/daemon/read-files.ts';
import { ConfigError } from '../../../src/index.ts';
import { problemsOf } from '../../support/problems-of.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-files-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const read = (text: string, environment: Record<string, string> = {}): unknown =>
  readConfigFiles([file('one.yaml', text)], environment).content;

describe('variables in a configuration', () => {
  it('are replaced in texts, wherever they stand', () => {
    expect(
      read('log: { level: "${LEVEL}" }\nmappings: [{ QueueUrl: "http://${HOST}:4566/${QUEUE:-orders}" }]', { LEVEL: 'debug', HOST: 'aws' }),
    ).toEqual({
      log: { level: 'debug' },
      mappings: [{ QueueUrl: 'http://aws:4566/orders' }],
    });
  });

  it('give numbers and flags where they stand alone, and texts everywhere else', () => {
    const environment = { SIZE: '100', ON: 'true', ID: '000000000000', NAME: '12ab' };
    expect(read('a: ${SIZE}\nb: ${ON}\nc: x${SIZE}\nd: "${SIZE:-1}"\ne: ${NAME}', environment)).toEqual({
      a: 100,
      b: true,
      c: 'x100',
      d: 100,
      e: '12ab',
    });
  });

  it('take a default for what is empty or not set, and leave $${ alone', () => {
    expect(read('a: ${A:-one}\nb: ${B:-}\nc: "$${NOT}"\nd: ${E}', { A: '', E: '' })).toEqual({ a: 'one', b: '', c: '${NOT}', d: '' });
  });

  it('are told when they are not set, by field and without a value', () => {
    const problems = problemsOf(() => read('mappings:\n  - BatchSize: ${SIZE}\n    FunctionName: ${1x}', { SECRET: 'hush' }));
    expect(problems).toEqual([
      {
        field: 'mappings[0].BatchSize',
        message: 'needs the environment variable SIZE, which is not set; set it, or write ${SIZE:-default}',
      },
      { field: 'mappings[0].FunctionName', message: expect.stringContaining('begins no variable') as string },
    ]);
  });

  it('never become structure, whatever they hold', () => {
    expect(read('a: ${EVIL}', { EVIL: '{ b: [1] }' })).toEqual({ a: '{ b: [1] }' });
    expect(read('a: ${EVIL}', { EVIL: 'x\nlisten: 0.0.0.0:1' })).toEqual({ a: 'x\nlisten: 0.0.0.0:1' });
  });
});

describe('several files', () => {
  const functions = 'functions: { bill: { Url: "http://127.0.0.1:1/" } }\nqueues: { orders: {} }';
  const mapping = (size: number): string =>
    `mappings:\n  - { EventSourceArn: "arn:aws:sqs:embedded:000000000000:orders", FunctionName: bill, Name: "m${String(size)}", BatchSize: ${String(size)} }`;

  it('are one configuration', () => {
    const all = readConfigFiles([file('a.yaml', functions), file('b.yaml', mapping(5)), file('c.yaml', mapping(6))], {});
    const config = resolveConfig(all, 0);
    expect(config.mappings.map(({ name }) => name)).toEqual(['m5', 'm6']);
    expect(all.folder).toBe(folder);
  });

  it('may not say a thing twice', () => {
    const paths = [file('a.yaml', `${functions}\nlisten: 127.0.0.1:1`), file('b.yaml', 'queues: { orders: {} }\nlisten: 127.0.0.1:2')];
    expect(problemsOf(() => readConfigFiles(paths, {}))).toEqual([
      { field: 'b.yaml: queues.orders', message: 'stands in a.yaml, too; give it in one file' },
      { field: 'b.yaml: listen', message: 'stands in a.yaml, too; give it in one file' },
    ]);
  });

  it('are named where something in them is wrong', () => {
    const all = readConfigFiles([file('a.yaml', functions), file('b.yaml', mapping(5)), file('c.yaml', mapping(0))], {});
    let error: unknown;
    try {
      resolveConfig(all, 0);
    } catch (thrown) {
      error = all.inFile(thrown);
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems.map(({ field }) => field)).toEqual(['c.yaml: mappings[0].BatchSize']);
  });

  it('are named where a name stands in two of them', () => {
    const all = readConfigFiles([file('a.yaml', functions), file('b.yaml', mapping(5)), file('c.yaml', mapping(5))], {});
    const [problem] = problemsOf(() => {
      try {
        resolveConfig(all, 0);
      } catch (thrown) {
        throw all.inFile(thrown);
      }
    });
    expect(problem?.field).toBe('c.yaml: mappings[0].Name');
    expect(problem?.message).toMatch(/^is named m5, as b\.yaml: mappings\[0\] is;/);
  });
});
