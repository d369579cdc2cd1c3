/** Functions in processes of their own for tests: their files, their log, and a look for what they left behind. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessTargetOptions, processTarget } from '../../adapters/target/process/index.ts';
import type { FunctionTarget, LogFields, Logger } from '../../src/index.ts';
import { type FunctionFolder, functionFolder } from './function-folder.ts';

const PATIENCE_MS = 40_000;

/** One line of a log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
class KeptLog implements Logger {
  readonly lines: LogLine[];
  readonly #bound: LogFields;

  constructor(lines: LogLine[] = [], bound: LogFields = {}) {
    this.lines = lines;
    this.#bound = bound;
  }

  readonly debug = (fields: LogFields, message: string): void => this.#keep('debug', fields, message);
  readonly info = (fields: LogFields, message: string): void => this.#keep('info', fields, message);
  readonly warn = (fields: LogFields, message: string): void => this.#keep('warn', fields, message);
  readonly error = (fields: LogFields, message: string): void => this.#keep('error', fields, message);

  child(fields: LogFields): Logger {
    return new KeptLog(this.lines, { ...this.#bound, ...fields });
  }

  /** The fields of all lines with this text. */
  of(message: string): LogFields[] {
    return this.lines.filter((line) => line.message === message).map(({ fields }) => fields);
  }

  /** What functions have printed. */
  get printed(): string[] {
    return this.of('function output').map(({ line }) => String(line));
  }

  #keep(level: LogLine['level'], fields: LogFields, message: string): void {
    this.lines.push({ level, message, fields: { ...this.#bound, ...fields } });
  }
}

/** The functions of one test file. */
export class ProcessFunctions {
  readonly folder: FunctionFolder = functionFolder();
  readonly log = new KeptLog();
  /** In the environment of every process of these functions and of their children. */
  readonly marker = `millrace-test-${randomUUID()}`;
  readonly #targets: FunctionTarget[] = [];

  /** A target whose paths start in the folder. */
  target(options: ProcessTargetOptions): FunctionTarget {
    const target = processTarget({
      cwd: this.folder.path,
      logger: this.log,
      ...options,
      env: { MILLRACE_TEST_MARKER: this.marker, ...options.env },
    });
    this.#targets.push(target);
    return target;
  }

  /** A target of a Node handler with this source. */
  handler(source: string, options: Partial<Extract<ProcessTargetOptions, { readonly handler: string }>> = {}): FunctionTarget {
    const name = `${randomUUID()}.mjs`;
    this.folder.write(name, source);
    return this.target({ handler: `./${name}`, ...options });
  }

  /** Closes all targets; fails when a process of theirs is left. */
  async clear(): Promise<void> {
    await Promise.all(this.#targets.splice(0).map((target) => target.close()));
    const left = processesWith(this.marker);
    this.log.lines.length = 0;
    if (left.length > 0) throw new Error(`processes are left: ${left.join(', ')}`);
  }
}

/** Ids of the living processes whose environment holds this text (Linux). */
export function processesWith(marker: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid) && holds(entry, marker))
    .map(Number);
}

/** Ids of the children of a process (Linux). */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in brackets that may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function holds(pid: string, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(marker);
  } catch {
    // It has ended meanwhile, or is another user's.
    return false;
  }
}

/** Looks until `look` is true; what happens in other processes has no event to wait for. */
export async function until(what: string, look: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!look()) {
    if (performance.now() > end) throw new Error(`waited ${String(PATIENCE_MS)} ms in vain until ${what}`);
    await sleep(10);
  }
}
