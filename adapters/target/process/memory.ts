import { readFileSync } from 'node:fs';

/** The most memory that a process has held so far, MB; `undefined` where the system does not tell (anywhere but Linux). */
export function peakMemoryMB(pid: number): number | undefined {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
    return match?.[1] === undefined ? undefined : Math.ceil(Number(match[1]) / 1_024);
  } catch {
    return undefined;
  }
}
