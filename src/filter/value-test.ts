import type { Clause, NumberRange, StringClause } from './clause.ts';
import { foldCase } from './ignore-case.ts';
import { inRange, ipDigits } from './ip-address.ts';
import { splitWildcard, wildcardTest } from './wildcard.ts';

/** A test of one value of a field: a string, a number, a boolean, null or an ExactNumber. */
export type ValueTest = (value: unknown) => boolean;

type Test<Value> = (value: Value) => boolean;

/** One test for all clauses of a field; `exists: false` matches no value. */
export function valueTest(clauses: readonly Clause[]): ValueTest {
  if (clauses.some((clause) => clause.op === 'exists' && clause.present)) return always;
  const text = anyOf(textTests(clauses));
  const number = anyOf(clauses.flatMap(numberTests));
  const other = anyOf(clauses.flatMap(otherTests));
  return (value) => {
    if (typeof value === 'string') return text(value);
    return typeof value === 'number' ? number(value) : other(value);
  };
}

const always = (): boolean => true;
const never = (): boolean => false;

function anyOf<Value>(tests: readonly Test<Value>[]): Test<Value> {
  const [first, second, ...others] = tests;
  if (first === undefined) return never;
  if (second === undefined) return first;
  const rest = others.length === 0 ? second : anyOf([second, ...others]);
  return (value) => first(value) || rest(value);
}

function textTests(clauses: readonly Clause[]): Test<string>[] {
  const exact = clauses.flatMap((clause) => (clause.op === 'exactly' && typeof clause.value === 'string' ? [clause.value] : []));
  return [...(exact.length === 0 ? [] : [oneOf(exact)]), ...clauses.flatMap(textTest)];
}

function oneOf(texts: readonly string[]): Test<string> {
  const [only, second] = texts;
  if (second === undefined) return (text) => text === only;
  const all = new Set(texts);
  return (text) => all.has(text);
}

function textTest(clause: Clause): Test<string>[] {
  switch (clause.op) {
    case 'exactly':
    case 'number':
    case 'numeric':
    case 'exists':
      return [];
    case 'address':
      return [(text) => text === clause.value || ipDigits(text) === clause.digits];
    case 'cidr':
      return [(text) => inRange(text, clause)];
    case 'anything-but': {
      const excluded = oneOf(clause.strings);
      return [(text) => !excluded(text)];
    }
    case 'anything-but-number':
      return [always];
    case 'anything-but-match': {
      const excluded = anyOf(clause.of.map(stringTest));
      return [(text) => !excluded(text)];
    }
    default:
      return [stringTest(clause)];
  }
}

function stringTest(clause: StringClause): Test<string> {
  const { value } = clause;
  switch (clause.op) {
    case 'wildcard': {
      const pieces = splitWildcard(value);
      return typeof pieces === 'string' ? never : wildcardTest(pieces);
    }
    case 'equals-ignore-case':
      return foldCase(value).equals;
    case 'prefix':
      return clause.ignoreCase ? foldCase(value).startsWith : (text) => text.startsWith(value);
    case 'suffix':
      return clause.ignoreCase ? foldCase(value).endsWith : (text) => text.endsWith(value);
  }
}

function numberTests(clause: Clause): Test<number>[] {
  switch (clause.op) {
    case 'number': {
      // Of a number that no double holds a parsed event has kept the nearest double: that has to do.
      const wanted = clause.value ?? Number(clause.text);
      return [(value) => value === wanted];
    }
    case 'numeric':
      return [rangeTest(clause.range)];
    case 'anything-but-number': {
      const excluded = new Set(clause.numbers);
      return [(value) => !excluded.has(value)];
    }
    case 'anything-but':
    case 'anything-but-match':
      return [always];
    default:
      return [];
  }
}

function rangeTest({ bottom, openBottom, top, openTop }: NumberRange): Test<number> {
  if (openBottom) return openTop ? (value) => value > bottom && value < top : (value) => value > bottom && value <= top;
  return openTop ? (value) => value >= bottom && value < top : (value) => value >= bottom && value <= top;
}

/** Booleans, null and numbers that no double holds. */
function otherTests(clause: Clause): Test<unknown>[] {
  switch (clause.op) {
    case 'exactly':
      return typeof clause.value === 'string' ? [] : [(value) => value === clause.value];
    case 'number':
      return clause.value === undefined ? [(value) => typeof value === 'symbol' && value.description === clause.text] : [];
    case 'anything-but':
    case 'anything-but-number':
    case 'anything-but-match':
      return [always];
    default:
      return [];
  }
}
