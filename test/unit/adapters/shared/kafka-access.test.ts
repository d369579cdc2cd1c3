import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type KafkaKind, planKafkaAccess, type SourceAccessConfiguration } from '../../../../adapters/shared/kafka-access.ts';
import { resolveKafkaAccess } from '../../../../adapters/shared/kafka-credentials.ts';
import type { SecretResolver } from '../../../../src/index.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { problemLines } from '../../../support/problems-of.ts';

const authority = createAuthority('Test Authority');
const own = authority.issue('client');
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function secretsOf(secrets: Readonly<Record<string, Readonly<Record<string, string>>>>): SecretResolver {
  return { resolve: (uri) => Promise.resolve(secrets[uri] ?? {}) };
}

function access(entries: readonly SourceAccessConfiguration[], secrets: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  return resolveKafkaAccess(planKafkaAccess(entries, 'SelfManagedKafka'), secretsOf(secrets));
}

const login = { 'env:LOGIN': { username: 'miller', password: 'word' } };

test.each([
  ['BASIC_AUTH', 'plain'],
  ['SASL_SCRAM_256_AUTH', 'scram-sha-256'],
  ['SASL_SCRAM_512_AUTH', 'scram-sha-512'],
])('%s is SASL %s over TLS with the name and password of its secret', async (Type, mechanism) => {
  expect(await access([{ Type, URI: 'env:LOGIN' }], login)).toEqual({
    ssl: true,
    sasl: { mechanism, username: 'miller', password: 'word' },
  });
});

test('a client certificate and a private authority come from their secrets', async () => {
  const entries = [
    { Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: 'file:client' },
    { Type: 'SERVER_ROOT_CA_CERTIFICATE', URI: 'file:authority.pem' },
  ];
  const client = { certificate: own.certificate, privateKey: own.encryptedKey('a-phrase'), privateKeyPassword: 'a-phrase' };
  expect(await access(entries, { 'file:client': client, 'file:authority.pem': { certificate: authority.certificate } })).toEqual({
    ssl: { ca: authority.certificate, cert: own.certificate, key: client.privateKey, passphrase: 'a-phrase' },
  });
});

