import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { refuse } from '../mapping/index.ts';

/** A function of this process: a module and what it exports. */
export interface HandlerFile {
  readonly file: string;
  readonly exportName: string;
}

/** What a module may be called, in the order in which they are tried for Lambda's `file.export`. */
const ENDINGS = ['.mjs', '.js', '.cjs'];
const EXPORT_DEFAULT = 'handler';
const CHECK_TIMEOUT_MS = 5000;

/**
 * Finds the module that `handler` names, from `folder`: `./file.mjs`, `./file.mjs#export`, or as on Lambda `file.export`.
 * Nothing is loaded. Throws a ConfigError when there is no such file.
 */
export function findHandler(handler: string, folder: string, field: string): HandlerFile {
  const hash = handler.lastIndexOf('#');
  const path = hash < 0 ? handler : handler.slice(0, hash);
  const exportName = hash < 0 ? EXPORT_DEFAULT : handler.slice(hash + 1);
  if (hash >= 0 && exportName === '') refuse(field, 'names no export behind its #; write for example ./file.mjs#handler');
  if (hash >= 0 || ENDINGS.some((ending) => path.endsWith(ending))) {
    const file = resolve(folder, path);
    if (isFile(file)) return { file, exportName };
    return refuse(field, `there is no file ${file}; paths start from the folder of the configuration file`);
  }
  return findAsLambda(handler, folder, field);
}

function findAsLambda(handler: string, folder: string, field: string): HandlerFile {
  const name = basename(handler);
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || dot === name.length - 1) {
    refuse(field, `must be a file and its export, such as ./file.mjs#handler or file.handler, but is ${JSON.stringify(handler)}`);
  }
  const base = resolve(folder, join(dirname(handler), name.slice(0, dot)));
  const file = ENDINGS.map((ending) => `${base}${ending}`).find(isFile);
  if (file === undefined) {
    refuse(field, `there is no file ${base} with the ending ${ENDINGS.join(', ')}; paths start from the folder of the configuration file`);
  }
  return { file, exportName: name.slice(dot + 1) };
}

/** Loads the module and gives the function. Throws a ConfigError that says what is wrong with it. */
export async function loadHandler({ file, exportName }: HandlerFile, field: string): Promise<(...args: unknown[]) => unknown> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    refuse(field, `${file} cannot be loaded: ${faultOf(error, file)}`);
  }
  const found = module[exportName] ?? ownOf(module['default'], exportName);
  if (typeof found === 'function') return found as (...args: unknown[]) => unknown;
  if (found !== undefined) refuse(field, `the export ${exportName} of ${file} is no function, but ${kind(found)}`);
  const names = Object.keys(module);
  const there = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
  return refuse(field, `${file} has no export ${exportName}; ${there}; name one behind a #, as in ./file.mjs#name`);
}

/** CommonJS: what the parser did not see stands under `default`. */
function ownOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** Name and text of what a module threw; for a syntax error of this very file its line, too. */
function faultOf(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error);
  const line = error instanceof SyntaxError ? lineOfFault(file) : undefined;
  return `${error.name}: ${error.message}${line === undefined ? '' : ` (line ${line})`}`;
}

/** A module's syntax error does not tell its place to who imports it; Node's own check does. */
function lineOfFault(file: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: CHECK_TIMEOUT_MS });
  return /^.*:(\d+)$/m.exec(stderr)?.[1];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function kind(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
