import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SABOTAGES, type Sabotage } from './sabotages.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, '.cache/run/sabotage', String(process.pid));
const sound = join(folder, 'sound');
const SEEDS = 200;

beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'config/tools/compile.js'), 'test/simulation/run.ts', sound], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Builds one fault into a copy of the compiled engine; the copy's folder. */
function build({ name, file, find, replace }: Sabotage): string {
  const source = readFileSync(join(root, file), 'utf8');
  const found = source.split(find).length - 1;
  if (found !== 1) {
    throw new Error(
      `the sabotage "${name}" looks for a text that stands ${String(found)} times in ${file}, and must stand there once; adapt it:\n${find}`,
    );
  }
  const copy = join(folder, name.replaceAll(/\W+/g, '-'));
  mkdirSync(copy, { recursive: true });
  cpSync(sound, copy, { recursive: true });
  const { outputText } = ts.transpileModule(
    source.replace(find, () => replace),
    {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    },
  );
  writeFileSync(join(copy, file.replace(/\.ts$/, '.js')), outputText);
  return copy;
}

function simulate(copy: string, seeds: number): string {
  const run = join(copy, 'test/simulation/run.js');
  const { stdout, stderr } = spawnSync(process.execPath, [run, '--seeds', String(seeds), '--from', '1', '--first'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 110_000,
  });
  return stdout + stderr;
}

describe('the judge', () => {
  it.for(SABOTAGES)('finds: $name', (sabotage) => {
    const text = simulate(build(sabotage), SEEDS);
    const rule = /^seed \d+ breaks (\w+)/m.exec(text)?.[1];
    expect(sabotage.rules, text).toContain(rule);
  });

  it('finds nothing in the engine as it is', () => {
    expect(simulate(sound, 40)).toContain('40 passed, 0 failed');
  });
});
