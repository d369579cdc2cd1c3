import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { access, type GuardedServer, guardedServer, KEYS, SECRETS } from '../../../support/guarded-server.ts';
import { exchange, type RawAnswer } from '../../../support/raw-http.ts';
import { basicDate, signedHeaders } from '../../../support/signing.ts';

const MAPPINGS = '/2015-03-31/event-source-mappings/';

let server: GuardedServer;
let now = 0;

beforeAll(async () => {
  server = await guardedServer({ access: await access() });
  now = server.now;
});
afterEach(() => {
  server.now = now;
  server.asked.length = 0;
});
afterAll(async () => {
  await server.close();
});

/** Headers as a good caller of GET on mappings has them. */
function good(): Record<string, string> {
  return signedHeaders({ ...KEYS.manage, target: MAPPINGS, host: server.host, at: now });
}

function get(headers: Record<string, string>): Promise<RawAnswer> {
  return exchange(server.url, { target: MAPPINGS, headers });
}

/** Refused as AWS refuses: status, type, id and a message; nothing was done, and nothing secret is said. */
function expectRefused(answer: RawAnswer, type: string, message: string | RegExp): void {
  expect(answer.status).toBe(403);
  expect(answer.headers['x-amzn-errortype']).toBe(type);
  expect(answer.headers['x-amzn-requestid']).toMatch(/^[\da-f-]{36}$/);
  const body = JSON.parse(answer.body) as Readonly<Record<string, unknown>>;
  expect(Object.keys(body)).toEqual(['message']);
  expect(body['message']).toMatch(message);
  for (const secret of SECRETS) expect(answer.text).not.toContain(secret);
  expect(server.asked).toEqual([]);
}

