/** Encrypted and authenticated connections to a real broker, from Lambda's SourceAccessConfigurations; and what is said when they fail. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { environmentSecrets } from '../../adapters/secret/environment/index.ts';
import { planKafkaAccess, type SourceAccessConfiguration } from '../../adapters/shared/kafka-access.ts';
import type { KafkaConnectionOptions } from '../../adapters/shared/kafka-connection.ts';
import { resolveKafkaAccess } from '../../adapters/shared/kafka-credentials.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { createAuthority } from '../support/certificates.ts';
import { KafkaRun } from '../support/kafka-run.ts';
import { SourceSockets } from '../support/kafka-sockets.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';
import { startProxy } from '../support/proxy.ts';

const broker = await sharedKafka();
const topics = new KafkaTopics(broker.bootstrap);
afterAll(() => topics.close());

const WRONG = `wrong-${randomUUID()}`;
/** What no log, error or explanation may hold. */
const SECRETS = [broker.user.password, broker.client.passphrase, WRONG, ...[broker.client.key, broker.client.encryptedKey].map(middleOf)];
/** For so long a mapping that cannot connect is watched. */
const WATCHED_MS = 3_000;
/** Waits that begin at half a second and double, for the source and for its member, with some chance in them. */
const ATTEMPTS_MAX = 12;
const LOOPBACK = '127.0.0.1:';

function middleOf(pem: string): string {
  return pem.split('\n')[1] ?? pem;
}

/** An unsecured JSON web token, as Kafka's validator for tests takes it. */
function unsecuredToken(principal: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: principal, iat: now, exp: now + 3_600 })}.`;
}

type Access = Pick<KafkaConnectionOptions, 'ssl' | 'sasl'>;

/** As the daemon does it: entries that name secrets, and secrets in the environment. */
function accessOf(entries: readonly SourceAccessConfiguration[], secrets: Readonly<Record<string, object>>): Promise<Access> {
  const environment = Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, JSON.stringify(secret)]));
  return resolveKafkaAccess(planKafkaAccess(entries, 'SelfManagedKafka'), environmentSecrets(environment));
}

const authority = { Type: 'SERVER_ROOT_CA_CERTIFICATE', URI: 'env:AUTHORITY' };
const trusted = { AUTHORITY: { certificate: broker.authority } };
const login = (Type: string): readonly SourceAccessConfiguration[] => [authority, { Type, URI: 'env:LOGIN' }];
const ownCertificate = [authority, { Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: 'env:CLIENT' }];
const { certificate, key, encryptedKey, passphrase } = broker.client;

function expectNoSecret(run: KafkaRun): void {
  const told = [
    ...run.logs,
    ...run.engine.explain(),
    JSON.stringify(run.events, (_, value: unknown) => (value instanceof Error ? String(value.stack) : value)),
  ];
  for (const secret of SECRETS) expect(told.filter((line) => line.includes(secret))).toEqual([]);
}

/** A mapping that reads three records that were there and one that comes later. */
async function readsWith(address: string, access: Access, onTestFinished: (end: () => Promise<void>) => void): Promise<void> {
  const topic = await topics.create();
  await topics.produce(topic, [{ value: '0' }, { value: '1' }, { value: '2' }]);
  const run = new KafkaRun();
  onTestFinished(() => run.end());
  run.map({ brokers: [address], topic, ...access }, {}, () => undefined);
  await run.start();
  await run.settled(3);
  await topics.produce(topic, [{ value: '3' }]);
  await run.settled(4);
  expect(run.values).toEqual(['0', '1', '2', '3']);
  expectNoSecret(run);
}

test.each(['BASIC_AUTH', 'SASL_SCRAM_256_AUTH', 'SASL_SCRAM_512_AUTH'])(
  '%s over TLS with a private authority reads and commits',
  async (type) => {
    const ends: (() => Promise<void>)[] = [];
    const access = await accessOf(login(type), { ...trusted, LOGIN: broker.user });
    await readsWith(broker.saslSsl, access, (end) => ends.push(end)).finally(() => Promise.all(ends.map((end) => end())));
  },
);

test('OAUTHBEARER_AUTH reads and commits with the token of its secret', async ({ onTestFinished }) => {
  const entries = [authority, { Type: 'OAUTHBEARER_AUTH', URI: 'env:TOKEN' }];
  const access = await accessOf(entries, { ...trusted, TOKEN: { token: unsecuredToken('miller') } });
  await readsWith(broker.saslSsl, access, onTestFinished);
});

test.each([
  ['a key that is not encrypted', { certificate, privateKey: key }],
  ['a key that is', { certificate, privateKey: encryptedKey, privateKeyPassword: passphrase }],
])('CLIENT_CERTIFICATE_TLS_AUTH with %s reads and commits', async (_, client) => {
  const ends: (() => Promise<void>)[] = [];
  const access = await accessOf(ownCertificate, { ...trusted, CLIENT: client });
  await readsWith(broker.mutualTls, access, (end) => ends.push(end)).finally(() => Promise.all(ends.map((end) => end())));
});

interface Refusal {
  readonly address: string;
  readonly access: () => Promise<Access>;
  readonly told: RegExp;
}

const stranger = createAuthority('Another Authority');
const refusals: Readonly<Record<string, Refusal>> = {
  'a wrong password of PLAIN': {
    address: broker.saslSsl,
    access: () => accessOf(login('BASIC_AUTH'), { ...trusted, LOGIN: { username: 'miller', password: WRONG } }),
    told: /denied: .*refuses the credentials.*Invalid username or password/,
  },
  'a wrong password of SCRAM': {
    address: broker.saslSsl,
    access: () => accessOf(login('SASL_SCRAM_512_AUTH'), { ...trusted, LOGIN: { username: 'miller', password: WRONG } }),
    told: /denied: .*refuses the credentials/,
  },
  'a token that is none': {
    address: broker.saslSsl,
    access: () => accessOf([authority, { Type: 'OAUTHBEARER_AUTH', URI: 'env:TOKEN' }], { ...trusted, TOKEN: { token: WRONG } }),
    told: /denied: .*refuses the credentials/,
  },
  'an authority that did not issue the certificate of the broker': {
    address: broker.saslSsl,
    access: () => accessOf(login('BASIC_AUTH'), { AUTHORITY: { certificate: stranger.certificate }, LOGIN: broker.user }),
    told: /denied: .*TLS failed \(.*check the certificates, the CA/,
  },
  'the well-known authorities alone': {
    address: broker.saslSsl,
    access: () => accessOf([{ Type: 'BASIC_AUTH', URI: 'env:LOGIN' }], { LOGIN: broker.user }),
    told: /denied: .*TLS failed \(.*check the certificates, the CA/,
  },
  'a client certificate that a stranger has issued': {
    address: broker.mutualTls,
    access: () => {
      const client = stranger.issue('client');
      return accessOf(ownCertificate, { ...trusted, CLIENT: { certificate: client.certificate, privateKey: client.key } });
    },
    told: /denied: .*TLS failed \(.*certificate/i,
  },
  'no client certificate where one is wanted': {
    address: broker.mutualTls,
    access: () => accessOf([authority], trusted),
    told: /denied: .*TLS failed \(.*certificate/i,
  },
  'a broker that nobody knows': {
    address: 'localhost:1',
    access: () => Promise.resolve({}),
    told: /unavailable: .*ECONNREFUSED/,
  },
  'a name that nobody knows': {
    address: 'no-such-host.invalid:9092',
    access: () => Promise.resolve({}),
    told: /unavailable: .*(ENOTFOUND|EAI_AGAIN)/,
  },
};

test.each(Object.keys(refusals))('%s is told clearly and without a secret, and tried again with growing waits', async (name) => {
  const { address, access, told } = refusals[name] as Refusal;
  const topic = await topics.create();
  const run = new KafkaRun();
  // Connections that open are counted on their way to the broker, others where they begin.
  const proxy = await startProxy(`http://${broker.saslSsl === address ? broker.saslSsl : broker.mutualTls}`);
  const isReached = address.startsWith(LOOPBACK);
  const sockets = new SourceSockets();
  try {
    const brokers = [isReached ? `${LOOPBACK}${String(proxy.port)}` : address];
    run.map({ brokers, topic, ...(await access()) }, {}, () => undefined);
    await run.start();
    await expect.poll(() => run.engine.explain().join('\n'), { interval: 20 }).toMatch(told);
    await sleep(WATCHED_MS);
    const attempts = isReached ? proxy.accepted : sockets.opened;
    expect(attempts).toBeGreaterThan(0);
    expect(attempts).toBeLessThanOrEqual(ATTEMPTS_MAX);
    expect(run.engine.explain().join('\n')).toMatch(told);
    expect(run.batches).toEqual([]);
    expectNoSecret(run);
  } finally {
    await run.end();
    await proxy.close();
    sockets.end();
  }
  expect(sockets.open).toBe(0);
});

