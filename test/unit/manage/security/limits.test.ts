import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { prometheusMeter } from '../../../../adapters/meter/prometheus/index.ts';
import { manageServer, type SecuritySettings } from '../../../../src/manage/index.ts';
import { RateLimit } from '../../../../src/manage/security/rate-limit.ts';
import { systemClock, systemRandom } from '../../../../src/system.ts';
import { VirtualClock } from '../../../../src/testing/index.ts';
import { access, type GuardedServer, guardedServer, TOKENS } from '../../../support/guarded-server.ts';
import { answerOf, exchange, open, type RawAnswer } from '../../../support/raw-http.ts';

const MAPPINGS = '/2015-03-31/event-source-mappings/';
const INVOCATIONS = '/2015-03-31/functions/mill/invocations';

const servers: GuardedServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(security: SecuritySettings): Promise<GuardedServer> {
  const server = await guardedServer(security);
  servers.push(server);
  return server;
}

function get(server: GuardedServer, target: string, authorization?: string): Promise<RawAnswer> {
  return exchange(server.url, { target, headers: { host: server.host, ...(authorization === undefined ? {} : { authorization }) } });
}

describe('a caller that asks too fast', () => {
  test('waits in a bucket of its own', async () => {
    const clock = new VirtualClock();
    const rate = new RateLimit(clock, { requestsPerSecond: 2, burst: 3 });
    expect([1, 2, 3, 4].map(() => rate.take('a'))).toEqual([0, 0, 0, 500]);
    expect(rate.take('b')).toBe(0);
    await clock.advance(499);
    expect(rate.take('a')).toBeCloseTo(1);
    await clock.advance(1);
    expect(rate.take('a')).toBe(0);
    await clock.advance(3_600_000);
    expect([1, 2, 3, 4].map(() => rate.take('a') > 0)).toEqual([false, false, false, true]);
  });

  test('is not held for ever: who was not heard of for longest is forgotten', () => {
    const rate = new RateLimit(new VirtualClock(), { requestsPerSecond: 1, burst: 1 });
    rate.take('first');
    for (let index = 0; index < 10_000; index += 1) rate.take(`address ${String(index)}`);
    expect(rate.take('first')).toBe(0);
    expect(rate.take('address 9999')).toBe(1000);
  });

  test('is told so in the envelope of AWS, with the time to wait, and keeps nobody else out', async () => {
    const server = await serve({ access: await access(), rateLimit: { requestsPerSecond: 0.01, burst: 2 } });
    const answers = [
      await server.signed({ target: MAPPINGS }),
      await server.signed({ target: MAPPINGS }),
      await server.signed({ target: MAPPINGS }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    const [, , last] = answers;
    expect(last?.headers).toMatchObject({
      'x-amzn-errortype': 'TooManyRequestsException',
      'retry-after': expect.stringMatching(/^(100|[89]\d)$/) as string,
    });
    expect(JSON.parse(last?.body ?? '')).toEqual({ Type: 'User', message: 'Rate exceeded', Reason: 'CallerRateLimitExceeded' });
    expect((await server.signed({ target: MAPPINGS, role: 'read' })).status).toBe(200);
    expect((await get(server, '/metrics', `Bearer ${TOKENS.read}`)).status).toBe(200);
    expect((await get(server, '/healthz')).status).toBe(200);
  });

  test('cannot use up the turns of a key by signing badly, and guesses no faster than it may ask', async () => {
    const server = await serve({ access: await access(), rateLimit: { requestsPerSecond: 0.01, burst: 2 } });
    const bad = { target: MAPPINGS, secretAccessKey: 'x'.repeat(40) };
    const answers = [await server.signed(bad), await server.signed(bad), await server.signed(bad)];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 429]);
    expect((await get(server, '/metrics', 'Bearer x')).status).toBe(429);
    expect((await server.signed({ target: MAPPINGS })).status).toBe(200);
    expect((await get(server, '/metrics', `Bearer ${TOKENS.read}`)).status).toBe(200);
  });

  test('is told so on pages, too, where there are no credentials', async () => {
    const server = await serve({ rateLimit: { requestsPerSecond: 0.01, burst: 1 } });
    expect((await get(server, '/metrics')).status).toBe(200);
    const answer = await get(server, '/metrics');
    expect(answer).toMatchObject({ status: 429, body: '{"error":"TooManyRequests","message":"Rate exceeded"}' });
    expect((await get(server, '/healthz')).status).toBe(200);
  });
});

