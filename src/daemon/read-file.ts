import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { ConfigError } from '../contract/index.ts';

/** A configuration file as it was read. */
export interface ReadFile {
  /** Paths in the file start from here. */
  readonly folder: string;
  readonly content: unknown;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; give its path behind --config',
  EISDIR: 'is a folder; give the path of the file itself',
  EACCES: 'may not be read; change its permissions',
};

/** Reads YAML, or JSON when the name ends in `.json`. Throws a ConfigError that names the place of a fault. */
export function readConfigFile(path: string): ReadFile {
  const file = resolve(path);
  let text: string;
  try {
    // A byte order mark is no part of what stands in it.
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new ConfigError([{ field: path, message: REASONS[code] ?? `cannot be read: ${message}` }]);
  }
  return { folder: dirname(file), content: extname(file) === '.json' ? fromJson(text, path) : fromYaml(text, path) };
}

function fromJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not in the words of the JSON parser: they show what stands around the fault, and that may be a secret.
    const [fault] = parseDocument(text, { prettyErrors: true }).errors;
    const why = fault === undefined ? 'it has something that only YAML has, such as a comment; name it .yaml' : withoutText(fault.message);
    throw new ConfigError([{ field: path, message: `is no JSON: ${why}` }]);
  }
}

/** The first line of a message, without what it shows of the file. */
function withoutText(message: string): string {
  const [line = ''] = message.split(/:?\n/);
  return line.replace(
    /^(Unresolved (?:alias|tag)|Block scalar header includes extra characters)[^:]*: .*?( at line \d+, column \d+)?$/,
    '$1$2',
  );
}

function fromYaml(text: string, path: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new ConfigError(
      faults.map(({ message, linePos }) => ({
        field: linePos === undefined ? path : `${path}:${String(linePos[0].line)}:${String(linePos[0].col)}`,
        message: withoutText(message),
      })),
    );
  }
  try {
    return document.toJS() as unknown;
  } catch (error) {
    // Too many aliases, or one that leads nowhere.
    throw new ConfigError([{ field: path, message: withoutText(error instanceof Error ? error.message : String(error)) }]);
  }
}
