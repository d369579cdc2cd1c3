import { describe, expect, it } from 'vitest';
import { compileFilterPattern } from '../../../src/filter/index.ts';

const explain = (pattern: string, event: unknown): unknown => compileFilterPattern(pattern).explain(event);

describe('explain', () => {
  it('says that an event matches', () => {
    expect(explain('{"a":[1]}', { a: 1 })).toEqual({ match: true });
    expect(explain('{"$or":[{"a":[1]},{"b":[2]}]}', { b: 2 })).toEqual({ match: true });
  });

  it('names the clause that rejected, as it is written, and what it found', () => {
    expect(explain('{"b":["y"],"a":{"c": ["x", {"prefix":"z"}]}}', { b: 'y', a: [{ c: 'q' }, { c: 7 }] })).toEqual({
      match: false,
      rejections: [{ path: 'a.c', pattern: '["x", {"prefix":"z"}]', offset: 21, found: ['q', 7], reason: 'no value of the event matches' }],
    });
  });

  it('tells an absent field from a wrong one', () => {
    const absent = explain('{"a":["x"]}', { b: 1 });
    expect(absent).toMatchObject({ rejections: [{ path: 'a', found: [], reason: 'the event has no such field' }] });
    const present = explain('{"a":[{"exists":false}]}', { a: 1 });
    expect(present).toMatchObject({ rejections: [{ path: 'a', found: [1], reason: 'no value of the event matches' }] });
  });

  it('gives one rejection for each combination of $or', () => {
    const explained = explain('{"$or":[{"a":[1]},{"b":[2]}],"c":[3]}', { a: 2, b: 2, c: 4 });
    expect(explained).toMatchObject({
      rejections: [
        { path: 'a', found: [2] },
        { path: 'c', found: [4] },
      ],
    });
  });

  it('says when the fields match only in different elements', () => {
    const explained = explain('{"a":{"b":[1],"c":[2]}}', { a: [{ b: 1 }, { c: 2 }] });
    const reason = 'the fields match, but not in one element of the array';
    expect(explained).toMatchObject({ match: false, rejections: [{ path: 'a.c', reason }] });
  });

  it('rejects what is no object', () => {
    expect(explain('{"a":[{"exists":false}]}', 'text')).toMatchObject({
      rejections: [{ path: '', reason: 'the event is no JSON object' }],
    });
  });
});
