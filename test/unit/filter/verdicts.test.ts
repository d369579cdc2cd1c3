import { describe, expect, it } from 'vitest';
import { compileFilterPattern } from '../../../src/filter/index.ts';

type Row = readonly [promise: string, pattern: string, matching: readonly unknown[], others: readonly unknown[]];

function hold(rows: readonly Row[]): void {
  it.each(rows)('%s', (_promise, pattern, matching, others) => {
    const compiled = compileFilterPattern(pattern);
    for (const event of matching) expect([event, compiled.matches(event)]).toEqual([event, true]);
    for (const event of others) expect([event, compiled.matches(event)]).toEqual([event, false]);
  });
}

describe('exact values', () => {
  hold([
    ['a string equals itself, case and all', '{"a":["x","Y"]}', [{ a: 'x' }, { a: 'Y' }], [{ a: 'X' }, { a: '' }, {}, { a: 1 }]],
    ['the empty string is a value', '{"a":[""]}', [{ a: '' }], [{ a: null }, { a: [] }, {}, { a: ' ' }]],
    ['null matches null only', '{"a":[null]}', [{ a: null }, { a: [null] }], [{ a: 'null' }, { a: [] }, { a: '' }, { a: 0 }, {}]],
    ['booleans are no strings', '{"a":[true]}', [{ a: true }], [{ a: 'true' }, { a: false }, { a: 1 }]],
    ['exactly is the long form', '{"a":[{"exactly":"x"}]}', [{ a: 'x' }], [{ a: 'xx' }]],
    ['300, 300.0 and 3e2 are one number', '{"a":[3e2]}', [{ a: 300 }, { a: 300.0 }], [{ a: '300' }, { a: 300.1 }, { a: null }]],
    ['0 and -0 are one number', '{"a":[-0.0]}', [{ a: 0 }, { a: -0 }], [{ a: 1 }]],
    ['a number beyond a double equals the nearest', '{"a":[12345678901234567891]}', [JSON.parse('{"a":12345678901234567891}')], [{ a: 1 }]],
    ['keys are case-sensitive', '{"Key":["x"]}', [{ Key: 'x' }], [{ key: 'x' }]],
    ['unicode in keys and values', '{"ключ":["\\u00e9\\ud83d\\ude00"]}', [{ ключ: 'é😀' }], [{ ключ: 'e😀' }]],
    ['an address equals every way to write it', '{"a":["10.0.0.1"]}', [{ a: '10.0.0.1' }, { a: '10.00.0.001' }], [{ a: '10.0.0.10' }]],
    ['and so in version 6', '{"a":["2001:DB8::1"]}', [{ a: '2001:db8:0:0:0:0:0:1' }], [{ a: '2001:db8::2' }, { a: '2001:db8' }]],
    ['what only looks like an address is a string', '{"a":["08:23"]}', [{ a: '08:23' }], [{ a: '8:23' }]],
  ]);
});

describe('operators on strings', () => {
  hold([
    ['prefix', '{"a":[{"prefix":"ab"}]}', [{ a: 'ab' }, { a: 'abc' }], [{ a: 'a' }, { a: 'cab' }, { a: 'AB' }, { a: 12 }, {}]],
    ['an empty prefix matches every string', '{"a":[{"prefix":""}]}', [{ a: '' }, { a: 'x' }], [{ a: 1 }, { a: null }, {}]],
    ['suffix', '{"a":[{"suffix":"bc"}]}', [{ a: 'abc' }, { a: 'bc' }], [{ a: 'c' }, { a: 'bcd' }, { a: 5 }]],
    ['an empty suffix matches every string', '{"a":[{"suffix":""}]}', [{ a: '' }, { a: 'x' }], [{ a: true }]],
    ['prefix without case', '{"a":[{"prefix":{"equals-ignore-case":"aB"}}]}', [{ a: 'AbC' }, { a: 'ab' }], [{ a: 'b' }, { a: 'a' }]],
    ['suffix without case', '{"a":[{"suffix":{"equals-ignore-case":".Png"}}]}', [{ a: 'x.PNG' }, { a: '.png' }], [{ a: 'png' }]],
    ['equals-ignore-case', '{"a":[{"equals-ignore-case":"aÉß"}]}', [{ a: 'Aéß' }, { a: 'AÉSS' }], [{ a: 'aéss' }, { a: 'ae' }, { a: 1 }]],
    ['without case an empty string is empty', '{"a":[{"equals-ignore-case":""}]}', [{ a: '' }], [{ a: 'x' }, {}]],
    ['a text equals itself without case', '{"a":[{"equals-ignore-case":"ǅ😀"}]}', [{ a: 'ǅ😀' }, { a: 'ǆ😀' }], [{ a: '??' }]],
  ]);
});