test('what came meanwhile is read when a wrong token is mended, once each', async ({ onTestFinished }) => {
  const topic = await topics.create();
  await topics.produce(topic, [{ value: '0' }]);
  let token = WRONG;
  const run = new KafkaRun();
  onTestFinished(() => run.end());
  const sasl = { mechanism: 'oauthbearer', token: () => Promise.resolve({ value: token }) } as const;
  run.map({ brokers: [broker.saslSsl], topic, ssl: { ca: broker.authority }, sasl }, {}, () => undefined);
  await run.start();
  await expect.poll(() => run.engine.explain().join('\n')).toMatch(/denied/);
  await topics.produce(topic, [{ value: '1' }]);
  token = unsecuredToken('miller');
  await run.settled(2);
  expect(run.values).toEqual(['0', '1']);
});

test('a group that was cut off goes on where it was when its brokers are there again', async ({ onTestFinished }) => {
  const proxy = await startProxy(`http://${broker.bootstrap}`);
  const topic = await topics.create();
  const run = new KafkaRun();
  onTestFinished(async () => {
    await run.end();
    await proxy.close();
  });
  await proxy.cut();
  await topics.produce(topic, [{ value: '0' }, { value: '1' }]);
  run.map({ brokers: [`127.0.0.1:${String(proxy.port)}`], topic }, {}, () => undefined);
  await run.start();
  await expect.poll(() => run.engine.explain().join('\n')).toMatch(/unavailable: .*ECONNREFUSED/);
  await proxy.heal();
  await run.settled(2);
  expect(run.values).toEqual(['0', '1']);
});
