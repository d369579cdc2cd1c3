/** Compiles kill-worker.ts on top of the build, and starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import type { KillWorkerOrders } from './kill-worker.ts';

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'dist');

/** A worker that was started. */
export class KillWorker {
  readonly #child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** What it said. */
  output = '';

  constructor(main: string, orders: KillWorkerOrders) {
    this.#child = spawn(process.execPath, [main, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    // Not `exit`: what it wrote last may still be on its way.
    this.ended = once(this.#child, 'close').then(() => ({ code: this.#child.exitCode, signal: this.#child.signalCode }));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

/** Starts workers; made by {@link compileKillWorker}. */
export class KillWorkers {
  readonly #folder: string;
  readonly #main: string;
  readonly #workers: KillWorker[] = [];
  #stores = 0;

  constructor(folder: string, main: string) {
    this.#folder = folder;
    this.#main = main;
  }

  start(orders: KillWorkerOrders): KillWorker {
    const worker = new KillWorker(this.#main, orders);
    this.#workers.push(worker);
    return worker;
  }

  /** A path for a new store. */
  store(): string {
    this.#stores += 1;
    return join(this.#folder, `state-${String(this.#stores)}.db`);
  }

  /** Ends every worker that still runs. */
  async clear(): Promise<void> {
    const workers = this.#workers.splice(0);
    for (const worker of workers) if (!worker.hasEnded) worker.signal('SIGKILL');
    await Promise.all(workers.map(({ ended }) => ended));
  }

  async remove(): Promise<void> {
    await this.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The worker runs on the build, as its users do. It lies inside the tree, because it must find the build's packages. */
export async function compileKillWorker(): Promise<KillWorkers> {
  if (!existsSync(join(dist, 'adapters/index.js'))) throw new Error('the library is not built; run npm run build first');
  await mkdir(join(root, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(root, '.cache/kill-worker-'));
  await symlink(join(dist, 'adapters'), join(folder, 'adapters'));
  const { outputText } = ts.transpileModule(await readFile(join(import.meta.dirname, 'kill-worker.ts'), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  const place = join(folder, 'test/support');
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'kill-worker.js'), outputText);
  return new KillWorkers(folder, join(place, 'kill-worker.js'));
}
