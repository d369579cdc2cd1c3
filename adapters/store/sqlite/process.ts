import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Which process holds a lease. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The running system and namespaces in which `pid` means something; empty where that cannot be told. */
  readonly machine: string;
  /** When the process began, in the kernel's own count: tells it from a later one with the same number. */
  readonly start: string;
}

/** Who this process is. Off Linux `machine` is empty: then no owner is ever said to be gone. */
export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  const unknown = { pid, machine: '', start: '' };
  try {
    // A /proc of another PID namespace would tell of other processes.
    if (readlinkSync('/proc/self') !== String(pid)) return unknown;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const start = stat(pid).start;
    if (boot === '' || start === '') return unknown;
    // Start times are shifted by the reader's time namespace, so that must be the same, too (kernels before 5.6 have none).
    return { pid, machine: `${boot} ${readlinkSync('/proc/self/ns/pid')} ${timeNamespace()}`, start };
  } catch {
    return unknown;
  }
}

/** True only when it is certain that the owner's process has ended; never true across machines, reboots or namespaces. */
export function isGone(owner: ProcessIdentity, self: ProcessIdentity): boolean {
  if (self.machine === '' || owner.machine !== self.machine) return false;
  // Asked of the kernel, because /proc may hide the processes of other users.
  if (!exists(owner.pid)) return true;
  try {
    const now = stat(owner.pid);
    return now.start !== owner.start || (now.state === 'Z' && readdirSync(`/proc/${String(owner.pid)}/task`).length === 1);
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Fields 3 and 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. */
function stat(pid: number): { readonly state: string; readonly start: string } {
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', start = ''] = [fields[0], fields[19]];
  if (start === '') throw new Error('not a stat line');
  return { state, start };
}

function timeNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/time');
  } catch {
    return '';
  }
}
