import * as z from 'zod';
import { ConfigError, type ConfigProblem } from '../contract/index.ts';
import { nearest } from '../kit/index.ts';

/** How the checked input is spelt and where it stands, for messages in the user's own words. */
export interface Checked {
  /** What comes before every field, such as `mappings[0]`; empty for the input itself. */
  readonly at?: string;
  /** From the name in the schema to the user's spelling. */
  readonly spell?: (name: string) => string;
}

/** camelCase as PascalCase, AWS's spelling in files and on the wire. */
export function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * Checks `input` against a schema. Throws a {@link ConfigError} that names every field that is wrong, what it is, what it must
 * be (the `description` of its schema), and for an unknown field the one it probably meant.
 */
export function check<Schema extends z.ZodType>(schema: Schema, input: unknown, checked: Checked = {}): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = new Map<string, ConfigProblem>();
  for (const problem of result.error.issues.flatMap((issue) => problemsOf(issue, schema, input, checked))) {
    // A value of the wrong kind can break several rules of its schema; it is said once.
    problems.set(`${problem.field}\n${problem.message}`, problem);
  }
  throw new ConfigError([...problems.values()]);
}

/** Throws a {@link ConfigError} for one field. */
export function refuse(field: string, message: string, { at = '', spell = same }: Checked = {}): never {
  throw new ConfigError([{ field: join(at, [spell(field)]), message }]);
}

function same(name: string): string {
  return name;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

function problemsOf(issue: Issue, schema: z.ZodType, input: unknown, { at = '', spell = same }: Checked): ConfigProblem[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : spell(String(key))));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => ({ field: join(at, [...path, spell(key)]), message: unknownField(spell(key), known.map(spell)) }));
  }
  const description = schemaAt(schema, issue.path)?.description;
  const value = valueAt(input, issue.path);
  const message = issue.code === 'custom' || description === undefined ? issue.message : `must be ${description}, but is ${kindOf(value)}`;
  return [{ field: join(at, path), message }];
}

function unknownField(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? `the fields here are ${known.join(', ')}` : `did you mean ${meant}?`;
  return `is not a field that is known here; ${hint}`;
}

/** What a value is, in words; never its content where that is long. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${String(value.length)}`;
  if (typeof value === 'string')
    return value.length <= 40 ? `the text ${JSON.stringify(value)}` : `a text of ${String(value.length)} characters`;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return `the ${typeof value} ${String(value)}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function join(at: string, path: Path): string {
  let text = at;
  for (const key of path) {
    if (typeof key === 'number') text += `[${String(key)}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text === '' ? 'options' : text;
}

function valueAt(input: unknown, path: Path): unknown {
  let value: unknown = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}

/** The schema of a field, for its description: the innermost on the path that has one. */
function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  let found = schema;
  // The whole input describes itself only: as the description of one of its fields it would mislead.
  let described: z.ZodType | undefined = path.length === 0 ? schema : undefined;
  for (const key of path) {
    const child = childOf(unwrap(found), key);
    if (child === undefined) break;
    const inner = unwrap(child);
    if (child.description !== undefined) described = child;
    else if (inner.description !== undefined) described = inner;
    found = child;
  }
  return described;
}

function keysAt(schema: z.ZodType, path: Path): string[] {
  let found: z.ZodType | undefined = schema;
  for (const key of path) found = found === undefined ? undefined : childOf(unwrap(found), key);
  return found === undefined ? [] : fieldsOf(unwrap(found));
}

function fieldsOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodUnion ? (schema.options as z.ZodType[]).flatMap((option) => fieldsOf(unwrap(option))) : [];
}

function childOf(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Readonly<Record<PropertyKey, z.ZodType>>)[key];
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (schema instanceof z.ZodUnion) return firstOf(schema.options as z.ZodType[], key);
  return undefined;
}

function firstOf(options: readonly z.ZodType[], key: PropertyKey): z.ZodType | undefined {
  for (const option of options) {
    const child = childOf(unwrap(option), key);
    if (child !== undefined) return child;
  }
  return undefined;
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault)
    inner = inner.unwrap() as z.ZodType;
  return inner;
}
