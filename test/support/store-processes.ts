import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');

/** A store-worker.ts that runs. */
export interface StoreProcess {
  /** The next line it says; rejects when it ends instead. */
  next(): Promise<unknown>;
  /** Ends it without warning, if it still runs; resolves with the lines that nobody had asked for yet. */
  kill(): Promise<readonly unknown[]>;
  /** Resolves when it has ended by itself; rejects, with what it said on standard error, when it failed. */
  ended(): Promise<void>;
}

/** Starts store workers; made by {@link compileStoreWorker}. */
export interface StoreWorkers {
  start(command: string, path: string, owner: string, argument?: string): StoreProcess;
  remove(): Promise<void>;
}

/**
 * Compiles the worker and the store once, so that a child starts in a tenth of the time and without a build. The place is
 * inside the tree, because the child must find the driver.
 */
export async function compileStoreWorker(): Promise<StoreWorkers> {
  await mkdir(join(root, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(root, '.cache/store-worker-'));
  const store = 'adapters/store/sqlite';
  const files = (await readdir(join(root, store))).filter((name) => name.endsWith('.ts')).map((name) => join(store, name));
  const worker = 'test/support/store-worker.ts';
  for (const file of [...files, worker]) await compile(file, folder);
  const main = join(folder, worker.replace('.ts', '.js'));
  return {
    start: (command, path, owner, argument = '') => start(command, [main, command, path, owner, argument]),
    remove: () => rm(folder, { recursive: true }),
  };
}

async function compile(file: string, folder: string): Promise<void> {
  const { outputText } = ts.transpileModule(await readFile(join(root, file), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  const target = join(folder, file.replace('.ts', '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, outputText);
}

function start(command: string, args: readonly string[]): StoreProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const closed = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const failed = (): Error => new Error(`the ${command} process ended (${String(child.exitCode ?? child.signalCode)}): ${complaint}`);
  return {
    async next() {
      const line = await lines.next();
      if (line.done === true) throw failed();
      return JSON.parse(line.value) as unknown;
    },
    async kill() {
      child.kill('SIGKILL');
      const rest: unknown[] = [];
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) rest.push(JSON.parse(line.value));
      await closed;
      return rest;
    },
    async ended() {
      await closed;
      if (child.exitCode !== 0) throw failed();
    },
  };
}
