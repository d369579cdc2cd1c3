import { describe, expect, it } from 'vitest';
import { foldCase } from '../../../src/filter/ignore-case.ts';

describe('equality without regard to case', () => {
  it('knows every letter in itself, in its lower and in its upper case, wherever it stands', () => {
    const failed: string[] = [];
    for (let code = 0; code <= 0xffff; code += 1) {
      const unit = String.fromCharCode(code);
      const { equals, startsWith, endsWith } = foldCase(`a${unit}z`);
      for (const spelling of [unit, unit.toLowerCase(), unit.toUpperCase()]) {
        const text = `A${spelling}Z`;
        if (!equals(text) || !startsWith(`${text}!`) || !endsWith(`!${text}`)) failed.push(code.toString(16));
        if (equals(`${text}!`) || equals(`A${spelling}`) || startsWith(`!${text}`) || endsWith(`${text}!`)) failed.push(code.toString(16));
      }
    }
    expect(failed).toEqual([]);
  });

  it('is asked of a shorter text than the pattern', () => {
    const { equals, startsWith, endsWith } = foldCase('abc');
    for (const text of ['', 'a', 'bc', 'ab']) expect([equals(text), startsWith(text), endsWith(text)]).toEqual([false, false, false]);
  });
});
