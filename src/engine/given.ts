import { ConfigError } from '../contract/index.ts';
import { type Checked, kindOf } from '../mapping/index.ts';

/** A mapping's name is a label in logs and metrics and a key in stores, so its length is bounded, characters. */
const NAME_LENGTH_MAX = 256;

const QUEUE_METHODS = ['describe', 'receive', 'delete', 'changeVisibility', 'depth'];
const STREAM_METHODS = ['describe', 'listShards', 'read', 'toEvent'];
const TOPIC_METHODS = ['describe', 'join', 'toEvent'];

/** Refuses what callers without types may hand over as the parts of a mapping. Throws a ConfigError that names all that is wrong. */
export function checkMappingParts(
  given: { readonly source: unknown; readonly target?: unknown; readonly functionName?: unknown; readonly name?: unknown },
  at: Checked,
): void {
  const { source, name } = given;
  const problems = [
    ...([QUEUE_METHODS, STREAM_METHODS, TOPIC_METHODS].some((methods) => hasMethods(source, methods))
      ? []
      : [problem(at, 'source', "a source such as sqs({ queue: 'arn:...' }) or embeddedQueue({ name })", source)]),
    ...checkInvoked(given, at),
    ...(name === undefined || (typeof name === 'string' && name.length > 0 && name.length <= NAME_LENGTH_MAX)
      ? []
      : [problem(at, 'name', `a text of 1 to ${String(NAME_LENGTH_MAX)} characters`, name)]),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

function checkInvoked(
  { target, functionName }: { readonly target?: unknown; readonly functionName?: unknown },
  at: Checked,
): ConfigError['problems'][number][] {
  if (functionName === undefined) return isTarget(target) || isRef(target) ? [] : [problem(at, 'target', TARGET, target)];
  if (target !== undefined)
    return [problem(at, 'functionName', 'left out beside a target: a mapping invokes one or the other', functionName)];
  return typeof functionName === 'string' ? [] : [problem(at, 'functionName', 'the name or ARN of a function', functionName)];
}

/** Refuses what is no target. Throws a ConfigError. */
export function checkTarget(target: unknown, at: Checked): void {
  if (!isTarget(target)) throw new ConfigError([problem(at, 'target', TARGET, target)]);
}

const TARGET = 'a handler, async (event, context) => ..., or a target such as http({ url })';

function problem(
  { at = '', spell = (name) => name }: Checked,
  name: string,
  what: string,
  value: unknown,
): ConfigError['problems'][number] {
  return { field: at === '' ? spell(name) : `${at}.${spell(name)}`, message: `must be ${what}, but is ${kindOf(value)}` };
}

function isTarget(given: unknown): boolean {
  return hasMethods(given, ['invoke']);
}

function isRef(given: unknown): boolean {
  return typeof given === 'object' && given !== null && 'kind' in given && given.kind === 'function';
}

function hasMethods(given: unknown, names: readonly string[]): boolean {
  if (typeof given !== 'object' || given === null) return false;
  return names.every((name) => typeof (given as Readonly<Record<string, unknown>>)[name] === 'function');
}
