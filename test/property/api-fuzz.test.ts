import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiWorld, apiWorld } from '../support/api-world.ts';
import { access, KEYS, SECRETS, TOKENS } from '../support/guarded-server.ts';
import { exchange, type RawAnswer, send } from '../support/raw-http.ts';
import { signedHeaders } from '../support/signing.ts';

const MAPPING = '6f2c1b1e-1111-4222-8333-abcdefabcdef';
const WORDS = [
  '2015-03-31',
  '2017-03-31',
  'event-source-mappings',
  'functions',
  'invocations',
  'configuration',
  'tags',
  'print',
  'print:live',
  'arn:aws:lambda:us-east-1:000000000000:function:print',
  `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${MAPPING}`,
  MAPPING,
  'healthz',
  'readyz',
  'metrics',
  'mappings',
  'queues',
  'orders',
  'steps.fifo',
  'messages',
  'streams',
  'readings',
  'records',
  'topics',
  'explain',
  '..',
  '.',
  '',
  '%2e%2e',
  '%00',
  '%zz',
  '__proto__',
  'constructor',
];
const FIELDS = [
  'EventSourceArn',
  'FunctionName',
  'BatchSize',
  'Enabled',
  'StartingPosition',
  'StartingPositionTimestamp',
  'MaximumBatchingWindowInSeconds',
  'ParallelizationFactor',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'TumblingWindowInSeconds',
  'FilterCriteria',
  'Filters',
  'Pattern',
  'DestinationConfig',
  'OnFailure',
  'Destination',
  'FunctionResponseTypes',
  'ScalingConfig',
  'MaximumConcurrency',
  'Topics',
  'Queues',
  'SourceAccessConfigurations',
  'SelfManagedEventSource',
  'Endpoints',
  'KAFKA_BOOTSTRAP_SERVERS',
  'Tags',
  'Marker',
  'MaxItems',
  'tagKeys',
  'Qualifier',
  'MessageGroupId',
  'PartitionKey',
  '__proto__',
  'toString',
];
const VALUES = [
  'arn:aws:sqs:embedded:000000000000:orders',
  'arn:aws:sqs:embedded:000000000000:steps.fifo',
  'arn:aws:sqs:embedded:000000000000:nobody',
  'arn:aws:kinesis:embedded:000000000000:stream/readings',
  'arn:aws:lambda:us-east-1:000000000000:function:print',
  'print',
  'print:live',
  'TRIM_HORIZON',
  'AT_TIMESTAMP',
  'ReportBatchItemFailures',
  '{"body":{"a":[1]}}',
  '{"body":',
];

