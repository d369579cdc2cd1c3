import { describe, expect, it } from 'vitest';
import { compileFilterPattern, FilterPatternError } from '../../../src/filter/index.ts';

function refusal(pattern: string): FilterPatternError {
  try {
    compileFilterPattern(pattern);
  } catch (error) {
    if (error instanceof FilterPatternError) return error;
    throw error;
  }
  throw new Error(`was taken: ${pattern}`);
}

type Row = readonly [pattern: string, reason: string, path: string, offset: number];

function refuses(rows: readonly Row[]): void {
  it.each(rows)('%s', (pattern, reason, path, offset) => {
    const { message, detail } = refusal(pattern);
    expect(message).toBe('Invalid filter pattern definition.');
    expect(detail).toEqual({ reason, path, offset });
  });
}

describe('what Lambda refuses at create', () => {
  refuses([
    ['null', 'Filter is not an object', '', 0],
    ['"simple string"', 'Filter is not an object', '', 0],
    ['{"eventSource":"aws:sqs"}', '"eventSource" must be an object or an array', 'eventSource', 15],
    ['{"eventSource":[]}', 'Empty arrays are not allowed', 'eventSource', 15],
    ['single-string', 'Not valid JSON: a JSON value is expected here', '', 0],
    ['[{"eventName": ["INSERT"=123}]', 'Not valid JSON: a comma or the end of the array is expected here', '', 24],
  ]);
});

describe('text that is no JSON object', () => {
  refuses([
    ['', 'Not valid JSON: the text ends where a value is expected', '', 0],
    ['[1]', 'Filter is not an object', '', 0],
    ['{"a":[1]} x', 'Not valid JSON: more text follows behind the end of the value', '', 10],
    ["{'a':[1]}", 'Not valid JSON: a key in double quotes is expected here', '', 1],
    ['{"a" [1]}', 'Not valid JSON: a colon is expected here', '', 5],
    ['{"a":[1],}', 'Not valid JSON: a key in double quotes is expected here', '', 9],
    ['{"a":[1', 'Not valid JSON: a comma or the end of the array is expected here', '', 7],
    ['{"a":[1]', 'Not valid JSON: a comma or the end of the object is expected here', '', 8],
    ['{"a":[01]}', 'Not valid JSON: a comma or the end of the array is expected here', '', 7],
    ['{"a":["\t"]}', 'Not valid JSON: a control character in a string has to be escaped', '', 7],
    ['{"a":["\\x"]}', 'Not valid JSON: no such escape in a JSON string', '', 7],
    ['{"a":["\\u12g4"]}', 'Not valid JSON: four hexadecimal digits are expected here', '', 9],
    ['{"a":["x', 'Not valid JSON: the text ends within a string', '', 8],
    ['{"a":[NaN]}', 'Not valid JSON: a JSON value is expected here', '', 6],
    ['['.repeat(1001), 'Not valid JSON: nested deeper than 1000 levels', '', 1000],
  ]);
});

describe('shapes', () => {
  refuses([
    ['{}', 'Empty objects are not allowed', '', 0],
    ['{"a":{"b":{}}}', 'Empty objects are not allowed', 'a.b', 10],
    ['{"a":[[1]]}', 'Match value must be String, number, true, false, or null', 'a[0]', 6],
    ['{"a":[{}]}', 'Match expression name not found', 'a[0]', 6],
    ['{"a":["x",{"EXISTS":true}]}', 'Unrecognized match type EXISTS', 'a[1].EXISTS', 11],
    ['{"a":[{"prefix":"x","suffix":"y"}]}', 'Only one key allowed in match expression', 'a[0].suffix', 20],
    ['{"a":[{"exactly":1}]}', 'exact match pattern must be a string', 'a[0].exactly', 17],
    ['{"a":[{"prefix":1}]}', 'prefix match pattern must be a string', 'a[0].prefix', 16],
    ['{"a":[{"prefix":["x"]}]}', 'prefix match pattern must be a string', 'a[0].prefix', 16],
    ['{"a":[{"prefix":{"x":"y"}}]}', 'Unsupported prefix pattern: x', 'a[0].prefix.x', 17],
    ['{"a":[{"prefix":{}}]}', 'Prefix expression name not found', 'a[0].prefix', 16],
    [
      '{"a":[{"suffix":{"equals-ignore-case":1}}]}',
      'equals-ignore-case match pattern must be a string',
      'a[0].suffix.equals-ignore-case',
      38,
    ],
    ['{"a":[{"suffix":[".png"]}]}', 'suffix match pattern must be a string', 'a[0].suffix', 16],
    ['{"a":[{"equals-ignore-case":["x"]}]}', 'equals-ignore-case match pattern must be a string', 'a[0].equals-ignore-case', 28],
    ['{"a":[{"exists":"true"}]}', 'exists match pattern must be either true or false.', 'a[0].exists', 16],
  ]);
});

