import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilterCriteria, compileFilterPattern } from '../../src/filter/index.ts';
import { clauses, events, eventsFor, exclusions, patterns } from './filter-arbitraries.ts';
import { type Json, type JsonObject, obviouslyMatches } from './filter-oracle.ts';

const matches = (pattern: JsonObject, event: Json): boolean => compileFilterPattern(JSON.stringify(pattern)).matches(event);
const patternAndEvent = patterns.chain((pattern) => fc.tuple(fc.constant(pattern), eventsFor(pattern)));

describe('a compiled pattern', () => {
  it('agrees with the obvious interpreter on every event', () => {
    let matched = 0;
    fc.assert(
      fc.property(patternAndEvent, ([pattern, event]) => {
        const expected = obviouslyMatches(pattern, event);
        if (expected) matched += 1;
        expect(matches(pattern, event)).toBe(expected);
      }),
      { numRuns: 4000 },
    );
    expect(matched).toBeGreaterThan(400);
  });

  it('matches or explains, and never changes the event', () => {
    fc.assert(
      fc.property(patternAndEvent, ([pattern, event]) => {
        const before = JSON.stringify(event);
        const compiled = compileFilterPattern(JSON.stringify(pattern));
        const explained = compiled.explain(event);
        expect(explained.match).toBe(compiled.matches(event));
        if (!explained.match) expect(explained.rejections.every(({ path, reason }) => path !== '' && reason !== '')).toBe(true);
        expect(JSON.stringify(event)).toBe(before);
      }),
    );
  });

  it('matches a value that is there either by a clause or by its negation', () => {
    const values = fc.oneof(fc.constantFrom('', 'x', 'XY', '*', '10.0.0.1'), fc.constantFrom(0, 1, 300), fc.constantFrom(null, true));
    fc.assert(
      fc.property(exclusions, values, (exclusion, value) => {
        const operator = typeof exclusion === 'object' && exclusion !== null && !Array.isArray(exclusion);
        const positive: readonly Json[] = operator
          ? Object.entries(exclusion).flatMap(([name, operand]) => [operand].flat().map((one) => ({ [name]: one })))
          : [exclusion].flat().map((one) => (typeof one === 'string' ? { exactly: one } : (one as Json)));
        expect(matches({ a: [{ 'anything-but': exclusion }] }, { a: value })).toBe(!matches({ a: positive }, { a: value }));
        expect(matches({ a: [{ 'anything-but': exclusion }] }, {})).toBe(false);
      }),
    );
  });

  it('does not care for the order of keys, in the pattern and in the event', () => {
    fc.assert(
      fc.property(patternAndEvent, ([pattern, event]) => {
        expect(matches(reversed(pattern) as JsonObject, reversed(event))).toBe(matches(pattern, event));
      }),
    );
  });

  it('does not care for the order of elements', () => {
    fc.assert(
      fc.property(patternAndEvent, ([pattern, event]) => {
        expect(matches(pattern, turned(event))).toBe(matches(pattern, event));
      }),
    );
  });

  it('does not look at fields it does not name', () => {
    fc.assert(
      fc.property(patternAndEvent, fc.jsonValue(), ([pattern, event], other) => {
        expect(matches(pattern, { ...event, zzz: other as Json })).toBe(matches(pattern, event));
      }),
    );
  });

  it('with more clauses behind a field matches more', () => {
    const two = fc.array(clauses, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(two, two, events, (one, other, event) => {
        const either = matches({ a: one }, event) || matches({ a: other }, event);
        expect(matches({ a: [...one, ...other] }, event)).toBe(either);
      }),
    );
  });
});

describe('filters', () => {
  it('want what any of them wants, as $or does', () => {
    const some = patterns.chain((pattern) => fc.tuple(fc.tuple(fc.constant(pattern), patterns), eventsFor(pattern)));
    fc.assert(
      fc.property(some, ([both, event]) => {
        const expected = both.some((pattern) => matches(pattern, event));
        const filters = both.map((pattern) => ({ pattern: JSON.stringify({ body: pattern }) }));
        const body = JSON.stringify(event);
        const view = { data: () => body, metadata: () => undefined };
        expect(compileFilterCriteria({ filters }, 'sqs')?.accepts(view)).toBe(expected);
        expect(matches({ $or: both }, event)).toBe(expected);
      }),
    );
  });

  it('may be more than one walk decides at once', () => {
    const short = fc.constantFrom<Json>('x', 'y', 1, 2, null, { exists: false }, { prefix: 'y' });
    const one = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'a.b'), fc.tuple(short), { minKeys: 2, maxKeys: 3, noNullPrototype: true });
    const many = fc.array(one, { minLength: 40, maxLength: 70 });
    const some = many.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.nat(all.length - 1).chain((index) => eventsFor(all[index] ?? {})),
      ),
    );
    fc.assert(
      fc.property(some, ([all, event]) => {
        expect(matches({ $or: all }, event)).toBe(obviouslyMatches({ $or: all }, event));
      }),
      { numRuns: 200 },
    );
  });
});

/** Every object with its keys the other way round. */
function reversed(json: Json): Json {
  if (Array.isArray(json)) return (json as readonly Json[]).map(reversed);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .reverse()
      .map(([key, value]) => [key, reversed(value)]),
  );
}

/** Every array the other way round. */
function turned(json: Json): Json {
  if (Array.isArray(json)) return (json as readonly Json[]).map(turned).reverse();
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, turned(value)]));
}