const word = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }).map(encodeURIComponent) },
);
/** What the API has, and whatever can be written beside it. */
const path = fc.oneof(
  fc.constantFrom(
    '/2015-03-31/event-source-mappings/',
    `/2015-03-31/event-source-mappings/${MAPPING}`,
    '/2015-03-31/functions/print',
    '/2015-03-31/functions/print/configuration',
    '/2015-03-31/functions/print/invocations',
    `/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Aevent-source-mapping%3A${MAPPING}`,
    '/queues/orders/messages',
    '/streams/readings/records',
  ),
  fc.array(word, { maxLength: 5 }).map((words) => `/${words.join('/')}`),
  word.map((last) => `/2015-03-31/event-source-mappings/${last}`),
);
const value = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
);
const json = fc.letrec<{ any: unknown; object: unknown }>((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, value, fc.array(tie('any'), { maxLength: 4 }), tie('object')),
  object: fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...FIELDS) }, { weight: 1, arbitrary: fc.string() }), tie('any'), {
    maxKeys: 6,
  }),
}));
const body = fc.oneof(
  { weight: 6, arbitrary: json.object.map((one) => JSON.stringify(one)) },
  { weight: 2, arbitrary: json.any.map((one) => JSON.stringify(one)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\ud800-\udfff]/g, '?')) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constant('') },
);
const query = fc
  .array(fc.tuple(fc.constantFrom(...FIELDS), fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'grapheme', maxLength: 6 }))), {
    maxLength: 3,
  })
  .map((pairs) => pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&'));
const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS');
const headers = fc.dictionary(
  fc.constantFrom(
    'x-amz-invocation-type',
    'x-amz-log-type',
    'content-type',
    'accept',
    'x-message-group-id',
    'x-partition-key',
    'expect',
    'range',
  ),
  fc.stringMatching(/^[\x21-\x7e]{0,12}$/).filter((text) => !text.toLowerCase().startsWith('100')),
  { maxKeys: 2 },
);
const request = fc
  .record({ method, path, query, body, headers, isOdd: fc.integer({ min: 0, max: 9 }).map((one) => one === 9) })
  .map(({ path: at, query: asked, isOdd, ...rest }) => ({
    ...rest,
    target: asked === '' ? at : `${at}?${asked}`,
    // Seldom a body where none belongs.
    body: ['GET', 'HEAD'].includes(rest.method) && !isOdd ? '' : rest.body,
  }));

/** No 500, no crash, always an envelope, and nothing secret. */
function check(answer: RawAnswer, target: string, verb: string): void {
  const { status, headers: got, body: text } = answer;
  expect(status).toBeGreaterThanOrEqual(200);
  // 503: /readyz of a daemon that is not ready.
  if (!target.startsWith('/readyz')) expect(status).toBeLessThan(500);
  for (const secret of SECRETS) expect(answer.text).not.toContain(secret);
  if (status < 400 || verb === 'HEAD') return;
  const told = JSON.parse(text) as Readonly<Record<string, unknown>>;
  // What is expected is refused before anybody looks at the path.
  if (/^\/20\d\d-\d\d-\d\d(\/|\?|$)/.test(target) && status !== 417) {
    expect(got['x-amzn-requestid']).toMatch(/^[\da-f-]{36}$/);
    expect(got['x-amzn-errortype']).toMatch(/^[A-Z]\w+Exception$/);
    expect(told['message'] ?? told['Message']).toEqual(expect.any(String));
  } else if (!target.startsWith('/readyz')) {
    expect(Object.keys(told).sort()).toEqual(['error', 'message']);
  }
}

describe('whatever is asked over HTTP is answered with an envelope, never with 500, and ends nothing', () => {
  let open: ApiWorld;
  let guarded: ApiWorld;

  beforeAll(async () => {
    open = await apiWorld({ rateLimit: { requestsPerSecond: 1_000_000, burst: 1_000_000 } });
    guarded = await apiWorld({ access: await access(), rateLimit: { requestsPerSecond: 1_000_000, burst: 1_000_000 } });
  });
  afterAll(async () => {
    for (const world of [open, guarded]) {
      const { status } = await exchange(world.url, { target: '/healthz', headers: { host: world.host } });
      expect(status).toBe(200);
      for (const secret of SECRETS) expect(world.lines.join('')).not.toContain(secret);
      await world.close();
    }
  });

  test('where nobody is asked who he is', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const { target } = asked;
        const answer = await exchange(open.url, { ...asked, headers: { host: open.host, ...asked.headers } });
        check(answer, target, asked.method);
      }),
      { numRuns: 600 },
    );
  });

  test('where keys and tokens are asked for, with proper ones', async () => {
    await fc.assert(
      fc.asyncProperty(request, fc.constantFrom('manage', 'read'), async (asked, role) => {
        const { target } = asked;
        const at = Date.now();
        const isSigned = /^\/20/.test(target);
        // What cannot be decoded cannot be signed, and this name not by every signer.
        if (isSigned && /%zz|[?&]__proto__=/.test(target)) return;
        const proof = isSigned
          ? signedHeaders({ ...KEYS[role], ...asked, host: guarded.host, at, headers: amazon(asked.headers) })
          : { host: guarded.host, authorization: `Bearer ${TOKENS[role]}` };
        const answer = await exchange(guarded.url, { ...asked, headers: { ...asked.headers, ...proof } });
        check(answer, target, asked.method);
        if (isSigned) expect(answer.headers['x-amzn-errortype'] ?? '').not.toMatch(/Signature/);
        else expect(answer.status).not.toBe(401);
      }),
      { numRuns: 600 },
    );
  });

  test('where keys and tokens are asked for, with any nonsense for one', async () => {
    const nonsense = fc.oneof(
      fc.stringMatching(/^[\x20-\x7e]{0,80}$/),
      fc.stringMatching(/^AWS4-HMAC-SHA256 [\x20-\x7e]{0,80}$/),
      fc
        .tuple(fc.stringMatching(/^[\w/=+-]{0,40}$/), fc.stringMatching(/^[\w;-]{0,30}$/), fc.stringMatching(/^[\da-f]{0,70}$/))
        .map(([one, two, three]) => `AWS4-HMAC-SHA256 Credential=AKIAMANAGE/${one}, SignedHeaders=${two}, Signature=${three}`),
      fc.stringMatching(/^Bearer [\x20-\x7e]{0,40}$/),
    );
    await fc.assert(
      fc.asyncProperty(request, nonsense, fc.stringMatching(/^[\dTZ]{0,20}$/), async (asked, authorization, date) => {
        const { target } = asked;
        const more = { authorization, 'x-amz-date': date };
        const answer = await exchange(guarded.url, { ...asked, headers: { host: guarded.host, ...asked.headers, ...more } });
        check(answer, target, asked.method);
        if (!/^\/(healthz|readyz)(\?|$)/.test(target)) expect([400, 401, 403, 417]).toContain(answer.status);
      }),
      { numRuns: 300 },
    );
  });

  test('where what comes is hardly HTTP', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'GET ',
        'POST ',
        '/',
        '/metrics',
        ' HTTP/1.1',
        '\r\n',
        '\n',
        '\r',
        'host: 127.0.0.1',
        'content-length: ',
        '9',
        '-1',
        ': ',
        '\0',
      ),
      fc.constantFrom(
        'transfer-encoding: chunked',
        'connection: upgrade\r\nupgrade: h2c',
        'expect: 100-continue',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
        const answer = await send(open.url, `${pieces.join('')}\r\n\r\n\0\r\n\r\n`);
        for (const line of answer.text.match(/^HTTP\/1\.1 \d+/gm) ?? []) expect(Number(line.slice(9))).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });
});

/** The headers that a signature has to cover. */
function amazon(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => name.startsWith('x-amz-')));
}
