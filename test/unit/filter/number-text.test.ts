import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparable, mayHoldExactNumbers } from '../../../src/filter/number-text.ts';

describe('comparable', () => {
  it.each([
    ['300.0', 300],
    ['3e2', 300],
    ['0.3E+3', 300],
    ['-0', 0],
    ['0.000', 0],
    ['27.807807921694092', 27.807807921694092],
    ['9007199254740992', 2 ** 53],
    ['1E-320', 1e-320],
    ['1e308', 1e308],
    ['1.7976931348623157e308', Number.MAX_VALUE],
  ])('%s is the double %d', (text, value) => {
    expect(comparable(text)).toBe(text === '-0' ? -0 : value);
  });

  it.each(['1e309', '-1e400', '1E-325', '9007199254740993', '12345678901234567891', '0.1000000000000000055', '1e99999999999999999999'])(
    'no double is %s',
    (text) => {
      expect(comparable(text)).toBeUndefined();
    },
  );

  it('takes no longer than its digits, whatever zeros are among them', () => {
    expect(comparable(`1.${'0'.repeat(250_000)}1`)).toBeUndefined();
    expect(comparable(`1.5${'0'.repeat(250_000)}`)).toBe(1.5);
  });

  it('is the number itself for everything that a double is written as', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(comparable(String(value))).toBe(value === 0 ? 0 : value);
        expect(comparable(value.toExponential())).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});

describe('a text that may hold numbers which JSON.parse changes', () => {
  it('is always found', () => {
    const digits = fc.array(fc.constantFrom('0', '1', '9', '.'), { minLength: 1, maxLength: 30 }).map((all) => all.join(''));
    const numbers = fc
      .tuple(fc.constantFrom('', '-'), digits, fc.constantFrom('', 'e5', 'E+99', 'e-320', 'E400', 'e+0005'))
      .map((parts) => parts.join(''))
      .filter((text) => {
        try {
          return typeof JSON.parse(text) === 'number';
        } catch {
          return false;
        }
      });
    fc.assert(
      fc.property(numbers, fc.nat(40), (number, indent) => {
        const isExact = comparable(number) !== undefined;
        for (const text of [number, `[1,${number}]`, `{"a":${number}}`, `{"a": [${' '.repeat(indent)}${number}]}`]) {
          if (!isExact) expect([text, mayHoldExactNumbers(text)]).toEqual([text, true]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '{"id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","n":1.25}',
    '{"sequence":"49640000000000000000000000000001","at":1760000000.123}',
  ])('is none where only strings hold so many digits: %s', (text) => {
    expect(mayHoldExactNumbers(text)).toBe(false);
  });
});
