import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The ids of the groups to end with this process. */
const owned = new Set<number>();
let guarded = false;

/** Signals every process of the group; false if the group is gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function killOwned(): void {
  for (const pid of owned) signalGroup(pid, 'SIGKILL');
  owned.clear();
}

function guard(): void {
  if (guarded) return;
  guarded = true;
  process.on('exit', killOwned);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = (): void => {
      // Whoever else listens ends this process in its own way, and 'exit' does our part.
      if (process.listenerCount(signal) > 1) return;
      killOwned();
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}

/** Starts a program as the leader of a group of its own; the group is killed when this process ends. */
export function spawnOwned(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  guard();
  const child = spawn(command, [...args], { ...options, detached: true });
  const { pid } = child;
  if (pid !== undefined) {
    owned.add(pid);
    // The leader's end is not the end of its children.
    child.once('exit', () => {
      signalGroup(pid, 'SIGKILL');
      owned.delete(pid);
    });
  }
  return child;
}

function exited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** SIGTERM to the group, SIGKILL after the grace, at once without one. Resolves when the leader is gone. */
export async function stopOwned(child: ChildProcess, graceMs: number): Promise<void> {
  const { pid } = child;
  if (pid === undefined || exited(child)) return;
  const gone = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  signalGroup(pid, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  // A stopped process takes no SIGTERM.
  signalGroup(pid, 'SIGCONT');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

/** What the system says of a running process; undefined if there is none. */
export function inspectProcess(pid: number): { parentPid: number; commandLine: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field is a name in brackets that may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return { parentPid: Number(fields[1]), commandLine: readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').replaceAll('\0', ' ') };
  } catch {
    if (process.platform === 'linux') return undefined;
  }
  const listed = spawnSync('ps', ['-ww', '-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' });
  const match = /^\s*(\d+)\s+(.*)$/m.exec(listed.status === 0 ? listed.stdout : '');
  return match === null ? undefined : { parentPid: Number(match[1]), commandLine: match[2] ?? '' };
}