describe('wildcard', () => {
  hold([
    [
      'a star is zero or more',
      '{"a":[{"wildcard":"a*b"}]}',
      [{ a: 'ab' }, { a: 'axxb' }, { a: 'abb' }],
      [{ a: 'a' }, { a: 'abc' }, { a: 'xab' }],
    ],
    ['a lone star matches every string', '{"a":[{"wildcard":"*"}]}', [{ a: '' }, { a: 'x' }], [{ a: 1 }, {}]],
    ['an empty wildcard matches the empty string', '{"a":[{"wildcard":""}]}', [{ a: '' }], [{ a: 'x' }]],
    ['without a star it is exact', '{"a":[{"wildcard":"ab"}]}', [{ a: 'ab' }], [{ a: 'abc' }]],
    ['pieces do not overlap', '{"a":[{"wildcard":"aba*aba"}]}', [{ a: 'abaaba' }, { a: 'abaxaba' }], [{ a: 'ababa' }, { a: 'aba' }]],
    ['pieces stand in order', '{"a":[{"wildcard":"*b*a*"}]}', [{ a: 'ba' }, { a: 'xbxax' }], [{ a: 'ab' }]],
    ['\\* is a star', '{"a":[{"wildcard":"a\\\\**"}]}', [{ a: 'a*' }, { a: 'a*x' }], [{ a: 'ax' }]],
    ['\\\\ is a backslash', '{"a":[{"wildcard":"\\\\\\\\*"}]}', [{ a: '\\' }, { a: '\\x' }], [{ a: 'x' }, { a: '*' }]],
    [
      'long pieces are found, too',
      `{"a":[{"wildcard":"x*${'ab'.repeat(20)}c*y"}]}`,
      [{ a: `x${'ab'.repeat(25)}cy` }, { a: `x${'ab'.repeat(19)}${'ab'.repeat(20)}c..y` }],
      [{ a: `x${'ab'.repeat(19)}cy` }, { a: `x${'ab'.repeat(25)}y` }],
    ],
  ]);
});

describe('anything-but', () => {
  const others = [{ a: 'z' }, { a: 12 }, { a: null }, { a: true }, { a: ['x', 'z'] }];
  hold([
    ['a string', '{"a":[{"anything-but":"x"}]}', others, [{ a: 'x' }, {}, { a: [] }, { a: {} }, { a: ['x'] }]],
    ['strings', '{"a":[{"anything-but":["x","y"]}]}', others, [{ a: 'x' }, { a: 'y' }, {}]],
    ['the empty string', '{"a":[{"anything-but":""}]}', others, [{ a: '' }]],
    ['a number', '{"a":[{"anything-but":3e2}]}', [{ a: 0 }, { a: '300' }, { a: null }], [{ a: 300 }, {}]],
    ['numbers', '{"a":[{"anything-but":[0,1.0]}]}', [{ a: 2 }, { a: 'x' }], [{ a: 0 }, { a: -0 }, { a: 1 }, {}]],
    ['prefixes', '{"a":[{"anything-but":{"prefix":["x","y"]}}]}', others, [{ a: 'xz' }, { a: 'y' }, {}]],
    ['a suffix', '{"a":[{"anything-but":{"suffix":"x"}}]}', others, [{ a: 'zx' }, { a: 'x' }, {}]],
    ['without case', '{"a":[{"anything-but":{"equals-ignore-case":["X",""]}}]}', others, [{ a: 'x' }, { a: 'X' }, { a: '' }, {}]],
    ['wildcards', '{"a":[{"anything-but":{"wildcard":["x*","*y"]}}]}', others, [{ a: 'x' }, { a: 'xz' }, { a: 'zy' }, {}]],
    ['an empty wildcard', '{"a":[{"anything-but":{"wildcard":""}}]}', others, [{ a: '' }]],
    ['an address is a mere string here', '{"a":[{"anything-but":"10.0.0.1"}]}', [{ a: '10.0.0.01' }], [{ a: '10.0.0.1' }]],
  ]);
});

