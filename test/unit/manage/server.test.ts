import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prometheusMeter } from '../../../adapters/meter/prometheus/index.ts';
import { type EmbeddedQueue, embeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import { type EmbeddedStream, embeddedStream } from '../../../adapters/source/embedded-stream/index.ts';
import type { MappingExplanation } from '../../../src/contract/index.ts';
import { ListenError, type ManageServer, manageServer, type Phase } from '../../../src/manage/index.ts';
import type { Mapping } from '../../../src/mapping/index.ts';
import { systemClock, systemRandom } from '../../../src/system.ts';

const explanation: MappingExplanation = {
  id: 'id-1',
  name: 'orders',
  eventSource: 'orders',
  functionName: 'print',
  state: 'Enabled',
  lastProcessingResult: undefined,
  at: Date.UTC(2026, 0, 1),
  inFlight: 0,
  lag: { records: 0, isAtLeast: false, seconds: 0 },
  secondsToLoss: undefined,
  waits: [],
  shards: [],
  lastError: undefined,
  nextRetryAt: undefined,
  credits: { inUse: 0, ofMapping: 0, limit: undefined, waiting: 0 },
  breaker: undefined,
  findings: [],
};

/** A mapping as the server sees it. */
function mapping(fields: Partial<Mapping>): Mapping {
  return {
    id: 'id-1',
    name: 'orders',
    functionName: 'print',
    sourceLabel: 'orders',
    state: 'Enabled',
    problem: undefined,
    lastProcessingResult: undefined,
    waits: () => [],
    inFlight: 0,
    explain: () => Promise.resolve(explanation),
    explanation: () => explanation,
    enable: () => Promise.resolve(),
    disable: () => Promise.resolve(),
    ...fields,
  };
}

let server: ManageServer;
let url = '';
let phase: Phase;
let mappings: Mapping[];
let disabled: Set<string>;
let orders: EmbeddedQueue;
let steps: EmbeddedQueue;
let readings: EmbeddedStream;

beforeEach(async () => {
  phase = 'running';
  mappings = [mapping({})];
  disabled = new Set();
  orders = embeddedQueue({ name: 'orders', maximumMessages: 2 });
  steps = embeddedQueue({ name: 'steps.fifo' });
  readings = embeddedStream({ name: 'readings', shards: 2, maximumRecords: 2 });
  const meter = prometheusMeter();
  meter.counter('deliveries', 'How many', {}).add(3);
  server = manageServer({
    mappings: () => mappings,
    disabled,
    queues: new Map([
      ['orders', orders],
      ['steps.fifo', steps],
    ]),
    streams: new Map([['readings', readings]]),
    topics: new Map(),
    phase: () => phase,
    meter,
    clock: systemClock,
    random: systemRandom,
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await server.close();
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(path, { method: 'POST', body, headers });
}

/** With headers that fetch would not send. */
function raw(headers: Record<string, string>, path = '/healthz'): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, { headers }, (response) => {
      text(response).then((body) => {
        resolve({ status: response.statusCode, body });
      }, reject);
    })
      .on('error', reject)
      .end();
  });
}

describe('health', () => {
  test('healthz answers while the process lives, also while it stops', async () => {
    phase = 'stopping';
    expect(await ask('/healthz')).toEqual({ status: 200, body: { status: 'alive' } });
  });

  test('readyz is 200 when every mapping that should work does', async () => {
    mappings = [mapping({}), mapping({ name: 'off', state: 'Disabled' })];
    disabled.add('off');
    expect(await ask('/readyz')).toEqual({ status: 200, body: { status: 'ready', phase: 'running', waiting: [] } });
  });

  test.each<Phase>(['starting', 'stopping'])('readyz is 503 while %s', async (now) => {
    phase = now;
    expect((await ask('/readyz')).status).toBe(503);
  });

  test('readyz is 503 with the wait reason in words when a mapping cannot work', async () => {
    const problem = { kind: 'lease', owner: 'PID 4711' } as const;
    mappings = [mapping({ state: 'Creating', problem, waits: () => [{ part: 'mapping', reason: problem }] })];
    expect(await ask('/readyz')).toEqual({
      status: 503,
      body: {
        status: 'not ready',
        phase: 'running',
        waiting: [{ mapping: 'orders', state: 'Creating', waits: ['mapping: owned by PID 4711'] }],
      },
    });
  });

  test('readyz is 503 while the breaker of a mapping is open', async () => {
    const until = systemClock.monotonic() + 60_000;
    const reason = { kind: 'breaker', state: 'open', functionName: 'print', cause: 'ECONNREFUSED', until } as const;
    mappings = [mapping({ waits: () => [{ part: 'slot 0', reason }] })];
    expect((await ask('/readyz')).status).toBe(503);
  });

  test('metrics are in the text format of Prometheus', async () => {
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toContain('deliveries 3');
  });

  test('mappings and queues are listed', async () => {
    orders.send({ body: 'x' });
    expect((await ask('/mappings')).body).toEqual({
      mappings: [{ id: 'id-1', name: 'orders', eventSource: 'orders', functionName: 'print', state: 'Enabled', inFlight: 0, waits: [] }],
    });
    expect((await ask('/queues')).body['queues']).toMatchObject([{ name: 'orders', arn: orders.arn, visible: 1 }, { name: 'steps.fifo' }]);
  });
});

