/** The built daemon as a process of its own: start it, read what it says, send it signals, see it end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '../..');
/** Another build may be tried while the usual one is in use. */
const bin = resolve(root, process.env['MILLRACE_BIN'] ?? 'dist/adapters/bin.js');

/** How long anything may take, ms. */
const PATIENCE_MS = 60_000;

/** How a process came to its end. */
export interface DaemonEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a test starts a daemon with. */
export interface DaemonStart {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

/** One daemon of a test. */
export class DaemonProcess {
  readonly ended: Promise<DaemonEnd>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  #hasEnded = false;

  constructor({ args, env = {}, nodeArgs = [] }: DaemonStart) {
    if (!existsSync(bin)) throw new Error('the daemon is not built; run npm run build first');
    // Not the credentials and regions of whoever runs the tests.
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') || name.startsWith('AWS_SDK_JS_'));
    this.#child = spawn(process.execPath, [...nodeArgs, bin, ...args], {
      cwd: root,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.#child.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.ended = new Promise((settle) => {
      // Not `exit`: what it wrote last may still be on its way.
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        settle({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits until `pattern` stands in the output and gives its match. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const found = await eventually(`${String(pattern)} in the output`, () => {
      const match = pattern.exec(this.stdout);
      if (match === null && this.#hasEnded) throw new Error(`the daemon ended without ${String(pattern)}:\n${this.stdout}${this.stderr}`);
      return match ?? undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.stdout}${this.stderr}`);
    });
    return found;
  }

  /** The base URL, once it listens. */
  async url(): Promise<string> {
    const [, url = ''] = await this.says(/(http:\/\/127\.0\.0\.1:\d+)/);
    return url;
  }
}

/** Daemons and folders of one test file; cleared after each test. */
export class DaemonTests {
  readonly #daemons: DaemonProcess[] = [];
  readonly #folders: string[] = [];

  start(options: DaemonStart): DaemonProcess {
    const daemon = new DaemonProcess(options);
    this.#daemons.push(daemon);
    return daemon;
  }

  /** A folder with these files; gives its path. */
  folder(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-daemon-'));
    this.#folders.push(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  }

  /** Starts a daemon on a free port, with this configuration and these files beside it. */
  run(config: string, files: Readonly<Record<string, string>>, options: Omit<DaemonStart, 'args'> = {}): DaemonProcess {
    const folder = this.folder({ ...files, 'millrace.yaml': config });
    return this.start({ ...options, args: ['start', '--config', join(folder, 'millrace.yaml'), '--listen', '127.0.0.1:0'] });
  }

  async clear(): Promise<void> {
    for (const daemon of this.#daemons) if (!daemon.hasEnded) daemon.signal('SIGKILL');
    await Promise.all(this.#daemons.splice(0).map((daemon) => daemon.ended));
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }
}

/** Looks until `look` gives something; what comes from outside has no event to wait for. */
export async function eventually<Value>(
  what: string,
  look: () => Value | undefined | Promise<Value | undefined>,
  patienceMs: number = PATIENCE_MS,
): Promise<Value> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`waited ${String(patienceMs)} ms in vain for ${what}`);
    await sleep(50);
  }
}

/** What `/readyz` says. */
export async function readiness(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, text: await response.text() };
}

/** Waits until `/readyz` answers 200. */
export function untilReady(url: string): Promise<true> {
  return eventually(`200 of ${url}/readyz`, async () => ((await readiness(url)).status === 200 ? true : undefined));
}