describe('numeric', () => {
  hold([
    ['both sides', '{"a":[{"numeric":[">",0,"<=",5]}]}', [{ a: 5 }, { a: 0.1 }], [{ a: 0 }, { a: 5.1 }, { a: '3' }, { a: null }, {}]],
    ['>= and <', '{"a":[{"numeric":[">=",0,"<",5]}]}', [{ a: 0 }, { a: 4.999 }], [{ a: 5 }, { a: -0.1 }]],
    ['>', '{"a":[{"numeric":[">",100]}]}', [{ a: 101.0 }, { a: 1e308 }], [{ a: 100 }, { a: Number('1e400') }, { a: true }]],
    ['<', '{"a":[{"numeric":["<",100]}]}', [{ a: 99 }, { a: -1e308 }], [{ a: 100 }, { a: Number('-1e400') }]],
    ['=', '{"a":[{"numeric":["=",3.018e2]}]}', [{ a: 301.8 }], [{ a: 301.81 }, { a: '301.8' }]],
    ['numeric or anything-but is an or', '{"a":[{"numeric":["<",0]},{"anything-but":"x"}]}', [{ a: 7 }, { a: 'y' }], [{ a: 'x' }, {}]],
  ]);
});

describe('exists', () => {
  hold([
    ['true wants a value', '{"a":[{"exists":true}]}', [{ a: null }, { a: '' }, { a: [1] }], [{}, { a: [] }, { a: {} }, { a: { b: 1 } }]],
    ['false wants none', '{"a":[{"exists":false}]}', [{}, { a: [] }, { a: { b: 1 } }, { b: 1 }], [{ a: null }, { a: [1] }]],
    ['only on leaves: below a value there is nothing', '{"a":{"b":[{"exists":false}]}}', [{ a: 1 }, {}, { a: {} }], [{ a: { b: 1 } }]],
    ['a value or none', '{"a":["x",{"exists":false}]}', [{}, { a: 'x' }], [{ a: 'y' }]],
    ['names that objects inherit do not exist', '{"constructor":[{"exists":true}]}', [JSON.parse('{"constructor":1}')], [{}]],
    ['__proto__ is a key like any other', '{"__proto__":{"x":[1]}}', [JSON.parse('{"__proto__":{"x":1}}')], [{}, { x: 1 }]],
  ]);
});

describe('cidr', () => {
  hold([
    [
      'version 4',
      '{"a":[{"cidr":"10.0.0.77/24"}]}',
      [{ a: '10.0.0.0' }, { a: '10.0.0.255' }],
      [{ a: '10.0.1.0' }, { a: '10.0.0.256' }, { a: 10 }, { a: 'x' }],
    ],
    [
      'version 6',
      '{"a":[{"cidr":"2001:db8::/32"}]}',
      [{ a: '2001:DB8:ffff::1' }],
      [{ a: '2001:db9::' }, { a: '10.0.0.1' }, { a: ':' }, { a: '1:2' }],
    ],
    ['one family is never in a block of the other', '{"a":[{"cidr":"10.0.0.0/24"}]}', [], [{ a: 'a00::1' }]],
    [
      'an address of version 4 in the form of version 6 is one of version 4',
      '{"a":[{"cidr":"10.0.0.0/8"}]}',
      [{ a: '::ffff:a00:1' }],
      [{ a: '::a00:1' }],
    ],
    ['every address', '{"a":[{"cidr":"0.0.0.0/0"}]}', [{ a: '255.255.255.255' }, { a: '0.0.0.0' }], [{ a: '1.2.3' }]],
  ]);
});

describe('fields', () => {
  hold([
    ['keys are an and', '{"a":["x"],"b":["y"]}', [{ a: 'x', b: 'y', c: 1 }], [{ a: 'x' }, { a: 'x', b: 'z' }]],
    ['entries are an or', '{"a":["x",{"prefix":"y"},7,null]}', [{ a: 'x' }, { a: 'yy' }, { a: 7 }, { a: null }], [{ a: 'z' }]],
    ['objects nest', '{"a":{"b":{"c":[1]}}}', [{ a: { b: { c: 1, d: 2 } } }], [{ a: { b: 1 } }, { a: { c: 1 } }, { a: null }]],
    [
      'dots and nesting are one',
      '{"a":{"b.c":[1]}}',
      [{ a: { b: { c: 1 } } }, { 'a.b': { c: 1 } }, { 'a.b.c': 1 }, { a: { 'b.c': 1 } }],
      [{ a: { 'c.b': 1 } }],
    ],
    [
      'a key with dots beside the nested one',
      '{"a":{"b":[1]}}',
      [
        { a: { b: 2 }, 'a.b': 1 },
        { a: { b: 1 }, 'a.b': 2 },
      ],
      [{ a: { b: 2 }, 'a.b': 3 }],
    ],
    [
      'what is there by a key with dots is not absent',
      '{"a":{"b":[{"exists":false}]}}',
      [{ 'a.c': 1 }],
      [{ 'a.b': 1 }, { a: {}, 'a.b': 1 }],
    ],
    ['the last of a duplicate key counts', '{"a":["x"],"a":["y"]}', [{ a: 'y' }], [{ a: 'x' }]],
    ['objects of a duplicate key join', '{"a":{"b":[1]},"a":{"c":[2]}}', [{ a: { b: 1, c: 2 } }], [{ a: { b: 1 } }, { a: { c: 2 } }]],
    ['an event that is no object never matches', '{"a":[{"exists":false}]}', [{}], [null, 1, 'a', [], [{}], true, undefined]],
  ]);
});

