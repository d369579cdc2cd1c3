import * as fc from 'fast-check';
import type { Json, JsonObject } from './filter-oracle.ts';

/** Few keys and values, so that patterns and events meet. */
const keys = fc.constantFrom('a', 'b', 'c', 'a.b', 'b.c');
const texts = fc.constantFrom('', 'x', 'X', 'xy', 'yx', 'xyx', '*', '\\', '10.0.0.1', '10.0.0.01', '10.0.1.1');
const numbers = fc.constantFrom(0, 1, 1.5, -1, 2, 300);
const literals = fc.constantFrom(true, false, null);
const scalars: fc.Arbitrary<Json> = fc.oneof({ weight: 3, arbitrary: texts }, numbers, literals);

const wildcards = fc
  .array(fc.constantFrom('x', 'y', '*', '\\*', '\\\\'), { maxLength: 6 })
  .map((signs) => signs.join('').replace(/(?<!\\)\*{2,}/g, '*'))
  .filter((wildcard) => !/(?<!\\)\*\*/.test(wildcard.replaceAll('\\\\', 'b').replaceAll('\\*', 's')) && wildcard.split('*').length < 6);
const oneOrMore = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | Value[]> =>
  fc.oneof(values, fc.array(values, { minLength: 1, maxLength: 3 }));
const some = texts.filter((text) => text !== '');

const comparisons = fc.oneof(
  fc.tuple(fc.constantFrom('=', '>', '>=', '<', '<='), numbers),
  fc.tuple(fc.constantFrom('>', '>='), numbers, fc.constantFrom('<', '<='), numbers).filter(([, bottom, , top]) => bottom < top),
);

/** What `anything-but` excludes. */
export const exclusions: fc.Arbitrary<Json> = fc.oneof(
  oneOrMore(texts),
  oneOrMore(numbers),
  fc.record({ prefix: oneOrMore(some) }),
  fc.record({ suffix: oneOrMore(some) }),
  fc.record({ 'equals-ignore-case': oneOrMore(texts) }),
  fc.record({ wildcard: oneOrMore(wildcards) }),
);

export const clauses: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalars },
  fc.record({ exactly: texts }),
  fc.record({ prefix: fc.oneof(texts, fc.record({ 'equals-ignore-case': texts })) }),
  fc.record({ suffix: fc.oneof(texts, fc.record({ 'equals-ignore-case': texts })) }),
  fc.record({ 'equals-ignore-case': texts }),
  fc.record({ wildcard: wildcards }),
  fc.record({ 'anything-but': exclusions }),
  fc.record({ numeric: comparisons }),
  { weight: 3, arbitrary: fc.record({ exists: fc.boolean() }) },
  fc.record({ cidr: fc.constantFrom('10.0.0.0/24', '10.0.0.0/8', '0.0.0.0/0', '10.0.0.1/31') }),
);

const fields: fc.Arbitrary<readonly Json[]> = fc.array(clauses, { minLength: 1, maxLength: 3 });

/** No path twice: of those the last would count, which is another test's business. */
function hasDistinctPaths(pattern: JsonObject): boolean {
  const paths = (one: JsonObject, prefix: string): string[][] =>
    Object.entries(one).reduce<string[][]>(
      (ways, [key, value]) => {
        let more: string[][];
        if (key === '$or') more = (value as readonly JsonObject[]).flatMap((inner) => paths(inner, prefix));
        else if (Array.isArray(value)) more = [[prefix + key]];
        else more = paths(value as JsonObject, `${prefix}${key}.`);
        return ways.flatMap((way) => more.map((other) => [...way, ...other]));
      },
      [[]],
    );
  return paths(pattern, '').every((way) => new Set(way).size === way.length);
}

const { object } = fc.letrec<{ object: JsonObject; entry: Json }>((tie) => ({
  object: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc.dictionary(keys, fields, { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
    fc.dictionary(keys, tie('entry'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
    fc.record(
      { $or: fc.array(tie('object'), { minLength: 2, maxLength: 3 }), c: tie('entry') },
      { requiredKeys: ['$or'], noNullPrototype: true },
    ),
  ),
  entry: fc.oneof({ depthSize: 'small' }, fields, tie('object')),
}));

/** Valid patterns without duplicate paths. */
export const patterns: fc.Arbitrary<JsonObject> = object.filter(hasDistinctPaths);

const { event } = fc.letrec<{ event: JsonObject; value: Json }>((tie) => ({
  event: fc.dictionary(keys, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  value: fc.oneof({ depthSize: 'medium', maxDepth: 5 }, scalars, fc.array(tie('value'), { maxLength: 3 }), tie('event')),
}));

export const events: fc.Arbitrary<JsonObject> = event;

/** Events that are made from a pattern: much nearer to it than chance would be. */
export function eventsFor(pattern: JsonObject): fc.Arbitrary<JsonObject> {
  return fc.oneof(events, shaped(pattern));
}

function shaped(pattern: JsonObject): fc.Arbitrary<JsonObject> {
  const entries = Object.entries(pattern).flatMap(([key, value]) =>
    key === '$or' ? (value as readonly JsonObject[]).flatMap((one) => Object.entries(one)) : [[key, value] as const],
  );
  const record = Object.fromEntries(
    entries.map(([key, value]) => {
      const inner = Array.isArray(value) ? valuesFor(value as readonly Json[]) : shaped(value as JsonObject);
      return [key, fc.oneof(inner, fc.array(inner, { maxLength: 3 }), fc.array(fc.oneof(inner, events, scalars), { maxLength: 2 }))];
    }),
  );
  return fc.record(record, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<JsonObject>;
}

function valuesFor(field: readonly Json[]): fc.Arbitrary<Json> {
  const named = field.filter((clause) => typeof clause !== 'object' || clause === null);
  return named.length === 0 ? scalars : fc.oneof(scalars, fc.constantFrom(...named));
}