describe('messages', () => {
  test.each([undefined, 'application/json', 'application/x-www-form-urlencoded', 'application/octet-stream', 'nonsense'])(
    'a body of type %s becomes a message as it is',
    async (type) => {
      const body = ' {"a": "ü",}\r\n\uFEFF';
      const answer = await post('/queues/orders/messages', Buffer.from(body), type === undefined ? {} : { 'content-type': type });
      expect(answer.status).toBe(201);
      expect(orders.peek()).toMatchObject([{ body, messageId: answer.body['messageId'] }]);
    },
  );

  test('group and deduplication id come by query or header', async () => {
    const query = await post('/queues/steps.fifo/messages?MessageGroupId=g&MessageDeduplicationId=1', 'a');
    const header = await post('/queues/steps.fifo/messages', 'a', { 'x-message-group-id': 'g', 'x-message-deduplication-id': '1' });
    expect(query).toMatchObject({ status: 201, body: { sequenceNumber: expect.stringMatching(/^\d+$/) as string } });
    expect(header.body['messageId']).toBe(query.body['messageId']);
    expect(steps.peek()).toMatchObject([{ groupId: 'g' }]);
  });

  test.each([
    ['/queues/ordres/messages', 'x', 404, /did you mean orders\?/],
    ['/queues/orders/messages', '', 400, /must not be empty/],
    ['/queues/orders/messages', new Uint8Array([0xff]), 400, /no text in UTF-8/],
    ['/queues/orders/messages?DelaySeconds=soon', 'x', 400, /query\.DelaySeconds: must be a whole number of seconds from 0 to 900/],
    [
      '/queues/orders/messages?DelaySecond=1',
      'x',
      400,
      /query\.DelaySecond: is not a field that is known here; did you mean DelaySeconds\?/,
    ],
    ['/queues/steps.fifo/messages', 'x', 400, /MessageGroupId|messageGroupId/],
    ['/queues/orders/messages', 'x'.repeat(1_048_577), 413, /at most 1048576 bytes/],
    ['/nothing', 'x', 404, /POST \/nothing is nothing here; there are GET \/healthz/],
  ])('%s is refused in JSON with the reason', async (path, body, status, message) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body).sort()).toEqual(['error', 'message']);
    expect(answer.body['message']).toMatch(message);
    expect(orders.peek()).toEqual([]);
  });

  test('a full queue answers 429, and a daemon that stops takes nothing in', async () => {
    orders.sendBatch([{ body: 'a' }, { body: 'b' }]);
    expect(await post('/queues/orders/messages', 'c')).toMatchObject({ status: 429, body: { error: 'QueueFull' } });
    phase = 'stopping';
    expect(await post('/queues/orders/messages', 'c')).toMatchObject({ status: 503, body: { error: 'Stopping' } });
  });
});

