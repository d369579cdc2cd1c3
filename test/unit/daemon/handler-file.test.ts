import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findHandler, loadHandler } from '../../../src/daemon/handler-file.ts';

let folder = '';
const FILES: Readonly<Record<string, string>> = {
  'good.mjs': 'export const handler = () => 1; export const other = () => 2; export const number = 3;',
  'common.cjs': 'module.exports = { handler: () => 4 }; Object.assign(module.exports, { hidden: () => 5 });',
  'broken.mjs': 'export const handler = (;\n',
  'throwing.mjs': "throw new RangeError('no database');",
  'empty.mjs': 'export {};',
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-handlers-'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function load(handler: string): Promise<(...args: unknown[]) => unknown> {
  return loadHandler(findHandler(handler, folder, 'field'), 'field');
}

test.each([
  ['./good.mjs', 1],
  ['good.handler', 1],
  ['./good.mjs#other', 2],
  ['good.other', 2],
  ['./common.cjs', 4],
  ['./common.cjs#hidden', 5],
])('%s is the function it names', async (handler, expected) => {
  expect((await load(handler))()).toBe(expected);
});

test.each([
  ['./good.mjs#none', /^field: .*good\.mjs has no export none; it exports [^;]*handler[^;]*; name one behind a #/],
  ['./good.mjs#number', /^field: the export number of .*good\.mjs is no function, but a value of type number$/],
  ['./empty.mjs', /^field: .*empty\.mjs has no export handler; it exports nothing/],
  ['./broken.mjs', /^field: .*broken\.mjs cannot be loaded: /],
  ['./throwing.mjs', /^field: .*throwing\.mjs cannot be loaded: RangeError: no database$/],
])('%s is refused with what is wrong', async (handler, expected) => {
  await expect(load(handler)).rejects.toThrow(expected);
});
