import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { access, type GuardedServer, guardedServer, TOKENS } from '../../../support/guarded-server.ts';
import { exchange, type RawAnswer, send } from '../../../support/raw-http.ts';

const MAPPINGS = '/2015-03-31/event-source-mappings/';

let guarded: GuardedServer;
let open: GuardedServer;

beforeAll(async () => {
  guarded = await guardedServer({ access: await access() });
  open = await guardedServer({});
});
afterAll(async () => {
  await Promise.all([guarded.close(), open.close()]);
});

function get(server: GuardedServer, target: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return exchange(server.url, { target, headers: { host: server.host, ...headers } });
}

/** Ways to write a path that somebody between may read as another one. */
const TRICKS = [
  '//metrics',
  '/healthz//metrics',
  '/healthz/../metrics',
  '/healthz/..%2fmetrics',
  '/healthz/%2e%2e/metrics',
  '/healthz/%2E./metrics',
  '/healthz/.%2e',
  '/./metrics',
  '/metrics/.',
  '/metrics/..',
  '/metrics%00',
  '/%00/metrics',
  '/metrics%0d%0ax:y',
  '/metrics%7f',
  '/healthz%2f..%2fmetrics',
  '/healthz;/metrics',
  '/healthz\\..\\metrics',
  '/healthz%5c..%5cmetrics',
  '/healthz/metrics',
  '/metrics/healthz',
  '/healthz%3f/../metrics',
  '/%2e%2e/metrics',
  '/Metrics',
  '/METRICS',
  '/metrics/',
  '/%6detrics',
  '/queues%2forders%2fmessages',
  '/%zz',
  '/%',
  '/%c0%ae%c0%ae/metrics',
  '/%e0%80%80',
];

describe.each(TRICKS)('the path %s', (target) => {
  test('leads strangers nowhere', async () => {
    const answer = await get(guarded, target);
    expect([400, 401]).toContain(answer.status);
    expect(Object.keys(JSON.parse(answer.body) as object).sort()).toEqual(['error', 'message']);
  });

  test('leads who may look to what it spells or to nothing', async () => {
    const answer = await get(guarded, target, { authorization: `Bearer ${TOKENS.read}` });
    expect(answer.status).toBe(target === '/%6detrics' ? 200 : answer.status === 404 ? 404 : 400);
  });
});

describe.each([
  `/${MAPPINGS}`,
  `${MAPPINGS}/u`,
  '/2015-03-31/./event-source-mappings/',
  '/2015-03-31/x/../event-source-mappings/',
  '/2015-03-31/x/%2e%2e/event-source-mappings/',
  `${MAPPINGS}u%00`,
  `${MAPPINGS}%0a`,
  '/2017-03-31/tags//arn',
  '/2015-03-31/functions/../event-source-mappings/',
])('the path %s of the API', (target) => {
  test('is refused, whatever its signature, with the envelope of AWS', async () => {
    for (const answer of [await guarded.signed({ target }), await get(guarded, target), await get(open, target)]) {
      expect(answer.status).toBe(400);
      if (!target.startsWith('//')) expect(answer.headers['x-amzn-errortype']).toBe('ValidationException');
    }
    expect([...guarded.asked, ...open.asked]).toEqual([]);
  });
});

test.each([
  '/2015-03-31/Event-Source-Mappings/',
  '/2015-03-31/event-source-mappings%2F',
  '/2015-03-31',
  '/2015-03-31/',
  '/2016-08-19/account-settings/',
])('the path %s, which is none, is unknown to who may ask and closed to who may not', async (target) => {
  expect(await guarded.signed({ target })).toMatchObject({ status: 404, headers: { 'x-amzn-errortype': 'UnknownOperationException' } });
  expect(await get(guarded, target)).toMatchObject({ status: 403, headers: { 'x-amzn-errortype': 'MissingAuthenticationTokenException' } });
});

test('an encoded slash stays in the name that it is in', async () => {
  await guarded.signed({ target: `${MAPPINGS}a%2Fb` });
  expect(guarded.asked.splice(0)).toEqual([{ operation: 'get', value: 'a/b' }]);
});