describe('records', () => {
  /** All records of the stream: key and text. */
  const held = (): string[] =>
    readings.shardIds.flatMap((shardId) =>
      readings.peek(shardId).records.map(({ partitionKey, data }) => `${partitionKey} ${Buffer.from(data, 'base64').toString()}`),
    );

  test('a body becomes a record as it is, with its partition key by query or header', async () => {
    const query = await post('/streams/readings/records?PartitionKey=b%C3%A4r', Buffer.from(' {"a": "ü",}\r\n\uFEFF'));
    const header = await post('/streams/readings/records', 'y', { 'x-partition-key': 'ann' });
    expect(query).toMatchObject({ status: 201, body: { shardId: expect.stringMatching(/^shardId-/) as string } });
    expect(query.body['sequenceNumber']).toMatch(/^\d+$/);
    expect(header.status).toBe(201);
    expect(held().sort()).toEqual(['ann y', 'bär  {"a": "ü",}\r\n\uFEFF']);
  });

  test('an explicit hash key chooses the shard', async () => {
    const [first, second] = readings.shardIds;
    const low = await post('/streams/readings/records?PartitionKey=k&ExplicitHashKey=0', 'x');
    const high = await post(`/streams/readings/records?PartitionKey=k&ExplicitHashKey=${String(2n ** 128n - 1n)}`, 'x');
    expect([low.body['shardId'], high.body['shardId']]).toEqual([first, second]);
  });

  test('streams are listed with their shards', async () => {
    readings.splitShard(readings.shardIds[0] ?? '');
    expect((await ask('/streams')).body['streams']).toEqual([{ name: 'readings', arn: readings.arn, shards: await readings.listShards() }]);
  });

  test.each([
    ['/streams/reading/records?PartitionKey=k', 'x', 404, /there is no embedded stream of that name; did you mean readings\?/],
    ['/streams/readings/records', 'x', 400, /has a partition key; add \?PartitionKey=KEY, or the header x-partition-key/],
    ['/streams/readings/records?PartitionKey=', 'x', 400, /query\.PartitionKey: must be 1 to 256 characters/],
    ['/streams/readings/records?PartitionKeys=k', 'x', 400, /query\.PartitionKeys: .*did you mean PartitionKey\?/],
    ['/streams/readings/records?PartitionKey=k&ExplicitHashKey=-1', 'x', 400, /query\.ExplicitHashKey: must be a decimal number/],
    [`/streams/readings/records?PartitionKey=k&ExplicitHashKey=${String(2n ** 128n)}`, 'x', 400, /explicitHashKey must be a decimal text/],
    ['/streams/readings/records?PartitionKey=k', '', 400, /the body of the request becomes the record and must not be empty/],
    ['/streams/readings/records?PartitionKey=k', new Uint8Array([0xff]), 400, /no text in UTF-8/],
  ])('%s is refused in JSON with the reason', async (path, body, status, message) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.body['message']).toMatch(message);
    expect(held()).toEqual([]);
  });

  test('a full stream answers 429, and a daemon that stops takes nothing in', async () => {
    readings.putMany([
      { partitionKey: 'a', data: 'x' },
      { partitionKey: 'b', data: 'y' },
    ]);
    expect(await post('/streams/readings/records?PartitionKey=k', 'z')).toMatchObject({ status: 429, body: { error: 'StreamFull' } });
    phase = 'stopping';
    expect(await post('/streams/readings/records?PartitionKey=k', 'z')).toMatchObject({ status: 503, body: { error: 'Stopping' } });
  });
});

describe('who may call', () => {
  test.each(['127.0.0.1:1', 'localhost', 'LOCALHOST:4680', '[::1]:80'])('a Host of %s is let in', async (host) => {
    expect((await raw({ host })).status).toBe(200);
  });

  test.each(['example.com', '127.0.0.1.example.com', 'localhost.example.com:4680', '10.0.0.1', 'localhost@example.com'])(
    'a Host of "%s" is refused: its name may have been made to lead here',
    async (host) => {
      expect((await raw({ host })).status).toBe(403);
    },
  );

  test('pages of other sites are refused, pages of this machine are not', async () => {
    expect((await raw({ origin: 'https://example.com' })).status).toBe(403);
    expect((await raw({ origin: 'null' })).status).toBe(403);
    expect((await raw({ origin: 'http://localhost:3000' })).status).toBe(200);
  });

  test('a head that is too large is refused', async () => {
    expect((await raw({ 'x-large': 'x'.repeat(20_000) })).status).toBe(431);
  });

  test('what is no HTTP is answered with 400', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GARBAGE\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test('a port that is taken is told with the fix', async () => {
  const other = manageServer({
    mappings: () => [],
    disabled,
    queues: new Map(),
    streams: new Map(),
    topics: new Map(),
    phase: () => phase,
    meter: prometheusMeter(),
    clock: systemClock,
    random: systemRandom,
  });
  const port = Number(new URL(url).port);
  const failure = await other.listen({ host: '127.0.0.1', port }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ListenError);
  expect(failure).toMatchObject({
    message: expect.stringMatching(/another process listens on 127\.0\.0\.1:\d+ already; .*--listen/) as string,
  });
  await other.close();
});