describe('a body', () => {
  test('of an invocation may have 6 MB, every other one 1 MB', async () => {
    const server = await serve({ access: await access() });
    const body = (bytes: number): string => JSON.stringify('x'.repeat(bytes - 2));
    const post = (target: string, bytes: number): Promise<RawAnswer> => server.signed({ method: 'POST', target, body: body(bytes) });
    // There is no such function: the payload was read and taken.
    expect((await post(INVOCATIONS, 6_291_456)).status).toBe(404);
    expect(await post(INVOCATIONS, 6_291_457)).toMatchObject({ status: 413, headers: { 'x-amzn-errortype': 'RequestTooLargeException' } });
    expect((await post(MAPPINGS, 1_048_576)).status).toBe(202);
    const large = await post(MAPPINGS, 1_048_577);
    expect(large.status).toBe(413);
    expect(JSON.parse(large.body)).toMatchObject({ Type: 'User', message: expect.any(String) as string });
  });

  test('that is longer than it may be is refused while it comes, with no length said before', async () => {
    const server = await serve({});
    const socket = open(server.url);
    const answer = answerOf(socket);
    socket.write(`POST ${MAPPINGS} HTTP/1.1\r\nhost: ${server.host}\r\ntransfer-encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 20; sent += 1) socket.write(chunk);
    await once(socket, 'data');
    socket.end();
    expect((await answer).status).toBe(413);
    expect(server.asked).toEqual([]);
  });

  test.each([
    ['content-length: 8388608', ''],
    ['transfer-encoding: chunked', '800000\r\n'],
  ])(
    'that is longer than it may be is read to its end and dropped (%s), for many clients read no answer before they have sent all',
    async (framing, before) => {
      const server = await serve({});
      const socket = open(server.url);
      const answer = answerOf(socket);
      socket.write(`POST /queues/orders/messages HTTP/1.1\r\nhost: ${server.host}\r\n${framing}\r\n\r\n${before}`);
      socket.write('x'.repeat(2_097_152));
      await once(socket, 'data');
      socket.write(`${'x'.repeat(6_291_456)}${before === '' ? '' : '\r\n0\r\n\r\n'}`);
      socket.write(`GET /healthz HTTP/1.1\r\nhost: ${server.host}\r\nconnection: close\r\n\r\n`);
      const { status, text } = await answer;
      expect(status).toBe(413);
      expect(text).toContain('{"status":"alive"}');
      expect(server.queue.peek()).toEqual([]);
    },
  );

  test('of a stranger is not waited for', async () => {
    const server = await serve({ access: await access() });
    const socket = open(server.url);
    const answer = answerOf(socket);
    socket.write(`POST ${INVOCATIONS} HTTP/1.1\r\nhost: ${server.host}\r\ncontent-length: 6000000\r\n\r\n{`);
    await once(socket, 'data');
    socket.destroy();
    expect((await answer).status).toBe(403);
  });

  test.each(['{', '[1,', '\u0000', '"\\ud800', 'undefined', '{"a":1}{'])('that is no JSON (%j) is refused', async (body) => {
    const server = await serve({ access: await access() });
    const answer = await server.signed({ method: 'POST', target: MAPPINGS, body });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toMatch(/Exception$/);
  });

  test('that is no text is refused, though it is signed', async () => {
    const server = await serve({ access: await access() });
    const answer = await server.signed({ method: 'POST', target: MAPPINGS, body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]) });
    expect(answer.status).toBe(400);
    expect(server.asked).toEqual([]);
  });
});

describe('a client that takes its time', () => {
  const slow = { headersTimeoutMs: 300, requestTimeoutMs: 600 };

  test.each([
    ['says nothing', ''],
    ['stops in its head', 'GET /healthz HTTP/1.1\r\nhost: 127'],
    ['sends its head without an end', 'GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n'],
    ['stops in its body', 'POST /queues/orders/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\nhalf'],
    [
      'stops between two chunks',
      'POST /queues/orders/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    ],
  ])('and %s is answered 408 and left', async (_what, start) => {
    const server = await serve(slow);
    const socket = open(server.url);
    socket.write(start);
    const answer = await answerOf(socket);
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body)).toEqual({ error: 'RequestTimeout', message: expect.any(String) as string });
    expect(server.queue.peek()).toEqual([]);
  });

  test('and sends a byte now and then is left all the same, and others are served meanwhile', async () => {
    const server = await serve(slow);
    const socket = open(server.url);
    const drip = setInterval(() => socket.writable && socket.write('a'), 20);
    socket.write('GET /healthz HTTP/1.1\r\nx: ');
    const ended = answerOf(socket);
    const other = await get(server, '/healthz');
    expect(other.status).toBe(200);
    expect((await ended).status).toBe(408);
    clearInterval(drip);
  });
});

test('a server without credentials listens on no address that others can reach', async () => {
  const server = manageServer({
    mappings: () => [],
    disabled: new Set(),
    queues: new Map(),
    streams: new Map(),
    topics: new Map(),
    phase: () => 'running',
    meter: prometheusMeter(),
    clock: systemClock,
    random: systemRandom,
  });
  await expect(server.listen({ host: '0.0.0.0', port: 0 })).rejects.toThrow(/cannot listen on 0\.0\.0\.0:0: without credentials/);
  await server.close();
});

test('more connections than there may be are closed, and their places are free again afterwards', async () => {
  const server = await serve({ maxConnections: 2 });
  const held = [open(server.url), open(server.url)];
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  expect(await get(server, '/healthz')).toMatchObject({ status: 0, text: '' });
  for (const socket of held) socket.end(`GET /healthz HTTP/1.1\r\nhost: ${server.host}\r\nconnection: close\r\n\r\n`);
  expect((await Promise.all(held.map(answerOf))).map(({ status }) => status)).toEqual([200, 200]);
  expect((await get(server, '/healthz')).status).toBe(200);
});