describe('arrays of the event', () => {
  hold([
    ['one common value is enough', '{"a":["x","y"]}', [{ a: ['z', 'y'] }, { a: [['x']] }], [{ a: ['z'] }, { a: [] }]],
    [
      'objects in arrays are looked into',
      '{"a":{"b":[1]}}',
      [{ a: [{ b: 2 }, { b: 1 }] }, { a: [[{ b: 1 }]] }],
      [{ a: [{ b: 2 }] }, { a: [] }],
    ],
    [
      'one element has to satisfy all fields',
      '{"a":{"b":[1],"c":[2]}}',
      [{ a: [{ b: 0 }, { b: 1, c: 2 }] }],
      [{ a: [{ b: 1 }, { c: 2 }] }],
    ],
    [
      'at every depth',
      '{"a":{"b":[1],"d":{"e":[5]}}}',
      [{ a: [{ b: 1, d: [{ e: 4 }, { e: 5 }] }] }],
      [
        {
          a: [
            { b: 1, d: [] },
            { b: 2, d: [{ e: 5 }] },
          ],
        },
      ],
    ],
    ['through nested arrays', '{"a":{"b":[1],"c":[2]}}', [{ a: [[{ b: 1 }], [{ b: 1, c: 2 }]] }], [{ a: [[{ b: 1 }, { c: 2 }]] }]],
    [
      'two arrays are independent',
      '{"a":{"x":[1]},"b":{"x":[2]}}',
      [{ a: [{ x: 0 }, { x: 1 }], b: [{ x: 2 }] }],
      [{ a: [{ x: 1 }], b: [] }],
    ],
    [
      'absent in the element that was taken',
      '{"a":{"b":[1],"c":[{"exists":false}]}}',
      [{ a: [{ b: 1 }, { c: 5 }] }],
      [{ a: [{ b: 1, c: 5 }] }],
    ],
    [
      'absent before any element was taken is absent everywhere',
      '{"a":{"b":[{"exists":false}],"c":[1]}}',
      [{ a: [{ c: 1 }] }],
      [{ a: [{ c: 1 }, { b: 5 }] }],
    ],
  ]);
});

describe('$or', () => {
  hold([
    ['one of its objects', '{"$or":[{"a":[1]},{"b":[2]}]}', [{ a: 1 }, { b: 2 }], [{ a: 2, b: 1 }, {}]],
    ['with fields beside it', '{"s":["x"],"$or":[{"a":[1]},{"b":[2]}]}', [{ s: 'x', b: 2 }], [{ s: 'y', b: 2 }, { s: 'x' }]],
    ['with fields inside', '{"$or":[{"a":[1],"b":[2]},{"c":[3]}]}', [{ a: 1, b: 2 }, { c: 3 }], [{ a: 1 }, { b: 2 }]],
    ['below a key', '{"d":{"$or":[{"a":[1]},{"b":{"c":[2]}}]}}', [{ d: { a: 1 } }, { d: { b: { c: 2 } } }], [{ a: 1 }, { d: {} }]],
    ['nested', '{"$or":[{"a":[1],"$or":[{"b":[2]},{"c":[3]}]},{"d":[4]}]}', [{ a: 1, c: 3 }, { d: 4 }], [{ a: 1 }, { b: 2 }]],
    ['side by side', '{"$or":[{"a":[1]},{"b":[2]}],"x":{"$or":[{"a":[1]},{"b":[2]}]}}', [{ a: 1, x: { b: 2 } }], [{ a: 1, b: 2 }]],
    [
      'a field inside replaces the same one before it',
      '{"a":["x","y"],"$or":[{"a":["z"]},{"b":[2]}]}',
      [{ a: 'z' }, { a: 'x', b: 2 }],
      [{ a: 'x' }],
    ],
    ['with exists false', '{"$or":[{"a":[{"exists":false}]},{"a":[{"anything-but":"x"}]}]}', [{}, { a: 'y' }], [{ a: 'x' }]],
    ['an object of that name is a field', '{"$or":{"a":[1]}}', [{ $or: { a: 1 } }], [{ a: 1 }]],
    [
      'operators in it make it a field',
      '{"$or":[{"prefix":"a"},{"numeric":[">",1]}]}',
      [{ $or: 'ab' }, { $or: 2 }],
      [{ $or: 0 }, { a: 1 }],
    ],
  ]);
});
