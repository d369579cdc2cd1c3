import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, expect, test } from 'vitest';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';
import { DaemonTests, eventually, readiness } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const broker = await sharedKafka();
const topics = new KafkaTopics(broker.bootstrap);
afterAll(() => topics.close());

test('the example of topics retries what the function names, gives it up to an embedded topic, and keeps the order of each key', async () => {
  const daemon = tests.start({ args: ['start', '--config', 'config/examples/topics.yaml', '--listen', '127.0.0.1:0'] });
  const url = await daemon.url();
  await daemon.says(/failed: offset \d+: RetriesExhausted/);
  await daemon.says(/order 8 of bakery-b: wheat/);
  await daemon.says(/order 9 of bakery-c: barley/);
  expect(daemon.stdout.match(/order 5 says no flour/g)).toHaveLength(4);
  const orders = [...daemon.stdout.matchAll(/order (\d+) of bakery-(\w)/g)].map(([, order = '', bakery = '']) => `${bakery}${order}`);
  const of = (bakery: string): string[] => orders.filter((order) => order.startsWith(bakery));
  expect({ a: of('a'), b: of('b'), c: of('c') }).toEqual({ a: ['a1', 'a4', 'a7'], b: ['b2', 'b8'], c: ['c3', 'c6', 'c9'] });

  const [, body = '', target = ''] = await daemon.says(/curl -d '([^']+)' '([^']+)'/);
  expect(target).toBe(`${url}/topics/orders/records?Key=me`);
  expect((await fetch(target, { method: 'POST', body })).status).toBe(201);
  await daemon.says(/order 1 of me: wheat/);

  daemon.signal('SIGINT');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  expect(daemon.stdout).toContain('stopped: nothing is in flight');
  expect(daemon.stderr).toBe('');
});

const FUNCTION = {
  'f.mjs': `
export async function handler(event) {
  for (const [partition, records] of Object.entries(event.records)) {
    for (const { offset, key, value } of records) {
      const text = Buffer.from(value, 'base64').toString();
      console.log('got ' + partition.slice(-1) + ':' + offset + ' ' + Buffer.from(key ?? '', 'base64').toString() + '=' + text);
      if (text === 'poison') throw new Error('it is poison');
    }
  }
}
`,
};

test('topics of a cluster behind TLS and a password are read where the last process ended, and what fails lies in the on-failure topic', async () => {
  const orders = await topics.create(2);
  const failed = await topics.create(1);
  const files = { ...FUNCTION, 'ca.pem': broker.authority };
  const env = { KAFKA_LOGIN: JSON.stringify(broker.user) };
  const group = `g-${randomUUID()}`;
  const yaml = `
store: { type: memory }
functions: { f: { Handler: ./f.mjs#handler } }
mappings:
  - Name: orders
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['${broker.saslSsl}'] } }
    Topics: [${orders}]
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: ${group} }
    SourceAccessConfigurations:
      - { Type: SASL_SCRAM_512_AUTH, URI: 'env:KAFKA_LOGIN' }
      - { Type: SERVER_ROOT_CA_CERTIFICATE, URI: 'file:./ca.pem' }
    FunctionName: f
    BatchSize: 10
    MaximumRetryAttempts: 1
    BisectBatchOnFunctionError: true
    DestinationConfig: { OnFailure: { Destination: 'kafka://${failed}' } }
    KafkaDestinationFormat: record
`;
  await topics.produce(orders, [
    { partition: 0, key: 'a', value: '1' },
    { partition: 0, key: 'a', value: 'poison' },
    { partition: 1, key: 'b', value: '2' },
  ]);
  const first = tests.run(yaml, files, { env });
  await first.url();
  await first.says(/got 1:0 b=2/);
  const lying = await eventually('the poison in the on-failure topic', async () => (await topics.readAll(failed))[0]);
  expect(lying).toMatchObject({ key: 'a', value: 'poison' });
  expect(String(lying.headers?.['millrace.record-offset'])).toBe('1');
  first.signal('SIGTERM');
  expect((await first.ended).code).toBe(0);
  expect(first.stdout).not.toContain(broker.user.password);
  expect([...(await topics.committed(group, orders))].map(([partition, { offset }]) => [partition, offset])).toEqual([
    [0, '2'],
    [1, '1'],
  ]);

  await topics.produce(orders, [{ partition: 0, key: 'a', value: '3' }]);
  const second = tests.run(yaml, files, { env });
  await second.says(/got 0:2 a=3/);
  expect(second.stdout.match(/got /g)).toHaveLength(1);
  second.signal('SIGTERM');
  expect((await second.ended).code).toBe(0);
});

test('what is missing is waited for and told: the secret, then the topic, then the way in', async () => {
  const orders = `t-${randomUUID()}`;
  const entry = (name: string, more: string): string => `
  - Name: ${name}
    Topics: [${orders}]
    FunctionName: f
    ${more}`;
  const at = (address: string): string => `SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['${address}'] } }`;
  const daemon = tests.run(
    `
store: { type: memory }
functions: { f: { Handler: ./f.mjs#handler } }
mappings:${entry('no-topic', at(broker.bootstrap))}${entry('no-broker', at('127.0.0.1:1'))}${entry(
      'no-secret',
      `${at(broker.saslSsl)}\n    SourceAccessConfigurations: [{ Type: SASL_SCRAM_512_AUTH, URI: 'env:NOT_THERE' }]`,
    )}
`,
    FUNCTION,
  );
  const url = await daemon.url();
  const waiting = await eventually('all three to wait', async () => {
    const { text } = await readiness(url);
    return ['does not exist', 'NOT_THERE is not set', '127.0.0.1:1'].every((part) => text.includes(part)) ? text : undefined;
  });
  expect(waiting).toContain('no-secret');
  await topics.create(1, orders);
  await topics.produce(orders, [{ value: 'at last' }]);
  await daemon.says(/got 0:0 =at last/);
  daemon.signal('SIGTERM');
  expect((await daemon.ended).code).toBe(0);
});

test('what only an adapter can see of a cluster is told in the spelling of the file, before anything is started', async () => {
  const daemon = tests.run(
    `
store: { type: memory }
functions: { f: { Handler: ./f.mjs }, slow: { Handler: ./f.mjs, Timeout: 841 } }
mappings:
  - Name: a
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['b-1:99999'] } }
    Topics: [orders]
    FunctionName: f
    SourceAccessConfigurations: [{ Type: BASIC_AUTH, URI: 'secret' }]
`,
    FUNCTION,
  );
  expect((await daemon.ended).code).toBe(2);
  expect(daemon.stderr).toContain('mappings[0].SourceAccessConfigurations[0].URI: must name a secret');
});

test('a function that may run longer than a topic lets it is refused', async () => {
  const daemon = tests.run(
    `
store: { type: memory }
functions: { slow: { Handler: ./f.mjs, Timeout: 841 } }
mappings:
  - { Name: a, SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['127.0.0.1:1'] } }, Topics: [orders], FunctionName: slow }
`,
    FUNCTION,
  );
  expect((await daemon.ended).code).toBe(2);
  expect(daemon.stderr).toMatch(/840/);
});
