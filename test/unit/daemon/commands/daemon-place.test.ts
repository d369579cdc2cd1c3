import { expect, test } from 'vitest';
import { daemonPlace } from '../../../../src/daemon/commands/daemon-place.ts';
import { problemsOf } from '../../../support/problems-of.ts';

const tokenOf = (MILLRACE_TOKEN: string): string | undefined => daemonPlace({}, { MILLRACE_TOKEN }).token;

test('a bearer token may have blanks and line ends around it, as files do', () => {
  expect([' a-token\r\n', 'a-token', '', ' '].map(tokenOf)).toEqual(['a-token', 'a-token', undefined, undefined]);
});

test.each(['hush-hush\nmore', 'hush hush', 'h\u00fcsh-hush', '\u2026hush'])('what is no token (%j) is refused and not shown', (token) => {
  const problems = problemsOf(() => tokenOf(token));
  expect(problems.map(({ field }) => field)).toEqual(['MILLRACE_TOKEN']);
  expect(JSON.stringify(problems)).not.toMatch(/h.?sh/);
});
