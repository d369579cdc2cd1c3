import { expect, test } from 'vitest';
import { daemonPlace } from '../../../../src/daemon/commands/daemon-place.ts';
import { startContent } from '../../../../src/daemon/start-content.ts';
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

test.each(['http://me:hush@127.0.0.1:1', 'http://me:hush@[bad', 'ftp://me:hush@x'])(
  'a password in an endpoint (%s) is refused and not shown',
  (url) => {
    const places = [{ endpoint: url, environment: {} }, { environment: { MILLRACE_ENDPOINT: url } }];
    const problems = places.flatMap(({ environment, ...options }) => problemsOf(() => daemonPlace(options, environment)));
    expect(problems.map(({ field }) => field)).toEqual(['--endpoint', 'MILLRACE_ENDPOINT']);
    const options = { config: undefined, listen: undefined, logLevel: undefined, store: undefined };
    const started = url.startsWith('http://me:hush@1') ? [] : problemsOf(() => startContent({ ...options, awsEndpoint: url }, {}));
    expect(JSON.stringify([problems, started])).not.toContain('hush');
  },
);