describe('wildcards', () => {
  const complex =
    'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character';
  refuses([
    ['{"a":[{"wildcard":1}]}', 'wildcard match pattern must be a string', 'a[0].wildcard', 18],
    ['{"a":[{"wildcard":"é**"}]}', 'Consecutive wildcard characters at pos 3', 'a[0].wildcard', 18],
    ['{"a":[{"wildcard":"a\\\\b"}]}', 'Invalid escape character at pos 2', 'a[0].wildcard', 18],
    ['{"a":[{"wildcard":"\\\\"}]}', 'Invalid escape character at pos 1', 'a[0].wildcard', 18],
    ['{"a":[{"wildcard":"*:*:*:*:*:event-bus/*"}]}', complex, 'a[0].wildcard', 18],
    ['{"a":[{"anything-but":{"wildcard":["x","**"]}}]}', 'Consecutive wildcard characters at pos 1', 'a[0].anything-but.wildcard[1]', 39],
  ]);
});

describe('anything-but', () => {
  const wrongValue = 'Value of anything-but must be an array or single string/number value.';
  const mixed = 'Inside anything but list, either all values are number or string, mixed type is not supported';
  const wrongCase = 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.';
  refuses([
    ['{"a":[{"anything-but":null}]}', wrongValue, 'a[0].anything-but', 22],
    ['{"a":[{"anything-but":true}]}', wrongValue, 'a[0].anything-but', 22],
    ['{"a":[{"anything-but":[]}]}', mixed, 'a[0].anything-but', 22],
    ['{"a":[{"anything-but":["x",1]}]}', mixed, 'a[0].anything-but', 22],
    ['{"a":[{"anything-but":["x",null]}]}', 'Inside anything but list, start|null|boolean is not supported.', 'a[0].anything-but[1]', 27],
    ['{"a":[{"anything-but":1e400}]}', 'Cannot compare number : 1e400', 'a[0].anything-but', 22],
    ['{"a":[{"anything-but":{}}]}', 'Anything-But expression name not found', 'a[0].anything-but', 22],
    ['{"a":[{"anything-but":{"numeric":1}}]}', 'Unsupported anything-but pattern: numeric', 'a[0].anything-but.numeric', 23],
    ['{"a":[{"anything-but":{"prefix":""}}]}', 'Null prefix/suffix not allowed', 'a[0].anything-but.prefix', 32],
    ['{"a":[{"anything-but":{"suffix":["x",""]}}]}', 'Null prefix/suffix not allowed', 'a[0].anything-but.suffix[1]', 37],
    ['{"a":[{"anything-but":{"prefix":1}}]}', 'prefix/suffix match pattern must be a string', 'a[0].anything-but.prefix', 32],
    ['{"a":[{"anything-but":{"prefix":[]}}]}', 'Empty arrays are not allowed', 'a[0].anything-but.prefix', 32],
    ['{"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]}', wrongValue, 'a[0].anything-but.prefix', 32],
    ['{"a":[{"anything-but":{"equals-ignore-case":1}}]}', wrongCase, 'a[0].anything-but.equals-ignore-case', 44],
    ['{"a":[{"anything-but":{"prefix":"x","a":1}}]}', 'Only one key allowed in match expression', 'a[0].anything-but.a', 36],
  ]);
});

