import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { access, type GuardedServer, guardedServer, SECRETS, TOKENS } from '../../../support/guarded-server.ts';
import { exchange, type RawAnswer } from '../../../support/raw-http.ts';

let server: GuardedServer;

beforeAll(async () => {
  server = await guardedServer({ access: await access() });
});
afterAll(async () => {
  await server.close();
});

function ask(target: string, authorization?: string, method = 'GET'): Promise<RawAnswer> {
  const headers = { host: 'millrace.example.com', ...(authorization === undefined ? {} : { authorization }) };
  return exchange(server.url, { method, target, headers, body: method === 'POST' ? 'hello' : '' });
}

const PAGES = ['/metrics', '/mappings', '/queues', '/streams', '/topics', '/nothing', '/', '/healthz/', '/HEALTHZ', '/healthzz'];

test.each(['/healthz', '/readyz', '/healthz?x=1', '/%68ealthz'])('%s is open, by any name of this machine', async (target) => {
  expect((await ask(target)).status).toBe(200);
});

test('what is open names no mapping and no reason', async () => {
  expect(JSON.parse((await ask('/readyz')).body)).toEqual({ status: 'ready', phase: 'running' });
});

describe('a page, whether it exists or not,', () => {
  test.each(PAGES)('%s is refused to strangers', async (target) => {
    const answer = await ask(target);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="millrace"');
    expect(JSON.parse(answer.body)).toEqual({
      error: 'MissingToken',
      message: expect.stringMatching(/Authorization: Bearer TOKEN/) as string,
    });
  });

  test.each(['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST'])('is refused to strangers by %s', async (method) => {
    expect((await ask('/queues', undefined, method)).status).toBe(401);
  });

  test.each([
    'Bearer x',
    `Bearer ${TOKENS.read}x`,
    `Bearer ${TOKENS.read.slice(1)}`,
    `Bearer ${TOKENS.read.toUpperCase()}`,
    `Basic ${TOKENS.read}`,
    `Bearer ${TOKENS.read} ${TOKENS.read}`,
    `Bearer${TOKENS.read}`,
    'Bearer ',
    TOKENS.read,
  ])('is refused to who shows %s', async (authorization) => {
    const answer = await ask('/metrics', authorization);
    expect(answer.status).toBe(401);
    for (const secret of SECRETS) expect(answer.text).not.toContain(secret);
  });

  test.each([`Bearer ${TOKENS.read}`, `bearer  ${TOKENS.manage} `])('is shown to who shows %s', async (authorization) => {
    expect((await ask('/metrics', authorization)).status).toBe(200);
    expect((await ask('/metrics', authorization, 'HEAD')).status).toBe(200);
    expect((await ask('/nothing', authorization)).status).toBe(404);
  });
});

test('the role read does not send, the role manage does', async () => {
  const refused = await ask('/queues/orders/messages', `Bearer ${TOKENS.read}`, 'POST');
  expect(refused).toMatchObject({ status: 403, body: expect.stringContaining('"Forbidden"') as string });
  expect(server.queue.peek()).toEqual([]);
  expect((await ask('/queues/orders/messages', `Bearer ${TOKENS.manage}`, 'POST')).status).toBe(201);
  expect(server.queue.peek()).toMatchObject([{ body: 'hello' }]);
});

test('without tokens the pages are closed, and the API is open to its keys', async () => {
  const { tokens: _tokens, ...rest } = await access();
  const other = await guardedServer({ access: { ...rest, tokens: [] } });
  try {
    const answer = await exchange(other.url, { target: '/metrics', headers: { host: other.host, authorization: `Bearer ${TOKENS.read}` } });
    expect(answer).toMatchObject({
      status: 401,
      body: expect.stringMatching(/has keys for the Lambda API and no tokens.*api\.tokens/) as string,
    });
    expect((await other.signed({ target: '/2015-03-31/event-source-mappings/' })).status).toBe(200);
    expect((await exchange(other.url, { target: '/healthz', headers: { host: other.host } })).status).toBe(200);
  } finally {
    await other.close();
  }
});

describe('without credentials', () => {
  let open: GuardedServer;

  beforeAll(async () => {
    open = await guardedServer({});
  });
  afterAll(async () => {
    await open.close();
  });

  test.each([{}, { authorization: 'AWS4-HMAC-SHA256 Credential=test/x' }, { authorization: 'Bearer x' }, { authorization: 'nonsense' }])(
    'who calls by a loopback name is let in with any signature or none: %o',
    async (headers) => {
      for (const target of ['/2015-03-31/event-source-mappings/', '/metrics']) {
        expect((await exchange(open.url, { target, headers: { host: open.host, ...headers } })).status).toBe(200);
      }
    },
  );

  test.each([{ host: 'millrace.example.com' }, { host: '127.0.0.1', origin: 'https://example.com' }])(
    '%o is refused in the envelope of each',
    async (headers) => {
      const api = await exchange(open.url, { target: '/2015-03-31/event-source-mappings/', headers });
      expect(api).toMatchObject({ status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException' } });
      expect(JSON.parse(api.body)).toEqual({ Message: expect.any(String) as string });
      expect(JSON.parse((await exchange(open.url, { target: '/metrics', headers })).body)).toMatchObject({
        error: expect.stringMatching(/^Forbidden/) as string,
      });
    },
  );
});
