import { ResourceRefusal } from './refusal.ts';

/** The shape of a value in a request, as a service's model tells it. */
export type Shape =
  | { readonly kind: 'text'; readonly min?: number; readonly max?: number; readonly pattern?: Pattern; readonly values?: readonly string[] }
  | { readonly kind: 'whole'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'flag' }
  /** Epoch seconds. */
  | { readonly kind: 'instant' }
  | { readonly kind: 'list'; readonly of: Shape; readonly min?: number; readonly max?: number }
  | { readonly kind: 'map'; readonly key: Shape; readonly of: Shape; readonly min?: number; readonly max?: number }
  | StructureShape;

/** A structure. Members that are not named are ignored, as AWS does. */
export interface StructureShape {
  readonly kind: 'structure';
  readonly members: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

/** What is matched, and what an error shows where that is not the same. */
export interface Pattern {
  readonly matches: RegExp;
  readonly shown: string;
}

/** A text that has to match the whole of an expression. */
export function pattern(expression: string, accepts: string = expression): Pattern {
  return { matches: new RegExp(`^(?:${accepts})$`, 's'), shown: expression };
}

const SHOWN_LENGTH_MAX = 1000;

/**
 * Reads a value by its shape: what is of the wrong kind is a SerializationException, what breaks a constraint a ValidationException
 * that names every one, in the words of AWS's framework. Members that are null count as absent, unknown ones are left out.
 */
export function readShape(shape: StructureShape, given: unknown): Readonly<Record<string, unknown>> {
  const value = deserialize(shape, given ?? {}) as Readonly<Record<string, unknown>>;
  const faults = faultsOf(shape, value, []);
  if (faults.length === 0) return value;
  const errors = `${String(faults.length)} validation error${faults.length === 1 ? '' : 's'} detected`;
  const texts = faults.map(({ at, value: shown, constraint }) => {
    const text = shown === undefined ? 'null' : `'${cut(printed(shown))}'`;
    return `Value ${text} at '${at}' failed to satisfy constraint: ${constraint}`;
  });
  throw new ResourceRefusal('ValidationException', `${errors}: ${texts.join('; ')}`);
}

function cut(text: string): string {
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}...`;
}

/** As Java prints it. */
function printed(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (isRecord(value))
    return `{${Object.entries(value)
      .map(([name, one]) => `${name}=${printed(one)}`)
      .join(', ')}}`;
  return String(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function serialization(message: string): ResourceRefusal {
  return new ResourceRefusal('SerializationException', message);
}

function deserialize(shape: Shape, given: unknown): unknown {
  switch (shape.kind) {
    case 'structure':
      return readStructure(shape, given);
    case 'list':
      if (!Array.isArray(given)) throw serialization('Expected list or null');
      return given.flatMap((one: unknown) => (one === null ? [] : [deserialize(shape.of, one)]));
    case 'map':
      if (!isRecord(given)) throw serialization('Expected map or null');
      return plain(Object.entries(given).flatMap(([key, one]) => (one === null ? [] : [[key, deserialize(shape.of, one)]])));
    default:
      return readScalar(shape, given);
  }
}

function readStructure(shape: StructureShape, given: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(given)) throw serialization('Expected structure or null');
  return plain(
    Object.entries(shape.members).flatMap(([name, member]) => {
      const value = Object.hasOwn(given, name) ? given[name] : undefined;
      return value === undefined || value === null ? [] : [[name, deserialize(member, value)]];
    }),
  );
}

/** Without a prototype's members, whatever the keys are called. */
function plain(entries: readonly (readonly unknown[])[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries as [string, unknown][]);
}

const SCALARS = {
  text: ['string', 'a String'],
  whole: ['number', 'an Integer'],
  flag: ['boolean', 'a Boolean'],
  instant: ['number', 'a Timestamp'],
} as const;

function readScalar(shape: Extract<Shape, { readonly kind: keyof typeof SCALARS }>, given: unknown): unknown {
  if (typeof given === 'object') throw serialization('Start of structure or map found where not expected.');
  const [type, name] = SCALARS[shape.kind];
  const isRight = typeof given === type && (shape.kind !== 'whole' || Number.isInteger(given));
  if (!isRight) throw serialization(`${kindName(given)} can not be converted to ${name}`);
  return given;
}

function kindName(given: unknown): string {
  if (typeof given === 'boolean') return given ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return typeof given === 'number' ? 'NUMBER_VALUE' : 'STRING_VALUE';
}

interface Fault {
  readonly at: string;
  readonly value: unknown;
  readonly constraint: string;
}

function faultsOf(shape: Shape, value: unknown, path: readonly string[]): Fault[] {
  const own = constraintsOf(shape, value).map((constraint) => ({ at: path.join('.'), value, constraint }));
  if (shape.kind === 'structure') return [...own, ...faultsOfMembers(shape, value as Readonly<Record<string, unknown>>, path)];
  if (shape.kind === 'list' && shape.of.kind === 'structure') {
    const members = value as readonly unknown[];
    return [...own, ...members.flatMap((member, index) => faultsOf(shape.of, member, [...path, String(index + 1), 'member']))];
  }
  return own;
}

function faultsOfMembers(
  { members, required = [] }: StructureShape,
  value: Readonly<Record<string, unknown>>,
  path: readonly string[],
): Fault[] {
  const missing = required.filter((name) => value[name] === undefined);
  return [
    ...missing.map((name) => ({ at: [...path, camel(name)].join('.'), value: undefined, constraint: 'Member must not be null' })),
    ...Object.entries(value).flatMap(([name, member]) => {
      const shape = members[name];
      return shape === undefined ? [] : faultsOf(shape, member, [...path, camel(name)]);
    }),
  ];
}

function camel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The constraints that a value breaks, as sentences. */
function constraintsOf(shape: Shape, value: unknown): string[] {
  switch (shape.kind) {
    case 'text':
      return ofText(shape, value as string);
    case 'whole':
      return ofNumber(shape, value as number);
    case 'list': {
      const members = shape.of.kind === 'structure' ? [] : (value as readonly unknown[]).flatMap((one) => constraintsOf(shape.of, one));
      return [...ofLength(shape, (value as readonly unknown[]).length), ...nested('Member must satisfy constraint', members)];
    }
    case 'map': {
      const entries = Object.entries(value as Readonly<Record<string, unknown>>);
      const keys = entries.flatMap(([key]) => constraintsOf(shape.key, key));
      const values = entries.flatMap(([, one]) => constraintsOf(shape.of, one));
      return [
        ...ofLength(shape, entries.length),
        ...nested('Map keys must satisfy constraint', keys),
        ...nested('Map value must satisfy constraint', values),
      ];
    }
    default:
      return [];
  }
}

function nested(what: string, constraints: readonly string[]): string[] {
  return constraints.length === 0 ? [] : [`${what}: [${[...new Set(constraints)].join(', ')}]`];
}

function ofText({ values, pattern: form, ...length }: Extract<Shape, { kind: 'text' }>, value: string): string[] {
  return [
    ...ofLength(length, value.length),
    ...(form === undefined || form.matches.test(value) ? [] : [`Member must satisfy regular expression pattern: ${form.shown}`]),
    ...(values === undefined || values.includes(value) ? [] : [`Member must satisfy enum value set: [${values.join(', ')}]`]),
  ];
}

function ofLength({ min = 0, max = Number.POSITIVE_INFINITY }: { readonly min?: number; readonly max?: number }, length: number): string[] {
  if (length < min) return [`Member must have length greater than or equal to ${String(min)}`];
  return length > max ? [`Member must have length less than or equal to ${String(max)}`] : [];
}

function ofNumber({ min, max }: Extract<Shape, { kind: 'whole' }>, value: number): string[] {
  if (min !== undefined && value < min) return [`Member must have value greater than or equal to ${String(min)}`];
  return max !== undefined && value > max ? [`Member must have value less than or equal to ${String(max)}`] : [];
}
