import { basename, dirname, resolve } from 'node:path';
import { ConfigError } from '../contract/index.ts';
import { isPlainObject } from './pascal-schema.ts';
import { Problems } from './problems.ts';
import { type ReadFile, readConfigFile } from './read-file.ts';
import { type Environment, substitute } from './substitute.ts';

/** Parts whose entries may stand in several files. */
const SHARED_PARTS = ['functions', 'queues', 'streams', 'topics'];

/** Several files as one. */
export interface ReadFiles extends ReadFile {
  /** What is wrong with a field, told with the file that it stands in. */
  readonly inFile: (error: unknown) => unknown;
}

interface OneFile {
  /** As people read it: the path as it was given where two files have the same name. */
  readonly label: string;
  readonly content: unknown;
}

/**
 * Reads configuration files, with variables of the environment in their texts, and joins them: entries of functions, queues,
 * streams and topics, and mappings, may stand in any of them, everything else in one. Relative paths begin at the folder of the
 * first, as with Docker Compose. Throws a ConfigError that names file and field.
 */
export function readConfigFiles(paths: readonly string[], environment: Environment): ReadFiles {
  const problems = new Problems();
  const isAlone = paths.length === 1;
  const names = paths.map((path) => basename(path));
  const files = paths.map((path, index): OneFile => {
    const label = names.filter((name) => name === names[index]).length > 1 ? path : (names[index] ?? path);
    const mine = new Problems();
    const read = problems.try(() => readConfigFile(path));
    const content = read === undefined ? {} : substitute(read.content, environment, mine);
    problems.try(
      () => {
        mine.throwIfAny();
      },
      (field) => (isAlone ? field : `${label}: ${field}`),
    );
    return { label, content };
  });
  const folder = dirname(resolve(paths[0] ?? '.'));
  const [only] = files;
  if (isAlone && only !== undefined) {
    problems.throwIfAny();
    return { folder, content: only.content, inFile: (error) => error };
  }
  const joined = join(files, problems);
  problems.throwIfAny();
  return { folder, content: joined.content, inFile: (error) => told(error, joined.fieldOf) };
}

function told(error: unknown, fieldOf: (field: string) => string): unknown {
  if (!(error instanceof ConfigError)) return error;
  // Some name another mapping, too.
  const problems = error.problems.map(({ field, message }) => ({
    field: fieldOf(field),
    message: message.replaceAll(/\bmappings\[\d+\]/g, fieldOf),
  }));
  return new ConfigError(problems, { cause: error });
}

function join(files: readonly OneFile[], problems: Problems): { content: Record<string, unknown>; fieldOf: (field: string) => string } {
  const content: Record<string, unknown> = {};
  /** `part` or `part.entry` to the file that has it. */
  const owners = new Map<string, string>();
  const mappings: { readonly label: string; readonly index: number }[] = [];
  const own = (key: string, label: string, field: string): boolean => {
    const other = owners.get(key);
    if (other !== undefined) problems.add(`${label}: ${field}`, `stands in ${other}, too; give it in one file`);
    else owners.set(key, label);
    return other === undefined;
  };
  for (const { label, content: one } of files) {
    if (!isPlainObject(one)) {
      problems.add(label, 'must be an object with functions, queues, streams, topics and mappings');
      continue;
    }
    for (const [part, value] of Object.entries(one)) {
      if (part === 'mappings' && Array.isArray(value)) {
        content['mappings'] = [...(Array.isArray(content['mappings']) ? (content['mappings'] as unknown[]) : []), ...(value as unknown[])];
        mappings.push(...value.map((_, index) => ({ label, index })));
      } else if (SHARED_PARTS.includes(part) && isPlainObject(value)) {
        const before = isPlainObject(content[part]) ? content[part] : {};
        const fresh = Object.entries(value).filter(([name]) => own(`${part}.${name}`, label, `${part}.${name}`));
        content[part] = { ...before, ...Object.fromEntries(fresh) };
      } else if (part === '$schema' || own(part, label, part)) content[part] = value;
    }
  }
  return { content, fieldOf: (field) => fieldIn(field, owners, mappings) };
}

/** `mappings[3].BatchSize` of the whole is, say, `b.yaml: mappings[0].BatchSize`. */
function fieldIn(
  field: string,
  owners: ReadonlyMap<string, string>,
  mappings: readonly { readonly label: string; readonly index: number }[],
): string {
  const [, number, rest = ''] = /^mappings\[(\d+)\](.*)$/s.exec(field) ?? [];
  const mapping = number === undefined ? undefined : mappings[Number(number)];
  if (mapping !== undefined) return `${mapping.label}: mappings[${String(mapping.index)}]${rest}`;
  const [part = '', entry = ''] = field.split('.');
  const label = owners.get(`${part}.${entry}`) ?? owners.get(part.replace(/\[.*$/, ''));
  return label === undefined ? field : `${label}: ${field}`;
}
