import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The core that everything beside the measured process works on, and the one of the measured process. */
const OTHERS_CORE = '0';
const MEASURED_CORE = '1';

/** Whether processes can be bound to cores here. */
const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', OTHERS_CORE, 'true']).status === 0;

/** The command that runs `command` on the measured core. */
export function pinned(command: string, args: readonly string[]): readonly [string, readonly string[]] {
  return canPin ? ['taskset', ['-c', MEASURED_CORE, command, ...args]] : [command, args];
}

/** Moves a running process with all its threads out of the measured core. */
export function moveAway(pid: number): void {
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', OTHERS_CORE, String(pid)]);
}

/** One line for the report. */
export function pinningNote(): string {
  return canPin
    ? 'The measured process has core 1 for itself; all else that this benchmark starts runs on core 0.'
    : 'Processes are not bound to cores here (one core, or no taskset), so what is measured and what serves it disturb each other.';
}
