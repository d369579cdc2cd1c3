import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Guard } from './guard.ts';

/** What is started. */
export interface Start {
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How long the end of a group is looked for after SIGKILL, ms: a process in the midst of a disk access goes later. */
const GONE_PATIENCE_MS = 2_000;
const GONE_LOOK_MS = 5;

/** This process takes the groups that live along when it ends. */
const guard = new Guard();

function killAll(): void {
  for (const pid of guard.groups) signalGroup(pid, 'SIGKILL');
}

/** Starts a program as the leader of a group of its own, so that its children can be ended with it. Standard output and error are pipes. */
export function startGroup({ path, args, cwd, env }: Start): ChildProcess {
  const child = spawn(path, [...args], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  if (pid !== undefined) {
    if (guard.groups.size === 0) process.on('exit', killAll);
    guard.add(pid);
  }
  return child;
}

/** Signals every process of the group; false when there is none. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** Kills what is left of a group whose leader is gone, and resolves when it is gone. */
export async function endGroup(pid: number): Promise<void> {
  const until = performance.now() + GONE_PATIENCE_MS;
  while (signalGroup(pid, 'SIGKILL') && hasMembers(pid) && performance.now() < until) await sleep(GONE_LOOK_MS);
  guard.remove(pid);
  if (guard.groups.size === 0) process.off('exit', killAll);
}

/** Whether a process of the group lives. Dead ones whose parent does not look after them still take signals, but do not count. */
function hasMembers(group: number): boolean {
  let entries: string[];
  try {
    entries = readdirSync('/proc');
  } catch {
    return true;
  }
  return entries.some((entry) => /^\d+$/.test(entry) && isMember(entry, group));
}

function isMember(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in brackets that may hold anything.
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(pgrp) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
