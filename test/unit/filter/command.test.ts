import { describe, expect, it } from 'vitest';
import { answerFilter, answerFilterLine } from '../../../src/filter/index.ts';

describe('a line of `millrace filter test`', () => {
  it.each([
    ['{"pattern":{"a":[1]},"event":{"a":1}}', '{"match":true}'],
    ['{"event":{"a":2},"pattern":{"a":[1]}}', '{"match":false}'],
    ['{"pattern":"{\\"a\\":[{\\"prefix\\":\\"x\\"}]}","event":{"a":"xy"}}', '{"match":true}'],
    ['{"pattern":{"a":[{"exists":false}]},"event":5}', '{"match":false}'],
    ['{"pattern":{"a":[{"exists":false}]},"event":"{}"}', '{"match":false}'],
    ['  ', undefined],
    ['', undefined],
  ])('%s', (line, answer) => {
    expect(answerFilterLine(line)).toBe(answer);
  });

  it.each([
    ['a duplicate key', '{"pattern":{"a":["x"],"a":["y"]},"event":{"a":"y"}}', true],
    ['a number that no double holds, equal', '{"pattern":{"a":[12345678901234567891]},"event":{"a":12345678901234567891}}', true],
    ['a number that no double holds, one off', '{"pattern":{"a":[12345678901234567891]},"event":{"a":12345678901234567892}}', false],
    ['a number that no double holds, in another form', '{"pattern":{"a":[1e400]},"event":{"a":1E400}}', false],
    ['a number that no double holds is above nothing', '{"pattern":{"a":[{"numeric":[">",0]}]},"event":{"a":1e400}}', false],
    ['and is anything but a number', '{"pattern":{"a":[{"anything-but":[0]}]},"event":{"a":1e400}}', true],
    ['and is there', '{"pattern":{"a":[{"exists":true}]},"event":{"a":[1e400]}}', true],
    ['a number of 17 digits that a double holds', '{"pattern":{"a":[27.807807921694092]},"event":{"a":27.807807921694092}}', true],
    ['zeros behind a number', '{"pattern":{"a":[1.50000000000000000000]},"event":{"a":15e-1}}', true],
  ])('looks at the text as it is written: %s', (_case, line, match) => {
    expect(answerFilterLine(line)).toBe(JSON.stringify({ match }));
  });

  it.each([
    ['{"pattern":{"a":[]},"event":{}}', 'Invalid filter pattern definition. Reason: Empty arrays are not allowed (at a, character 5)'],
    [
      '{"pattern":"x","event":{}}',
      'Invalid filter pattern definition. Reason: Not valid JSON: a JSON value is expected here (at character 0)',
    ],
    ['{"pattern":null,"event":{}}', 'Invalid filter pattern definition. Reason: Filter is not an object (at character 0)'],
    ['{"event":{}}', 'Not valid JSON: the line has no "pattern" (at character 11)'],
    ['{"pattern":{"a":[1]}}', 'Not valid JSON: the line has no "event" (at character 20)'],
    ['[]', 'Not valid JSON: an object with "pattern" and "event" is expected (at character 0)'],
    ['{', 'Not valid JSON: a key in double quotes is expected here (at character 1)'],
  ])('answers an error in one line: %s', (line, error) => {
    expect(answerFilterLine(line)).toBe(JSON.stringify({ error }));
  });

  it('looks for the limit of 4,096 characters on the pattern itself', () => {
    const line = (spaces: number): string => `{"pattern":{"a":[1]${' '.repeat(spaces)}},"event":{"a":1}}`;
    expect(answerFilterLine(line(4087))).toBe('{"match":true}');
    expect(answerFilterLine(line(4088))).toContain('at most 4096');
  });
});

describe('`millrace filter`', () => {
  it('explains', () => {
    expect(answerFilter('{"a":[1]}', '{"a":1.0}')).toEqual({ match: true });
    expect(answerFilter('{"a":[1]}', '{"a":1e400}')).toMatchObject({ match: false, rejections: [{ path: 'a', found: [Number('1e400')] }] });
  });

  it('answers what is wrong with the pattern or the event', () => {
    expect(answerFilter('{}', '{}')).toEqual({
      error: 'Invalid filter pattern definition. Reason: Empty objects are not allowed (at character 0)',
    });
    expect(answerFilter('{"a":[1]}', '{')).toEqual({ error: 'Not valid JSON: a key in double quotes is expected here (at character 1)' });
  });
});
