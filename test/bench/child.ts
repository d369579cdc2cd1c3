import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { SuiteName } from './options.ts';
import { pinned } from './pinning.ts';
import type { Passed } from './span.ts';

/** A process that measures, on the measured core. */
export interface Child {
  /** Sends a line and gives the answer; with no line, waits for one. */
  ask(line?: string): Promise<Passed>;
  /** Ends it. */
  end(): Promise<void>;
}

/** Starts a process for a job. */
export function startChild(suite: SuiteName, job: object, nodeOptions: readonly string[] = []): Child {
  const [, script = ''] = process.argv;
  const [command, args] = pinned(process.execPath, [...nodeOptions, script, 'worker', suite, JSON.stringify(job)]);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = closing(child);
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async ask(line) {
      if (line !== undefined) child.stdin.write(`${line}\n`);
      const next = await answers.next();
      if (next.done === true) throw new Error(`the measuring process of ${JSON.stringify(job)} ended with ${String(await closed)}`);
      return JSON.parse(next.value) as Passed;
    },
    async end() {
      child.stdin.end();
      await closed;
    },
  };
}

/** Resolves with the exit code. The child ends with this process at the latest. */
function closing(child: ChildProcess): Promise<number | null> {
  const endChild = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', endChild);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', endChild);
      resolve(code);
    });
  });
}

/** Runs one job in a process of its own and gives its only answer. */
export async function inChild(suite: SuiteName, job: object, nodeOptions: readonly string[] = []): Promise<Passed> {
  const child = startChild(suite, job, nodeOptions);
  try {
    return await child.ask();
  } finally {
    await child.end();
  }
}

/** What a child hands to its parent. */
export function answer(passed: Passed): void {
  process.stdout.write(`${JSON.stringify(passed)}\n`);
}
