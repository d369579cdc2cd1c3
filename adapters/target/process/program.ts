import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, kindOf } from '../../../src/index.ts';
import type { HandlerPlace } from './bootstrap/main.js';

/** What is started for a function. */
export interface Program {
  readonly path: string;
  readonly args: readonly string[];
  /** Lambda's `_HANDLER`: what a runtime is to load. */
  readonly handler: string;
  /** Lambda's LAMBDA_TASK_ROOT: where the function's code is; `undefined`: where the process runs. */
  readonly folder: string | undefined;
}

/** Beside this file, in the package and in the sources alike. */
const BOOTSTRAP = fileURLToPath(new URL('./bootstrap/main.js', import.meta.url));
/** What a module may be called, in the order in which they are tried for Lambda's `file.export`. */
const ENDINGS = ['.mjs', '.js', '.cjs'];

/** Finds the module of `./file.mjs#export`, `./file.mjs` or, as on Lambda, `file.export`. Loads nothing. @throws ConfigError */
export function findHandler(handler: unknown, folder: string): HandlerPlace {
  if (typeof handler !== 'string' || handler === '')
    refuse('handler', `must be a file and its export, such as ./orders.mjs#handler, but is ${kindOf(handler)}`);
  const hash = handler.lastIndexOf('#');
  const path = hash < 0 ? handler : handler.slice(0, hash);
  if (hash >= 0 || ENDINGS.some((ending) => path.endsWith(ending))) {
    const exportName = hash < 0 ? 'handler' : handler.slice(hash + 1);
    if (exportName === '') refuse('handler', 'names no export behind its #; write for example ./orders.mjs#handler');
    const file = resolve(folder, path);
    if (!isFile(file)) refuse('handler', `there is no file ${file}`);
    return { file, exportName };
  }
  const name = basename(handler);
  const dot = name.indexOf('.');
  if (dot <= 0 || dot === name.length - 1)
    refuse('handler', `must be a file and its export, such as ./orders.mjs#handler or orders.handler, but is ${kindOf(handler)}`);
  const base = resolve(folder, join(dirname(handler), name.slice(0, dot)));
  const file = ENDINGS.map((ending) => `${base}${ending}`).find(isFile);
  if (file === undefined) refuse('handler', `there is no file ${base} with the ending ${ENDINGS.join(', ')}`);
  return { file, exportName: name.slice(dot + 1) };
}

/** This very Node with our bootstrap. */
export function programOfHandler({ file, exportName }: HandlerPlace, nodeArgs: readonly string[]): Program {
  const name = basename(file).replace(/\.[cm]?js$/, '');
  return {
    path: process.execPath,
    args: [...nodeArgs, BOOTSTRAP, file, exportName],
    handler: `${name}.${exportName}`,
    folder: dirname(file),
  };
}

/** Finds the program of a command: by its path, or along PATH. @throws ConfigError */
export function findCommand(command: unknown, cwd: string, env: Readonly<Record<string, string>>): Program {
  if (!Array.isArray(command) || command.length === 0 || !command.every((word): word is string => typeof word === 'string')) {
    const is = typeof command === 'string' ? `the text ${JSON.stringify(command)}` : kindOf(command);
    refuse('command', `must be a list of a program and its arguments, such as ['./bootstrap'], but is ${is}`);
  }
  const [name = '', ...args] = command;
  const zero = command.find((word) => word.includes('\0'));
  if (name === '' || zero !== undefined) refuse('command', 'names no program, or holds a zero byte');
  const path = name.includes('/') ? fromPath(resolve(cwd, name)) : fromSearch(name, env['PATH'] ?? process.env['PATH'] ?? '');
  return { path, args, handler: args.at(-1) ?? basename(name), folder: undefined };
}

function fromPath(path: string): string {
  if (!isFile(path)) refuse('command', `there is no file ${path}`);
  if (!isExecutable(path)) refuse('command', `${path} is not executable; make it so with chmod +x, or name the program that runs it first`);
  return path;
}

function fromSearch(name: string, searched: string): string {
  const places = searched.split(delimiter).filter((folder) => folder !== '');
  const found = places.map((folder) => join(folder, name)).find((path) => isFile(path) && isExecutable(path));
  if (found === undefined) refuse('command', `${name} was not found in the folders of PATH; install it, or give its path`);
  return found;
}

/** Whether there is a folder. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    // A file stands where a folder would have to, or may not be entered: there is no such file for us.
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function refuse(field: string, message: string): never {
  throw new ConfigError([{ field, message }]);
}