describe('a head that can be read in two ways is refused:', () => {
  const host = (): string => `host: ${guarded.host}`;
  const token = `authorization: Bearer ${TOKENS.manage}`;
  const post = 'POST /queues/orders/messages HTTP/1.1';

  test.each<[what: string, lines: () => string[], body?: string]>([
    ['two tokens', () => ['GET /metrics HTTP/1.1', host(), token, 'authorization: Bearer x']],
    ['two hosts', () => ['GET /healthz HTTP/1.1', host(), 'host: example.com']],
    ['no host', () => ['GET /healthz HTTP/1.1']],
    ['two lengths', () => [post, host(), token, 'content-length: 1', 'content-length: 2'], 'ab'],
    ['the same length twice', () => [post, host(), token, 'content-length: 2', 'content-length: 2'], 'ab'],
    ['a list of lengths', () => [post, host(), token, 'content-length: 2, 2'], 'ab'],
    ['a length with a sign', () => [post, host(), token, 'content-length: +2'], 'ab'],
    ['length and chunks', () => [post, host(), token, 'content-length: 2', 'transfer-encoding: chunked'], '0\r\n\r\n'],
    ['chunks that are hidden', () => [post, host(), token, 'transfer-encoding: xchunked'], '0\r\n\r\n'],
    ['chunks twice', () => [post, host(), token, 'transfer-encoding: chunked', 'transfer-encoding: identity'], '0\r\n\r\n'],
    ['chunks before a colon', () => [post, host(), token, 'transfer-encoding : chunked'], '0\r\n\r\n'],
    ['a folded line', () => ['GET /metrics HTTP/1.1', host(), 'x: 1', ` ${token}`]],
    ['a name with a space', () => ['GET /metrics HTTP/1.1', host(), `x ${token}`]],
    ['a NUL', () => ['GET /metrics HTTP/1.1', host(), 'x: \0']],
    ['another version', () => ['GET /metrics HTTP/3.7', host(), token]],
    ['another protocol', () => ['GET /metrics SMTP/1.1', host(), token]],
    ['a target in full', () => [`GET ${guarded.url}/metrics HTTP/1.1`, host(), token]],
    ['a star', () => ['GET * HTTP/1.1', host(), token]],
  ])('%s', async (_what, lines, body = '') => {
    const answer = await send(guarded.url, `${lines().join('\r\n')}\r\nconnection: close\r\n\r\n${body}`);
    expect([400, 404]).toContain(answer.status);
    expect(answer.text).not.toContain(TOKENS.manage);
    expect(guarded.queue.peek()).toEqual([]);
  });

  test.each(['x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token', 'authorization', 'content-type'])('two of %s', async (name) => {
    const lines = [`GET ${MAPPINGS} HTTP/1.1`, host(), `${name}: a`, `${name.toUpperCase()}: b`, 'connection: close'];
    const answer = await send(guarded.url, `${lines.join('\r\n')}\r\n\r\n`);
    expect(answer).toMatchObject({ status: 400, headers: { 'x-amzn-errortype': 'ValidationException' } });
  });
});

test('a second request behind the first, in one packet, shows its own token', async () => {
  const first = `GET /metrics HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${TOKENS.read}\r\n\r\n`;
  const answer = await send(guarded.url, `${first}GET /mappings HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  expect(answer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401']);
});

test.each(['GET', 'HEAD', 'TRACE', 'PROPFIND', 'QUERY'])('a body of %s, which nobody would read, is refused', async (method) => {
  const answer = await guarded.signed({ method, target: MAPPINGS, body: '{}' });
  expect(answer.status).toBe(400);
  expect((await get(guarded, '/healthz')).status).toBe(200);
});

test('what a caller expects beyond 100-continue is refused', async () => {
  const answer = await get(guarded, '/metrics', { expect: 'more' });
  expect(answer).toMatchObject({ status: 417, body: expect.stringContaining('"ExpectationFailed"') as string });
});