describe('a request that is signed as it should be', () => {
  test('is let in', async () => {
    const answer = await get(good());
    expect(answer.status).toBe(200);
    expect(server.asked).toEqual([{ operation: 'list', value: {} }]);
  });

  test('may have queries, repeated parameters, encoded paths, bodies and more headers', async () => {
    const arn = encodeURIComponent('arn:aws:lambda:us-east-1:000000000000:event-source-mapping:u');
    const answers = [
      await server.signed({ target: `${MAPPINGS}?FunctionName=a%20b%2Bc%C3%BC&MaxItems=3` }),
      await server.signed({ target: `/2017-03-31/tags/${arn}?tagKeys=z&tagKeys=a&tagKeys=%26`, method: 'DELETE' }),
      await server.signed({
        target: MAPPINGS,
        method: 'POST',
        body: '{"FunctionName":"ü"}',
        headers: { 'content-type': 'application/json' },
      }),
      await server.signed({ target: MAPPINGS, headers: { 'user-agent': 'mine  and   spaces', 'x-amz-x': '1' } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 204, 202, 200]);
    expect(server.asked.map(({ value }) => value)).toEqual([
      { FunctionName: 'a b+cü', MaxItems: '3' },
      ['arn:aws:lambda:us-east-1:000000000000:event-source-mapping:u', ['z', 'a', '&']],
      { FunctionName: 'ü' },
      {},
    ]);
  });

  test('may give the hash of its body, when it is right', async () => {
    const body = '{}';
    const hash = createHash('sha256').update(body).digest('hex');
    expect((await server.signed({ target: MAPPINGS, method: 'POST', body, headers: { 'x-amz-content-sha256': hash } })).status).toBe(202);
  });

  test.each([-299_000, 299_000])('is let in with a clock that is %d ms off', async (offMs) => {
    server.now = now + offMs;
    expect((await get(good())).status).toBe(200);
  });
});

describe('a request without a proper signature is refused', () => {
  test('when there is none', async () => {
    expectRefused(await get({ host: server.host }), 'MissingAuthenticationTokenException', /^Missing Authentication Token$/);
  });

  test.each<[what: string, change: (authorization: string) => string, message: string | RegExp]>([
    ['another scheme', () => 'Bearer token-of-who-manages-0001', /must begin with AWS4-HMAC-SHA256/],
    ['another algorithm', (text) => text.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'), /must begin with AWS4-HMAC-SHA256/],
    ['nothing behind the algorithm', () => 'AWS4-HMAC-SHA256 ', /must begin with|requires 'Credential' parameter/],
    ['no credential', (text) => text.replace(/Credential=[^,]+, /, ''), /^Authorization header requires 'Credential' parameter\.$/],
    ['no list of headers', (text) => text.replace(/SignedHeaders=[^,]+, /, ''), /'SignedHeaders' parameter\.$/],
    ['no signature', (text) => text.replace(/, Signature=.+/, ''), /'Signature' parameter\.$/],
    ['two signatures', (text) => `${text}, Signature=${'0'.repeat(64)}`, /has 'Signature' more than once/],
    ['a credential in pieces', (text) => text.replace('/lambda/', '/'), /must have exactly 5 slash-delimited elements/],
  ])('with %s (IncompleteSignatureException)', async (_what, change, message) => {
    const headers = good();
    expectRefused(
      await get({ ...headers, authorization: change(headers['authorization'] ?? '') }),
      'IncompleteSignatureException',
      message,
    );
  });

  test('without x-amz-date', async () => {
    const { 'x-amz-date': _date, ...headers } = good();
    expectRefused(await get(headers), 'IncompleteSignatureException', /requires existence of either a 'X-Amz-Date'/);
  });

  test.each(['', 'yesterday', '2026-01-31T09:30:00Z', '20260131T093000', '20261331T093000Z', '20260131T093000Z '.padEnd(400, 'x')])(
    'with the date "%s"',
    async (date) => {
      expectRefused(await get({ ...good(), 'x-amz-date': date }), 'IncompleteSignatureException', /Date must be in ISO-8601/);
    },
  );

  test.each<[what: string, change: Partial<Parameters<GuardedServer['signed']>[0]>, message: RegExp]>([
    ['another region', { region: 'eu-west-1' }, /^Credential should be scoped to a valid region, which is 'us-east-1' here\.$/],
    ['another service', { service: 's3' }, /^Credential should be scoped to correct service: 'lambda'\.$/],
    ['another secret', { secretAccessKey: 'x'.repeat(40) }, /^The request signature we calculated does not match/],
    ['the secret of another key', { secretAccessKey: KEYS.read.secretAccessKey }, /^The request signature we calculated does not match/],
    [
      'a payload that is not signed',
      { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
      /payloads that are unsigned or signed in chunks/,
    ],
    [
      'a payload in signed chunks',
      { headers: { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' } },
      /payloads that are unsigned or signed in chunks/,
    ],
    ['the hash of another body', { headers: { 'x-amz-content-sha256': '0'.repeat(64) } }, /does not match what was computed/],
  ])('with %s (InvalidSignatureException)', async (_what, change, message) => {
    expectRefused(await server.signed({ target: MAPPINGS, ...change }), 'InvalidSignatureException', message);
  });

  test.each<[what: string, change: (text: string) => string, message: RegExp]>([
    ['of another day', (text) => text.replace(/\/\d{8}\//, '/20200101/'), /^Date in Credential scope does not match/],
    ['of another end', (text) => text.replace('aws4_request', 'aws5_request'), /valid terminator: 'aws4_request'/],
    ['that is too short', (text) => text.slice(0, -1), /does not match the signature you provided/],
    ['in capitals', (text) => text.replace(/[\da-f]{64}$/, (hex) => hex.toUpperCase()), /does not match the signature you provided/],
    ['that is off by one', (text) => text.replace(/.$/, (last) => (last === '0' ? '1' : '0')), /does not match the signature you provided/],
    ['without host', (text) => text.replace('host;', ''), /'Host' or ':authority' must be a 'SignedHeader'/],
    ['without x-amz-date', (text) => text.replace(';x-amz-date', ''), /were not signed: x-amz-date/],
    ['with a header that is not there', (text) => text.replace('host;', 'accept;host;'), /must name headers of the request/],
    ['with a header twice', (text) => text.replace('host;', 'host;host;'), /must name headers of the request/],
    ['with a header in capitals', (text) => text.replace('host;', 'Host;host;'), /must name headers of the request/],
    ['with names of objects', (text) => text.replace('host;', '__proto__;constructor;host;'), /must name headers of the request/],
  ])('%s (InvalidSignatureException)', async (_what, change, message) => {
    const headers = good();
    expectRefused(await get({ ...headers, authorization: change(headers['authorization'] ?? '') }), 'InvalidSignatureException', message);
  });

  test.each(['AKIANOBODY', '', '__proto__', 'AKIAMANAGE\t'])(
    'with the unknown key "%s" (UnrecognizedClientException)',
    async (accessKeyId) => {
      const answer = await server.signed({ target: MAPPINGS, accessKeyId });
      expectRefused(answer, 'UnrecognizedClientException', /^The security token included in the request is invalid\.$/);
    },
  );

  test('with the token of a session, which no configured key has', async () => {
    const answer = await server.signed({ target: MAPPINGS, headers: { 'x-amz-security-token': 'x' } });
    expectRefused(answer, 'UnrecognizedClientException', /security token/);
  });

  test.each(['X-Amz-Signature', 'x-amz-signature', 'X-Amz-Credential', 'X-Amz-Algorithm', 'X-Amz-Expires', 'X-Amz-%44ate'])(
    'in its query, by %s',
    async (name) => {
      const presigned = `${MAPPINGS}?${name}=x`;
      expectRefused(await server.signed({ target: presigned }), 'IncompleteSignatureException', /presigned URLs\) are not taken here/);
      const answer = await exchange(server.url, { target: presigned, headers: { host: server.host } });
      expectRefused(answer, 'IncompleteSignatureException', /presigned URLs\) are not taken here/);
    },
  );
});

describe('a signature is worth nothing for another request', () => {
  const body = '{"FunctionName":"mill"}';
  const create = { method: 'POST', target: MAPPINGS, body } as const;

  function headers(): Record<string, string> {
    return signedHeaders({ ...KEYS.manage, ...create, host: server.host, at: now });
  }

  test('as it was, it is let in', async () => {
    expect((await exchange(server.url, { ...create, headers: headers() })).status).toBe(202);
  });

  test.each<[what: string, change: { method?: string; target?: string; body?: string }]>([
    ['body', { body: '{"FunctionName":"bill"}' }],
    ['empty body', { body: '' }],
    ['longer body', { body: `${body} ` }],
    ['method', { method: 'PUT', target: `${MAPPINGS}u` }],
    ['path', { target: '/2015-03-31/event-source-mappings' }],
    ['query', { target: `${MAPPINGS}?a=1` }],
    ['spelling of its path', { target: MAPPINGS.replace('event', '%65vent') }],
  ])('with another %s', async (_what, change) => {
    const answer = await exchange(server.url, { ...create, headers: headers(), ...change });
    expectRefused(answer, 'InvalidSignatureException', /does not match the signature you provided/);
  });

  test('for another host', async () => {
    const answer = await exchange(server.url, { ...create, headers: { ...headers(), host: 'elsewhere:80' } });
    expectRefused(answer, 'InvalidSignatureException', /does not match the signature you provided/);
  });

  test('with a header of AWS that was added on the way', async () => {
    const answer = await exchange(server.url, { ...create, headers: { ...headers(), 'X-Amz-Invocation-Type': 'DryRun' } });
    expectRefused(answer, 'InvalidSignatureException', /not signed: x-amz-invocation-type/);
  });

  test.each<[string, number, RegExp]>([
    ['after five minutes', 301_000, /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/],
    ['after a day', 86_400_000, /^Signature expired|^Date in Credential/],
    [
      'five minutes too early',
      -301_000,
      /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$/,
    ],
  ])('%s', async (_when, offMs, message) => {
    const old = headers();
    server.now = now + offMs;
    expectRefused(await exchange(server.url, { ...create, headers: old }), 'InvalidSignatureException', message);
  });

  test('with a newer date written over its own', async () => {
    const old = headers();
    server.now = now + 301_000;
    const answer = await exchange(server.url, { ...create, headers: { ...old, 'x-amz-date': basicDate(server.now) } });
    expectRefused(answer, 'InvalidSignatureException', /does not match|Date in Credential/);
  });
});

describe('the role read', () => {
  test('looks', async () => {
    expect((await server.signed({ target: MAPPINGS, role: 'read' })).status).toBe(200);
    expect((await server.signed({ target: `${MAPPINGS}u`, role: 'read' })).status).toBe(200);
  });

  test.each([
    ['POST', MAPPINGS],
    ['PUT', `${MAPPINGS}u`],
    ['DELETE', `${MAPPINGS}u`],
    ['POST', '/2015-03-31/functions/f/invocations'],
    ['POST', '/2017-03-31/tags/arn'],
  ])('may not %s %s', async (method, target) => {
    const answer = await server.signed({ method, target, role: 'read', body: '{}' });
    expect(answer).toMatchObject({ status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException' } });
    expect(JSON.parse(answer.body)).toEqual({ Message: expect.stringMatching(/^User: AKIAREAD is not authorized to perform: /) as string });
    expect(server.asked).toEqual([]);
  });
});

test('a token of the pages opens nothing of the API, and what does not exist is refused to strangers first', async () => {
  expect((await exchange(server.url, { target: '/2015-03-31/nothing', headers: { host: server.host } })).status).toBe(403);
  const known = await server.signed({ target: '/2015-03-31/nothing' });
  expect(known).toMatchObject({ status: 404, headers: { 'x-amzn-errortype': 'UnknownOperationException' } });
});

test('refusals are counted by their reason', async () => {
  await get({ host: server.host });
  expect(await server.metrics()).toMatch(/millrace_api_refusals\{reason="MissingAuthenticationTokenException"\} \d+/);
});
