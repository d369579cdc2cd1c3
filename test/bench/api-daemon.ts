import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiJob } from './api-worker.ts';

/** Another build may be measured while the usual one is in use. */
const bin = resolve(process.env['MILLRACE_BIN'] ?? 'dist/adapters/bin.js');
/** Of the kernel: a second of CPU has so many ticks, a page so many bytes. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** What the daemon is started with; functions do nothing. */
export interface DaemonPlan {
  readonly functions: readonly string[];
  readonly queues: object;
  readonly streams?: object;
  readonly mappings?: readonly object[];
  /** What a producer inside writes to its streams. Default: there is none, and it is the daemon as it is built. */
  readonly recordsPerSecond?: number;
}

/** The built daemon as a process that is measured. */
export interface BenchDaemon {
  readonly url: string;
  residentBytes(): number;
  /** How much of a core it takes over the next `ms`. */
  coresOver(ms: number): Promise<number>;
  end(): Promise<void>;
}

/** Starts a daemon with its state in memory and waits until it listens. */
export async function startDaemon({ functions, recordsPerSecond, ...plan }: DaemonPlan): Promise<BenchDaemon> {
  if (!existsSync(bin)) throw new Error('the daemon is not built; run npm run build first');
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  writeFileSync(join(folder, 'f.mjs'), 'export function handler() {}\n');
  const Functions = Object.fromEntries(functions.map((name) => [name, { Handler: './f.mjs#handler' }]));
  const config = { store: { type: 'memory' }, functions: Functions, ...plan };
  writeFileSync(join(folder, 'millrace.json'), JSON.stringify(config));
  const file = join(folder, 'millrace.json');
  const [, script = ''] = process.argv;
  const args =
    recordsPerSecond === undefined
      ? [bin, 'start', '--config', file, '--listen', '127.0.0.1:0', '--log-level', 'info']
      : [script, 'worker', 'api', JSON.stringify({ config: file, recordsPerSecond } satisfies ApiJob)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const url = await new Promise<string>((found, failed) => {
    let text = '';
    child.stdout.on('data', (part: Buffer) => {
      if (text.length < 10_000) text += part.toString();
      const [, address] = /"url":"(http:[^"]+)"/.exec(text) ?? [];
      if (address !== undefined) found(address);
    });
    void ended.then(() => failed(new Error(`the daemon ended: ${text}`)));
  });
  const ticks = (): number => {
    const fields =
      readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8')
        .split(') ')[1]
        ?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  return {
    url,
    residentBytes: () => Number(readFileSync(`/proc/${String(child.pid)}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES,
    coresOver: async (ms) => {
      const [before, began] = [ticks(), performance.now()];
      await sleep(ms);
      return (ticks() - before) / TICKS_PER_SECOND / ((performance.now() - began) / 1000);
    },
    end: async () => {
      child.kill('SIGTERM');
      await ended;
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