test('networks are kept, and ask for nothing', async () => {
  const network = [
    { Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' },
    { Type: 'VPC_SUBNET', URI: 'subnet:subnet-2' },
    { Type: 'VPC_SECURITY_GROUP', URI: 'security_group:sg-1' },
  ];
  const plan = planKafkaAccess(network, 'SelfManagedKafka');
  expect(plan).toMatchObject({ tls: false, network });
  expect(await resolveKafkaAccess(plan, secretsOf({}))).toEqual({});
});

test('a ready token is read from its secret for each connection, with its extensions', async () => {
  let token = 'one';
  const plan = planKafkaAccess(
    [
      { Type: 'OAUTHBEARER_AUTH', URI: 'file:token' },
      { Type: 'OAUTHBEARER_LOGICAL_CLUSTER', URI: 'lkc-1' },
      { Type: 'OAUTHBEARER_IDENTITY_POOL', URI: 'pool-1' },
    ],
    'SelfManagedKafka',
  );
  const { sasl } = await resolveKafkaAccess(plan, { resolve: () => Promise.resolve({ token }) });
  const ask = sasl?.mechanism === 'oauthbearer' ? sasl.token : undefined;
  const extensions = { logicalCluster: 'lkc-1', identityPoolId: 'pool-1' };
  expect(await ask?.()).toEqual({ value: 'one', extensions });
  token = 'two';
  expect(await ask?.()).toEqual({ value: 'two', extensions });
});

/** An authorization server that answers as told. */
async function tokenServer(answers: readonly { readonly status: number; readonly body: unknown }[]) {
  const asked: { readonly authorization: string | undefined; readonly form: Record<string, string> }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { status, body } = answers[Math.min(asked.length, answers.length - 1)] ?? { status: 500, body: '' };
      asked.push({ authorization: request.headers.authorization, form: Object.fromEntries(new URLSearchParams(text)) });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/token`, asked };
}

async function tokensFrom(endpoint: string) {
  const secret = { tokenEndpoint: endpoint, clientId: 'mill', clientSecret: 'hidden-word' };
  const entries = [
    { Type: 'OAUTHBEARER_AUTH', URI: 'env:CLIENT' },
    { Type: 'OAUTHBEARER_SCOPE', URI: 'kafka.read' },
    { Type: 'OAUTHBEARER_AUDIENCE', URI: 'brokers' },
  ];
  const { sasl } = await access(entries, { 'env:CLIENT': secret });
  return sasl?.mechanism === 'oauthbearer' ? sasl.token : () => Promise.reject(new Error('no tokens'));
}

test('client credentials are exchanged for a token with scope and audience, once for as long as it is good', async () => {
  const { endpoint, asked } = await tokenServer([{ status: 200, body: { access_token: 'good', expires_in: 3_600 } }]);
  const token = await tokensFrom(endpoint);
  expect(await Promise.all([token(), token()])).toEqual([
    { value: 'good', extensions: {} },
    { value: 'good', extensions: {} },
  ]);
  await token();
  expect(asked).toEqual([
    {
      authorization: `Basic ${Buffer.from('mill:hidden-word').toString('base64')}`,
      form: { grant_type: 'client_credentials', scope: 'kafka.read', audience: 'brokers' },
    },
  ]);
});

test('a token server that refuses is told without what it was given, and asked again the next time', async () => {
  const { endpoint } = await tokenServer([
    { status: 401, body: { error: 'hidden-word is wrong' } },
    { status: 503, body: 'hidden-word' },
    { status: 200, body: { access_token: 'good' } },
  ]);
  const token = await tokensFrom(endpoint);
  const refused: unknown = await token().catch((error: unknown) => error);
  expect(refused).toMatchObject({ kind: 'denied', message: `the token endpoint ${endpoint} gave no token: it answered 401` });
  await expect(token()).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await token()).toEqual({ value: 'good', extensions: {} });
  expect(JSON.stringify(refused) + String(refused)).not.toContain('hidden-word');
});

test('client secrets go over https alone', async () => {
  await expect(tokensFrom('http://tokens.example/')).rejects.toThrow('tokenEndpoint must be a URL that begins with https://');
});

const F = 'SourceAccessConfigurations';

test.each<[string, readonly SourceAccessConfiguration[], string, KafkaKind?]>([
  ['IAM', [{ Type: 'IAM_AUTH' }], `${F}[0].Type: IAM_AUTH is not supported`],
  ['tokens of IAM', [{ Type: 'IAM_OAUTHBEARER_AUTH' }], `${F}[0].Type: IAM_OAUTHBEARER_AUTH is not supported`],
  ["RabbitMQ's host", [{ Type: 'VIRTUAL_HOST', URI: '/' }], `${F}[0].Type: VIRTUAL_HOST is for RabbitMQ`],
  ['a word that nobody knows', [{ Type: 'basic_auth', URI: 'env:A' }], `${F}[0].Type: "basic_auth" is not known; there are BASIC_AUTH,`],
  ['no URI', [{ Type: 'BASIC_AUTH' }], `${F}[0].URI: must be given: BASIC_AUTH needs it`],
  ['a URI that names nothing', [{ Type: 'BASIC_AUTH', URI: 'secret' }], `${F}[0].URI: must name a secret`],
  ['a URI that is too long', [{ Type: 'BASIC_AUTH', URI: `file:${'a'.repeat(200)}` }], `${F}[0].URI: must have 200 characters at most`],
  [
    'two identities',
    [
      { Type: 'BASIC_AUTH', URI: 'env:A' },
      { Type: 'SASL_SCRAM_512_AUTH', URI: 'env:B' },
    ],
    `${F}: must have one of BASIC_AUTH, SASL_SCRAM_512_AUTH, not all`,
  ],
  [
    'two authorities',
    [
      { Type: 'SERVER_ROOT_CA_CERTIFICATE', URI: 'env:A' },
      { Type: 'SERVER_ROOT_CA_CERTIFICATE', URI: 'env:B' },
    ],
    `${F}: must have SERVER_ROOT_CA_CERTIFICATE once only`,
  ],
  ['a scope without tokens', [{ Type: 'OAUTHBEARER_SCOPE', URI: 'read' }], `${F}: has OAUTHBEARER_SCOPE without OAUTHBEARER_AUTH`],
  ['a password in PLAIN on MSK', [{ Type: 'BASIC_AUTH', URI: 'env:A' }], `${F}[0].Type: BASIC_AUTH is not for Amazon MSK`, 'aws:kafka'],
  [
    'a list that is too long',
    Array.from({ length: 24 }, () => ({ Type: 'VPC_SUBNET', URI: 'subnet:a' })),
    `${F}: must have 23 entries at most`,
  ],
])('%s is refused with the field and the fix', (_, entries, start, kind = 'SelfManagedKafka') => {
  const lines = problemLines(() => planKafkaAccess(entries, kind));
  expect(lines).toHaveLength(1);
  expect(lines[0]?.slice(0, start.length)).toBe(start);
});

test('MSK takes SCRAM-512 and client certificates', () => {
  expect(planKafkaAccess([{ Type: 'SASL_SCRAM_512_AUTH', URI: 'env:A' }], 'aws:kafka').identity).toMatchObject({
    mechanism: 'scram-sha-512',
  });
  expect(planKafkaAccess([{ Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: 'env:A' }], 'aws:kafka').clientCertificateUri).toBe('env:A');
});

test.each([
  ['BASIC_AUTH', { username: 'miller' }, 'the secret env:A has no password: BASIC_AUTH needs username, password'],
  ['CLIENT_CERTIFICATE_TLS_AUTH', { certificate: own.certificate }, 'the secret env:A has no privateKey'],
  [
    'CLIENT_CERTIFICATE_TLS_AUTH',
    { certificate: 'hidden-word', privateKey: own.key },
    'the secret env:A: certificate must be one or more certificates in PEM',
  ],
  ['SERVER_ROOT_CA_CERTIFICATE', { certificate: 'hidden-word' }, 'the secret env:A: certificate must be one or more certificates in PEM'],
  [
    'CLIENT_CERTIFICATE_TLS_AUTH',
    { certificate: own.certificate, privateKey: own.encryptedKey('a-phrase'), privateKeyPassword: 'hidden-word' },
    'the secret env:A: privateKeyPassword does not open ssl.key',
  ],
  ['OAUTHBEARER_AUTH', { clientId: 'mill' }, 'the secret env:A has no tokenEndpoint and no clientSecret'],
])('a secret for %s that lacks what it takes is told by its part', async (Type, secret, message) => {
  const failure: unknown = await access([{ Type, URI: 'env:A' }], { 'env:A': secret }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'SourceError', kind: 'invalid' });
  expect(String(failure)).toContain(message);
  expect(String(failure)).not.toContain('hidden-word');
});