describe('numeric and cidr', () => {
  refuses([
    ['{"a":[{"numeric":10}]}', 'Value of numeric must be an array.', 'a[0].numeric', 17],
    ['{"a":[{"numeric":[]}]}', 'Invalid member in numeric match: a comparison is expected', 'a[0].numeric[0]', 17],
    ['{"a":[{"numeric":[">"]}]}', 'Value of > must be numeric', 'a[0].numeric[1]', 21],
    ['{"a":[{"numeric":["=","1"]}]}', 'Value of equals must be numeric', 'a[0].numeric[1]', 22],
    ['{"a":[{"numeric":["=",1,2]}]}', 'Too many elements in numeric expression', 'a[0].numeric[2]', 24],
    ['{"a":[{"numeric":["<",1,">",0]}]}', 'Too many elements in numeric expression', 'a[0].numeric[2]', 24],
    ['{"a":[{"numeric":[">",0,">",0]}]}', 'Bad numeric range operator: >', 'a[0].numeric[2]', 24],
    ['{"a":[{"numeric":[">",0,"<"]}]}', 'Value of < must be numeric', 'a[0].numeric[3]', 27],
    ['{"a":[{"numeric":[">",0,1]}]}', 'Bad value in numeric range', 'a[0].numeric[2]', 24],
    ['{"a":[{"numeric":[">",5,"<",5]}]}', 'Bottom must be less than top', 'a[0].numeric[3]', 28],
    ['{"a":[{"numeric":[">",0,"<",5,6]}]}', 'Too many terms in numeric range expression', 'a[0].numeric[4]', 30],
    ['{"a":[{"numeric":["!=",0]}]}', 'Unrecognized numeric range operator: !=', 'a[0].numeric[0]', 18],
    ['{"a":[{"numeric":["=",1E-325]}]}', 'Cannot compare number : 1E-325', 'a[0].numeric[1]', 22],
    ['{"a":[{"cidr":["x"]}]}', 'prefix match pattern must be a string', 'a[0].cidr', 14],
    ['{"a":[{"cidr":"bad-filter"}]}', "Malformed CIDR, one '/' required", 'a[0].cidr', 14],
    ['{"a":[{"cidr":"bad-/64filter"}]}', 'Malformed CIDR, mask bits must be an integer', 'a[0].cidr', 14],
    ['{"a":[{"cidr":"10.0.0.0/-1"}]}', 'Malformed CIDR, mask bits must not be negative', 'a[0].cidr', 14],
    ['{"a":[{"cidr":"xx.11.xx/8"}]}', 'Nonstandard IP address: xx.11.xx', 'a[0].cidr', 14],
    ['{"a":[{"cidr":"xxxx:db8:1234:1a00::/64"}]}', 'Nonstandard IP address: xxxx:db8:1234:1a00::', 'a[0].cidr', 14],
    ['{"a":[{"cidr":"10.0.0.256/8"}]}', 'Invalid IP address: 10.0.0.256', 'a[0].cidr', 14],
    ['{"a":[{"cidr":"1:2::3::4/8"}]}', 'Invalid IP address: 1:2::3::4', 'a[0].cidr', 14],
    ['{"a":[{"cidr":"10.0.0.0/32"}]}', 'IPv4 mask bits must be < 32', 'a[0].cidr', 14],
    ['{"a":[{"cidr":"::1/128"}]}', 'IPv6 mask bits must be < 128', 'a[0].cidr', 14],
  ]);
});

describe('$or and limits', () => {
  refuses([
    ['{"$or":[{"a":[1]}]}', 'There must have at least 2 Objects in $or relationship.', '$or', 7],
    ['{"a":{"$or":[{"b":[1]},[{"c":[2]}]]}}', 'Only JSON object is allowed in array of $or relationship.', 'a.$or[1]', 23],
    ['{"$or":[{"a":[1]},{"prefix":["x"]}]}', 'prefix is Ruler reserved fieldName which cannot be used inside $or.', '$or[1].prefix', 19],
    ['{"$or":"x"}', 'It must be an Array followed with $or.', '$or', 7],
    ['{"$or":[{"a":[1]},{"b":[{"x":1}]}]}', 'Unrecognized match type x', '$or[1].b[0].x', 25],
  ]);

  it('refuses more combinations than a thousand, without ever making them', () => {
    const pairs = Array.from({ length: 100 }, () => '"$or":[{"a":[1]},{"b":[2]}]').join(',');
    expect(refusal(`{${pairs}}`).detail).toMatchObject({ reason: 'Rule is too complex - more than 1000 combinations of $or' });
    expect(() => compileFilterPattern(`{${pairs.split(',"$or"').slice(0, 9).join(',"$or"')}}`)).not.toThrow();
  });

  it('refuses more than 256 fields', () => {
    const fields = (count: number): string => `{${Array.from({ length: count }, (_, index) => `"${String(index)}":[1]`).join(',')}}`;
    expect(refusal(fields(257)).detail.reason).toBe('The pattern names 257 fields; at most 256 are allowed');
    expect(() => compileFilterPattern(fields(256))).not.toThrow();
  });

  it('refuses more than 4,096 characters, however they are used', () => {
    const padded = (length: number): string => `{"a":[1]}${' '.repeat(length - 9)}`;
    expect(() => compileFilterPattern(padded(4096))).not.toThrow();
    const { reason, offset } = refusal(padded(4097)).detail;
    expect([reason, offset]).toEqual(['The pattern has 4097 characters; at most 4096 are allowed', 4096]);
  });

  it('takes the deepest pattern that fits into 4,096 characters', () => {
    const depth = 680;
    const compiled = compileFilterPattern(`${'{"a":'.repeat(depth)}[1]${'}'.repeat(depth)}`);
    const event = (value: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}${String(value)}${'}'.repeat(depth)}`);
    expect([compiled.matches(event(1)), compiled.matches(event(2))]).toEqual([true, false]);
    expect(compiled.matches({ [Array(depth).fill('a').join('.')]: 1 })).toBe(true);
  });
});
