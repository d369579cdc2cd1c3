import { resolve } from 'node:path';
import { pascal } from '../mapping/index.ts';
import type { ProcessPlan } from './catalog.ts';
import type { FileFields } from './file-fields.ts';
import { findHandler } from './handler-file.ts';
import type { Problems } from './problems.ts';

type FunctionFields = NonNullable<FileFields['functions']>[string];

/** Fields of a function that mean something only where it runs in processes of its own. */
const OF_PROCESSES = [
  'WorkingDirectory',
  'Environment',
  'InheritEnvironment',
  'MemorySize',
  'MaxProcesses',
  'IdleSeconds',
  'InitSeconds',
  'Watch',
] as const satisfies readonly (keyof FunctionFields)[];

/** The most processes that one function may have. */
const PROCESSES_MAX = 1_000;

/** Tells fields that have no effect on a function of this process, or behind HTTP. */
export function refuseProcessFields(fields: FunctionFields, at: string, problems: Problems): void {
  for (const name of OF_PROCESSES) {
    if (fields[name] === undefined) continue;
    const fix = fields.Handler === undefined ? 'take it out' : 'add Process: true, or take it out';
    problems.add(`${at}.${name}`, `is for functions that run in processes of their own; ${fix}`);
  }
}

/** What a function in processes of its own is started by. Paths start from `folder`. */
export function planProcess(fields: FunctionFields, at: string, folder: string): ProcessPlan {
  const { Command, Handler = '', ReservedConcurrentExecutions: reserved } = fields;
  const shared = {
    cwd: resolve(folder, fields.WorkingDirectory ?? '.'),
    env: fields.Environment?.Variables ?? {},
    inheritEnv: fields.InheritEnvironment ?? [],
    maxProcesses: fields.MaxProcesses ?? (reserved === undefined ? undefined : Math.min(reserved, PROCESSES_MAX)),
    idleSeconds: fields.IdleSeconds,
    initSeconds: fields.InitSeconds,
    memorySize: fields.MemorySize,
  };
  const [program, ...args] = Command ?? [];
  const watch = fields.Watch;
  if (program !== undefined) return { ...shared, command: [program, ...args], watch };
  const { file, exportName } = findHandler(Handler, folder, `${at}.Handler`);
  return { ...shared, handler: `${file}#${exportName}`, watch };
}

/** An option of the target, as the file spells it. */
export function processField(option: string): string {
  if (option === 'cwd') return 'WorkingDirectory';
  if (option === 'inheritEnv') return 'InheritEnvironment';
  return option.startsWith('env.') ? `Environment.Variables.${option.slice('env.'.length)}` : pascal(option);
}
