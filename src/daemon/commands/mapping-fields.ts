import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { Option } from 'commander';
import { ConfigError, type ConfigProblem } from '../../contract/index.ts';
import { nearest } from '../../kit/index.ts';
import { kindOf, refuse } from '../../mapping/index.ts';
import type { Shape, StructureShape } from '../../resource/index.ts';
import { isPlainObject } from '../pascal-schema.ts';

/** A request of the API. */
export type Request = Readonly<Record<string, unknown>>;

/** AWS's fields as options, in AWS's own spelling. */
export function fieldOptions({ members }: StructureShape): Option[] {
  return Object.entries(members).map(([name, shape]) => {
    const option = new Option(`--${name} ${shape.kind === 'flag' ? '[true|false]' : `<${kindName(shape)}>`}`, describe(shape));
    return shape.kind === 'text' && shape.values !== undefined ? option.choices(shape.values) : option;
  });
}

function kindName(shape: Shape): string {
  switch (shape.kind) {
    case 'text':
      return 'text';
    case 'whole':
      return 'number';
    case 'instant':
      return 'instant';
    case 'list':
      return isScalar(shape.of) ? 'text,...' : 'json';
    default:
      return 'json';
  }
}

function describe(shape: Shape): string {
  switch (shape.kind) {
    case 'whole':
      return `${String(shape.min ?? 0)} to ${String(shape.max ?? '...')}`;
    case 'instant':
      return 'epoch seconds, or a date and time with its zone such as 2026-01-31T09:30:00Z';
    case 'list':
      if (shape.of.kind === 'text' && shape.of.values !== undefined) return `of ${shape.of.values.join(', ')}`;
      return isScalar(shape.of) ? 'separated by commas' : `JSON: [${example(shape.of)}]`;
    case 'structure':
    case 'map':
      return `JSON, such as ${example(shape)}${isFlat(shape) ? ', or Name=value,...' : ''}`;
    default:
      return '';
  }
}

function example(shape: Shape): string {
  switch (shape.kind) {
    case 'structure': {
      const [[name, one] = ['...', undefined]] = Object.entries(shape.members);
      return `{"${name}": ${one === undefined ? '...' : example(one)}}`;
    }
    case 'map':
      return '{"name": "value"}';
    case 'list':
      return `[${example(shape.of)}]`;
    case 'whole':
      return String(shape.min ?? 1);
    case 'flag':
      return 'true';
    default:
      return '"..."';
  }
}

function isScalar(shape: Shape): boolean {
  return shape.kind === 'text' || shape.kind === 'whole' || shape.kind === 'flag';
}

function isFlat(shape: Shape): boolean {
  if (shape.kind === 'map') return isScalar(shape.of);
  return shape.kind === 'structure' && Object.values(shape.members).every(isScalar);
}

/** The request that options make. Ranges are for the API to judge. Throws a ConfigError with everything that cannot be read. */
export function readOptions({ members }: StructureShape, given: Readonly<Record<string, unknown>>): Request {
  const problems: ConfigProblem[] = [];
  const fields = Object.entries(members).flatMap(([name, shape]): [string, unknown][] => {
    const value = given[name];
    if (value === undefined) return [];
    const read = readField(shape, typeof value === 'string' ? value : 'true');
    if ('fault' in read) problems.push({ field: `--${name}`, message: read.fault });
    else problems.push(...unknownMembers(shape, read.value, `--${name}`));
    return 'fault' in read ? [] : [[name, read.value]];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(fields);
}

type Read = { readonly value: unknown } | { readonly fault: string };

function readField(shape: Shape, text: string): Read {
  switch (shape.kind) {
    case 'text':
      return { value: text };
    case 'whole':
      return /^-?\d{1,15}$/.test(text) ? { value: Number(text) } : { fault: `must be a whole number, but is ${kindOf(text)}` };
    case 'flag':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : { fault: `must be true or false, but is ${kindOf(text)}` };
    case 'instant':
      return readInstant(text);
    case 'list':
      if (isScalar(shape.of) && !text.trimStart().startsWith('[')) return { value: text === '' ? [] : text.split(',') };
      return readJson(text);
    default:
      return isFlat(shape) && /^[^{=]+=/.test(text) ? readPairs(shape, text) : readJson(text);
  }
}

function readInstant(text: string): Read {
  if (/^\d+(\.\d+)?$/.test(text)) return { value: Number(text) };
  const at = /T.*(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at)
    ? { fault: `must be epoch seconds, or a date and time with its zone such as 2026-01-31T09:30:00Z, but is ${kindOf(text)}` }
    : { value: at / 1000 };
}

function readJson(text: string): Read {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { fault: `must be JSON, but is ${kindOf(text)}` };
  }
}

/** `Name=value,Other=value`. */
function readPairs(shape: Shape, text: string): Read {
  const entries: [string, unknown][] = [];
  for (const pair of text.split(',')) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === '') return { fault: `must be Name=value, separated by commas, or JSON, but is ${kindOf(text)}` };
    const member = shape.kind === 'map' ? shape.of : shape.kind === 'structure' ? shape.members[name] : undefined;
    const read = readField(member ?? { kind: 'text' }, value);
    if ('fault' in read) return { fault: `${name} ${read.fault}` };
    entries.push([name, read.value]);
  }
  return { value: Object.fromEntries(entries) };
}

/** Reads a request from a file, or from standard input by `-`. Throws a ConfigError, also for fields that the API would pass over in silence. */
export async function readRequest(shape: StructureShape, file: string, stdin: NodeJS.ReadableStream): Promise<Request> {
  let text: string;
  try {
    text = file === '-' ? await textOf(stdin) : readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    return refuse('--json', `${JSON.stringify(file.slice(0, 200))} cannot be read (${code}); name a file, or - for standard input`);
  }
  const read = readJson(text);
  if ('fault' in read || !isPlainObject(read.value)) return refuse('--json', 'must hold a JSON object with the fields of a request');
  const problems = unknownMembers(shape, read.value, '--json');
  if (problems.length > 0) throw new ConfigError(problems);
  return read.value;
}

/** Members that the API does not know and passes over. */
function unknownMembers(shape: Shape, value: unknown, at: string): ConfigProblem[] {
  if (shape.kind === 'list' && Array.isArray(value)) {
    return value.flatMap((one: unknown, index) => unknownMembers(shape.of, one, `${at}[${String(index)}]`));
  }
  if (shape.kind !== 'structure' || !isPlainObject(value)) return [];
  const known = Object.keys(shape.members);
  return Object.entries(value).flatMap(([name, one]) => {
    const member = shape.members[name];
    if (member !== undefined) return unknownMembers(member, one, `${at}.${name}`);
    const meant = nearest(name, known);
    const there = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
    return [{ field: `${at}.${name}`, message: `is not a field that is known here; ${there}` }];
  });
}
