import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import type { Sabotage } from './sabotages.ts';

const root = resolve(import.meta.dirname, '../..');

const COMPILER_OPTIONS = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
};

/** A sabotage that takes more than one change; each `find` stands exactly once. */
export interface WideSabotage extends Sabotage {
  readonly also?: readonly Pick<Sabotage, 'file' | 'find' | 'replace'>[];
}

/** The compiled simulation, and copies of it with a fault built in. */
export class Workshop {
  readonly #folder: string;
  readonly #kind: 'queues' | 'streams' | 'topics';

  constructor(kind: 'queues' | 'streams' | 'topics') {
    this.#kind = kind;
    this.#folder = join(root, '.cache/run/sabotage', `${kind}-${String(process.pid)}`);
  }

  /** The simulation of the engine as it is. */
  get sound(): string {
    return join(this.#folder, 'sound');
  }

  open(): void {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'config/tools/compile.js'), 'test/simulation/run.ts', this.sound], {
      cwd: root,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Builds one fault into a copy of the compiled engine; the copy's folder. */
  build({ name, file, find, replace, also = [] }: WideSabotage): string {
    const changed = new Map<string, string>();
    for (const change of [{ file, find, replace }, ...also]) {
      const source = changed.get(change.file) ?? readFileSync(join(root, change.file), 'utf8');
      const found = source.split(change.find).length - 1;
      if (found !== 1) {
        throw new Error(
          `the sabotage "${name}" looks for a text that stands ${String(found)} times in ${change.file}, and must stand there once; adapt it:\n${change.find}`,
        );
      }
      changed.set(
        change.file,
        source.replace(change.find, () => change.replace),
      );
    }
    const copy = join(this.#folder, name.replaceAll(/\W+/g, '-'));
    mkdirSync(copy, { recursive: true });
    cpSync(this.sound, copy, { recursive: true });
    for (const [path, source] of changed) {
      const { outputText } = ts.transpileModule(source, { compilerOptions: COMPILER_OPTIONS });
      writeFileSync(join(copy, path.replace(/\.ts$/, '.js')), outputText);
    }
    return copy;
  }

  /** Runs the first seeds, to the first that fails; what was printed. */
  simulate(copy: string, seeds: number): string {
    const run = join(copy, 'test/simulation/run.js');
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [run, '--seeds', String(seeds), '--from', '1', '--first', '--kind', this.#kind],
      {
        cwd: root,
        encoding: 'utf8',
        timeout: 110_000,
      },
    );
    return stdout + stderr;
  }
}
