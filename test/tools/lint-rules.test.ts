import { resolve } from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const overrideConfigFile = resolve(root, 'config/tools/eslint.config.js');

/** Without types, so that a file that does not exist can be judged by the place where it would be. */
const byPlace = new ESLint({
  cwd: root,
  overrideConfigFile,
  overrideConfig: [tseslint.configs.disableTypeChecked, { languageOptions: { parserOptions: { project: null } } }],
});
/** Under CI the parser would take the file as it is on disk for the text it is given. */
const byType = new ESLint({
  cwd: root,
  overrideConfigFile,
  overrideConfig: { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } },
});

async function rulesBroken(eslint: ESLint, filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath });
  return result?.messages.map(({ ruleId, message }) => ruleId ?? message) ?? [];
}

const engine = 'src/kit/heap.ts';

const aroundThePorts: readonly (readonly [code: string, rule: string])[] = [
  ['setTimeout(() => undefined, 1);', 'no-restricted-globals'],
  ['setInterval(() => undefined, 1);', 'no-restricted-globals'],
  ['setImmediate(() => undefined);', 'no-restricted-globals'],
  ['console.log(1);', 'no-restricted-globals'],
  ['export const at = performance.now();', 'no-restricted-globals'],
  ['export const at = Date.now();', 'no-restricted-properties'],
  ['export const half = Math.random();', 'no-restricted-properties'],
  ['export const id = crypto.randomUUID();', 'no-restricted-properties'],
  ['export const late = AbortSignal.timeout(5);', 'no-restricted-properties'],
  ['globalThis.setTimeout(() => undefined, 1);', 'no-restricted-properties'],
  ['export const at = new Date();', 'no-restricted-syntax'],
  ['export const at = Date();', 'no-restricted-syntax'],
  ["export { setTimeout as wait } from 'node:timers/promises';", 'no-restricted-imports'],
  ["export { performance as stopwatch } from 'node:perf_hooks';", 'no-restricted-imports'],
  ["export { randomUUID } from 'node:crypto';", 'no-restricted-imports'],
];

const ofTypes: readonly (readonly [code: string, rule: string])[] = [
  ['export function f(): void {\n  Promise.resolve(1);\n}', '@typescript-eslint/no-floating-promises'],
  ['export function f(p: Promise<boolean>): number {\n  return p ? 1 : 2;\n}', '@typescript-eslint/no-misused-promises'],
  [
    "export function f(k: 'a' | 'b'): number {\n  switch (k) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}",
    '@typescript-eslint/switch-exhaustiveness-check',
  ],
  [
    'export async function f(p: Promise<number>): Promise<number> {\n  try {\n    return p;\n  } finally {\n    await p;\n  }\n}',
    '@typescript-eslint/return-await',
  ],
  ["export function f(): never {\n  throw 'text';\n}", '@typescript-eslint/only-throw-error'],
  ['export function f() {\n  return 1;\n}', '@typescript-eslint/explicit-module-boundary-types'],
  ["import { Heap } from './index.ts';\nexport type Numbers = Heap<number>;", '@typescript-eslint/consistent-type-imports'],
];

describe('the lint rules', () => {
  it.for(aroundThePorts)('keep the engine to its ports: %s', async ([code, rule]) => {
    expect(await rulesBroken(byPlace, 'src/lanes/batcher.ts', code)).toContain(rule);
    expect(await rulesBroken(byPlace, 'src/daemon/run.ts', code)).toContain(rule);
    expect(await rulesBroken(byPlace, 'src/system.ts', code)).toEqual([]);
    expect(await rulesBroken(byPlace, 'adapters/target/http/client.ts', code)).toEqual([]);
  });

  it.for(['process.exitCode = 1;', 'globalThis.process.exitCode = 1;', "export { exit } from 'node:process';"])(
    'leave the process to the daemon: %s',
    async (code) => {
      expect(await rulesBroken(byPlace, 'src/engine/engine.ts', code)).toHaveLength(1);
      expect(await rulesBroken(byPlace, 'src/daemon/run.ts', code)).toEqual([]);
    },
  );

  it('allow a Date of a given instant', async () => {
    expect(await rulesBroken(byPlace, engine, 'export const start = new Date(0);')).toEqual([]);
  });

  it.for(ofTypes)('find by types: %s', async ([code, rule]) => {
    expect(await rulesBroken(byType, engine, code)).toContain(rule);
  });

  it('hold functions to 70 lines and files to 400, not counting blank lines and comments', async () => {
    const body = (lines: number): string => `export function f(): void {\n${'  f();\n\n  // why\n'.repeat(lines)}}`;
    expect(await rulesBroken(byPlace, engine, body(68))).toEqual([]);
    expect(await rulesBroken(byPlace, engine, body(69))).toEqual(['max-lines-per-function']);
    const file = (lines: number): string => 'void 0;\n\n// why\n'.repeat(lines);
    expect(await rulesBroken(byPlace, engine, file(400))).toEqual([]);
    expect(await rulesBroken(byPlace, engine, file(401))).toEqual(['max-lines']);
  });

  it('let a test file be one long list of cases, and hold its helpers to the same size', async () => {
    const long = `export function f(): void {\n${'  f();\n'.repeat(90)}}`;
    expect(await rulesBroken(byPlace, 'test/unit/kit/heap.test.ts', long)).toEqual([]);
    expect(await rulesBroken(byPlace, 'test/support/fixture.ts', long)).toEqual(['max-lines-per-function']);
  });
});
