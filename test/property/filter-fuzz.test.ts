import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerFilterLine, compileFilterPattern, FilterPatternError } from '../../src/filter/index.ts';
import { patterns } from './filter-arbitraries.ts';

/** What becomes of a text: a pattern, or a refusal with a place within it. Anything else fails the test. */
function compileAny(text: string): ReturnType<typeof compileFilterPattern> | undefined {
  try {
    return compileFilterPattern(text);
  } catch (error) {
    expect(error).toBeInstanceOf(FilterPatternError);
    const { detail } = error as FilterPatternError;
    expect(detail.reason).not.toBe('');
    expect(detail.offset).toBeGreaterThanOrEqual(0);
    expect(detail.offset).toBeLessThanOrEqual(text.length);
    return undefined;
  }
}

const signs = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '*',
  '0',
  '1',
  '-',
  '.',
  'e',
  'a',
  ' ',
  '\n',
  '\u0000',
  '\ud800',
  '$or',
  'null',
  '{}',
  '""',
);
const broken = fc.tuple(patterns, fc.array(fc.tuple(fc.nat(), fc.nat(3), signs), { minLength: 1, maxLength: 4 })).map(([pattern, edits]) =>
  edits.reduce((text, [where, cut, sign]) => {
    const at = where % (text.length + 1);
    return text.slice(0, at) + sign + text.slice(at + cut);
  }, JSON.stringify(pattern)),
);
/** Valid JSON in the shapes of patterns with whatever operand. */
const operators = fc.constantFrom(
  'prefix',
  'suffix',
  'wildcard',
  'anything-but',
  'numeric',
  'cidr',
  'exists',
  'equals-ignore-case',
  'exactly',
  '$or',
  'x',
);
const odd = fc
  .tuple(
    operators,
    fc.oneof(
      fc.jsonValue(),
      fc.tuple(operators, fc.jsonValue()).map(([name, value]) => ({ [name]: value })),
    ),
  )
  .map(([name, value]) => JSON.stringify({ a: [{ [name]: value }], [name]: value }));

describe('any text as a pattern', () => {
  it.each([
    ['of any letters', fc.string({ unit: 'binary', maxLength: 200 })],
    ['of the signs of JSON', fc.array(signs, { maxLength: 60 }).map((all) => all.join(''))],
    ['that is JSON', fc.json()],
    ['that is a pattern with mistakes', broken],
    ['that gives operators odd operands', odd],
  ])('%s is taken or refused with a place', (_kind, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        compileAny(text)?.matches({ a: 'x' });
      }),
      { numRuns: 1000 },
    );
  });

  it('takes as JSON exactly what JSON.parse takes', () => {
    const texts = fc.oneof(
      broken,
      fc.json(),
      fc.array(signs, { maxLength: 30 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        const line = answerFilterLine(`{"event":{},"pattern":${JSON.stringify(text)}}`);
        expect(line?.includes('Reason: Not valid JSON') === true).toBe(!isJson);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the worst patterns and events', () => {
  const long = 'ab'.repeat(250_000);
  it.each([
    ['a wildcard whose pieces nearly match everywhere', `*${'ab'.repeat(300)}c*${'ab'.repeat(300)}c*`, long],
    ['a wildcard of short pieces', '*b*b*b*b*c', long],
    ['a long suffix', `*${'ba'.repeat(1000)}`, long],
  ])('%s takes time linear in the text', (_case, wildcard, text) => {
    const compiled = compileFilterPattern(JSON.stringify({ a: [{ wildcard }, { 'anything-but': { wildcard: '*' } }] }));
    for (let round = 0; round < 20; round += 1) expect(compiled.matches({ a: text })).toBe(false);
  });

  it.each([
    ['fields in arrays beside each other', '{"a":{"x":[1]},"b":{"x":[1]},"c":{"x":[1],"y":[2]},"d":{"x":[1],"y":[2]}}'],
    ['fields that may be absent', '{"a":{"x":[1],"y":[{"exists":false}]},"b":{"x":[1]},"c":{"x":[1],"y":[2,{"exists":false}],"z":[3]}}'],
    ['fields below arrays in arrays', '{"a":{"b":{"x":[1]},"c":{"x":[1],"y":[2]},"d":{"x":[1]},"x":[1]}}'],
  ])('%s are decided without trying every combination', (_case, pattern) => {
    const list = (depth: number): unknown[] =>
      Array.from({ length: depth === 0 ? 1500 : 40 }, () =>
        depth === 0 ? { x: 1 } : { x: 1, b: list(depth - 1), c: list(depth - 1), d: list(depth - 1) },
      );
    const event = { a: pattern.includes('"d":{"x":[1]},"x"') ? list(1).slice(0, 5) : list(0), b: list(0), c: list(0), d: list(0) };
    const compiled = compileFilterPattern(pattern);
    expect(compiled.matches(event)).toBe(false);
    expect(compiled.matches({ ...event, 'zz.y': 1 })).toBe(false);
  });

  it('decides the most alternatives that a pattern can hold', () => {
    const ors = Array.from({ length: 9 }, (_, index) => `"k${String(index)}":{"$or":[{"a":["x"]},{"b":["y"]}]}`).join(',');
    const compiled = compileFilterPattern(`{${ors}}`);
    const event = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`k${String(index)}`, { b: 'y' }]));
    for (let round = 0; round < 200; round += 1) expect(compiled.matches(event)).toBe(true);
  });
});
