import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prometheusMeter } from '../../../adapters/meter/prometheus/index.ts';
import { type EmbeddedTopic, embeddedTopic } from '../../../adapters/source/embedded-topic/index.ts';
import { type ManageServer, manageServer, type Phase } from '../../../src/manage/index.ts';
import { systemClock, systemRandom } from '../../../src/system.ts';

let server: ManageServer;
let url = '';
let phase: Phase;
let orders: EmbeddedTopic;

beforeEach(async () => {
  phase = 'running';
  orders = embeddedTopic({ name: 'orders', partitions: 3, maximumRecords: 2 });
  server = manageServer({
    mappings: () => [],
    disabled: new Set(),
    queues: new Map(),
    streams: new Map(),
    topics: new Map([['orders', orders]]),
    phase: () => phase,
    meter: prometheusMeter(),
    clock: systemClock,
    random: systemRandom,
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await server.close();
  await orders.close();
});

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}${path}`, { method: 'POST', body, headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** All records of the topic: partition, key and value. */
function held(): (readonly [number, string | undefined, string | undefined])[] {
  return [0, 1, 2].flatMap((partition) =>
    orders.peek(partition).records.map(({ key, value }) => [partition, key?.toString(), value?.toString()] as const),
  );
}

describe('records of embedded topics', () => {
  test('a body becomes the value of a record as it is, with its key by query or header', async () => {
    const query = await post('/topics/orders/records?Key=b%C3%A4r&Partition=2', Buffer.from(' {"a": "ü",}\r\n\uFEFF'));
    const header = await post('/topics/orders/records?Partition=0', 'y', { 'x-key': 'ann' });
    expect([query, header]).toEqual([
      { status: 201, body: { partition: 2, offset: '0' } },
      { status: 201, body: { partition: 0, offset: '0' } },
    ]);
    expect(held()).toEqual([
      [0, 'ann', 'y'],
      [2, 'bär', ' {"a": "ü",}\r\n\uFEFF'],
    ]);
  });

  test('a record needs no key; an empty one is a key', async () => {
    await post('/topics/orders/records?Partition=1', 'x');
    await post('/topics/orders/records?Partition=1&Key=', 'y');
    expect(held()).toEqual([
      [1, undefined, 'x'],
      [1, '', 'y'],
    ]);
  });

  test('topics are listed with the number of their partitions', async () => {
    orders.addPartitions(1);
    expect(await (await fetch(`${url}/topics`)).json()).toEqual({ topics: [{ name: 'orders', partitions: 4 }] });
  });

  test.each([
    ['/topics/order/records', 'x', 404, /there is no embedded topic of that name; did you mean orders\?/],
    ['/topics/orders/records?Partition=3', 'x', 400, /partition/],
    ['/topics/orders/records?Partition=-1', 'x', 400, /query\.Partition: must be the number of a partition/],
    ['/topics/orders/records?Keys=a', 'x', 400, /query\.Keys: .*did you mean Key\?/],
    ['/topics/orders/records', '', 400, /the body of the request becomes the record and must not be empty/],
    ['/topics/orders/records', new Uint8Array([0xff]), 400, /no text in UTF-8/],
  ])('%s is refused in JSON with the reason', async (path, body, status, message) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.body['message']).toMatch(message);
    expect(held()).toEqual([]);
  });

  test('a full topic answers 429, and a daemon that stops takes nothing in', async () => {
    orders.produceMany([{ value: 'x' }, { value: 'y' }]);
    expect((await post('/topics/orders/records', 'z')).status).toBe(429);
    phase = 'stopping';
    expect(await post('/topics/orders/records', 'z')).toMatchObject({ status: 503, body: { error: 'Stopping' } });
  });
});
