import { spawn } from 'node:child_process';
import type { SuiteName } from './options.ts';
import { pinned } from './pinning.ts';
import type { Passed } from './span.ts';

/** Runs one job in a process of its own, on the measured core, and gives its answer. */
export async function inChild(suite: SuiteName, job: object, nodeOptions: readonly string[] = []): Promise<Passed> {
  const [, script = ''] = process.argv;
  const [command, args] = pinned(process.execPath, [...nodeOptions, script, 'worker', suite, JSON.stringify(job)]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const endChild = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', endChild);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  process.off('exit', endChild);
  if (code !== 0) throw new Error(`the measuring process of ${JSON.stringify(job)} ended with ${String(code)}`);
  return JSON.parse(text) as Passed;
}

/** What a child hands to its parent. */
export function answer(passed: Passed): void {
  process.stdout.write(JSON.stringify(passed));
}
