import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { catalog } from '../../../adapters/catalog.ts';
import { ConfigError } from '../../../src/contract/index.ts';
import { type DaemonConfig, resolveConfig } from '../../../src/daemon/config.ts';
import { openApi } from '../../../src/daemon/open-api.ts';
import { createAuthority } from '../../support/certificates.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const TOKEN = 'a-token-that-nobody-guesses';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-api-'));
  const authority = createAuthority('Test Authority');
  for (const name of ['server', 'other']) {
    const { certificate, key, encryptedKey } = authority.issue(name);
    writeFileSync(join(folder, `${name}.crt`), certificate);
    writeFileSync(join(folder, `${name}.key`), key);
    writeFileSync(join(folder, `${name}.encrypted.key`), encryptedKey('a passphrase'));
  }
  writeFileSync(join(folder, 'secret.txt'), `${SECRET}\n`);
  writeFileSync(join(folder, 'empty.txt'), '\n');
  writeFileSync(join(folder, 'short.txt'), 'short\n');
  writeFileSync(join(folder, 'text.pem'), 'nothing in PEM\n');
  mkdirSync(join(folder, 'sub'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function resolved(yaml: string): DaemonConfig {
  return resolveConfig({ folder, content: parse(yaml) as unknown }, Date.UTC(2026, 5, 1));
}

function problemsIn(error: unknown): string[] {
  if (error instanceof ConfigError) return error.problems.map(({ field, message }) => `${field}: ${message}`);
  throw error;
}

function problemsOf(yaml: string): string[] {
  try {
    resolved(yaml);
  } catch (error) {
    return problemsIn(error);
  }
  return [];
}

async function problemsOfOpening(api: string, environment: Record<string, string> = {}): Promise<string[]> {
  try {
    await openApi(catalog, resolved(`{ api: ${api} }`), environment);
  } catch (error) {
    return problemsIn(error);
  }
  return [];
}

const KEY = `{ accessKeyId: AKIAEXAMPLE, secretAccessKey: ${SECRET}, role: manage }`;

describe('an address that others can reach', () => {
  test.each(['0.0.0.0:80', '"[::]:80"', '10.0.0.1:80', '"[::ffff:127.0.0.1]:80"'])('%s is refused without credentials', (listen) => {
    expect(problemsOf(`{ listen: ${listen} }`)).toEqual([
      expect.stringMatching(
        /^listen: is ".+:80", where others than this machine may call, .*add api\.credentials .* or listen on 127\.0\.0\.1/,
      ),
    ]);
  });

  test.each([`credentials: [${KEY}]`, `tokens: [{ token: ${TOKEN}, role: read }]`])('is taken with %s', (api) => {
    expect(resolved(`{ listen: 0.0.0.0:80, api: { ${api} } }`).listen).toEqual({ host: '0.0.0.0', port: 80 });
  });

  test('is refused with a section that asks nobody', () => {
    expect(problemsOf('{ listen: 0.0.0.0:80, api: { maxConnections: 3 } }')).toEqual([
      expect.stringMatching(/^listen: is "0\.0\.0\.0:80"/),
    ]);
  });
});

describe('secrets', () => {
  test('come from the file itself, from files and from environment variables', async () => {
    const config = resolved(`
api:
  credentials:
    - ${KEY}
    - { accessKeyId: AKIAOTHER, secretAccessKeyFile: ./secret.txt, role: read }
    - { accessKeyId: AKIATHIRD, secretAccessKeyEnv: THIRD, role: read }
  tokens: [{ tokenEnv: TOKEN, role: read }, { tokenFile: ./secret.txt, role: manage }]
aws: { region: eu-west-1 }
`);
    const { access } = await openApi(catalog, config, { THIRD: `${SECRET}3`, TOKEN });
    expect(access?.region).toBe('eu-west-1');
    expect(access?.keys.map(({ accessKeyId, secretAccessKey, role }) => [accessKeyId, secretAccessKey.reveal(), role])).toEqual([
      ['AKIAEXAMPLE', SECRET, 'manage'],
      ['AKIAOTHER', SECRET, 'read'],
      ['AKIATHIRD', `${SECRET}3`, 'read'],
    ]);
    expect(access?.tokens.map(({ token, role }) => [token.reveal(), role])).toEqual([
      [TOKEN, 'read'],
      [SECRET, 'manage'],
    ]);
    for (const shown of [
      JSON.stringify({ config, access }),
      inspect({ config, access }, { depth: 9, showHidden: true }),
      String(access?.keys[0]?.secretAccessKey),
    ]) {
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain(TOKEN);
    }
  });

  test.each([
    ['[{ tokenFile: ./nowhere.txt, role: read }]', 'api.tokens[0].tokenFile: names a file that does not exist'],
    ['[{ tokenFile: ./sub, role: read }]', 'api.tokens[0].tokenFile: names a folder'],
    ['[{ tokenFile: ./empty.txt, role: read }]', 'api.tokens[0].tokenFile: names a file that is empty'],
    ['[{ tokenFile: ./short.txt, role: read }]', 'api.tokens[0].tokenFile: leads to a text that is no secret'],
    ['[{ tokenEnv: NOT_SET, role: read }]', 'api.tokens[0].tokenEnv: names an environment variable that is not set'],
    ['[{ tokenEnv: SHORT, role: read }]', 'api.tokens[0].tokenEnv: leads to a text that is no secret'],
  ])('that cannot be had are refused by their field: %s', async (tokens, problem) => {
    expect(await problemsOfOpening(`{ tokens: ${tokens} }`, { SHORT: 'short' })).toEqual([expect.stringContaining(problem)]);
  });

  test('of all entries are looked at, and all that is wrong is told', async () => {
    const api = '{ credentials: [{ accessKeyId: one, secretAccessKeyEnv: A, role: read }], tokens: [{ tokenEnv: B, role: read }] }';
    expect(await problemsOfOpening(api)).toHaveLength(2);
  });

  test.each([
    [
      `credentials: [{ accessKeyId: AKIA, secretAccessKey: ${SECRET}, secretAccessKeyEnv: X, role: read }]`,
      'credentials[0].secretAccessKeyEnv: a secret is given in one way',
    ],
    ['credentials: [{ accessKeyId: AKIA, role: read }]', 'credentials[0].secretAccessKey: a secret is given in one way'],
    [`credentials: [${KEY}, ${KEY}]`, 'credentials[1].accessKeyId: stands in this list already'],
    [
      `credentials: [{ accessKeyId: AKIA, secretAccessKey: ${SECRET} }]`,
      'credentials[0].role: must be read (may look: GET and HEAD) or manage',
    ],
    [`tokens: [{ token: ${TOKEN}, roles: read }]`, 'tokens[0].roles: is not a field that is known here; did you mean role?'],
    ['tokens: []', 'tokens: must be a list of 1 to 1000 bearer tokens'],
  ])('%s is refused', (api, problem) => {
    expect(problemsOf(`{ api: { ${api} } }`)).toContainEqual(expect.stringContaining(`api.${problem}`));
  });

  test.each([
    `api: ${SECRET}`,
    `api: { credentials: ${SECRET} }`,
    `api: { credentials: [${SECRET}] }`,
    `api: { credentials: { AKIA: ${SECRET} } }`,
    `api: { credentials: [{ accessKeyId: ${SECRET}, secretAccessKey: ${SECRET}, role: read }] }`,
    `api: { credentials: [{ accessKeyId: AKIA, secretAccesKey: ${SECRET}, role: read }] }`,
    `api: { credentials: [{ accessKeyId: AKIA, secretAccessKey: [${SECRET}], role: read }] }`,
    `api: { credentials: [{ accessKeyId: AKIA, secretAccessKey: ' ${SECRET}', role: read }] }`,
    `api: { credentials: [{ accessKeyId: AKIA, secretAccessKeyEnv: ${SECRET}, role: read }] }`,
    `api: { credentials: [{ accessKeyId: AKIA, secretAccessKeyFile: ${SECRET}, role: reader }] }`,
    `api: { credentials: [{ accessKeyId: AKIA, secretAccessKey: ${SECRET}, role: ${SECRET} }] }`,
    `api: { tokens: [{ token: ' ${SECRET}', role: read }] }`,
  ])('are in no message when they stand in the wrong place or form: %s', (yaml) => {
    const problems = problemsOf(`{ ${yaml} }`);
    expect(problems).not.toEqual([]);
    expect(problems.join('\n')).not.toContain(SECRET.slice(0, 8));
  });

  test('that are numbers are in no message either', () => {
    expect(problemsOf('{ api: { tokens: [{ token: 1234567890123456, role: read }] } }').join('\n')).toMatch(/^((?!12345678).)+$/);
  });

  test('that stand where a file or variable should be named are in no message', async () => {
    expect((await problemsOfOpening(`{ tokens: [{ tokenFile: ${TOKEN}, role: read }] }`)).join('\n')).toMatch(/^((?!nobody-guesses).)+$/);
  });
});

describe('certificate and key', () => {
  test('are read from their files', async () => {
    const { tls, access } = await openApi(catalog, resolved('{ api: { tls: { certificate: server.crt, key: server.key } } }'), {});
    expect(tls?.certificate).toContain('BEGIN CERTIFICATE');
    expect(access).toBeUndefined();
  });

  test.each([
    ['server.crt', 'nowhere.key', 'api.tls.key: names a file that does not exist'],
    ['sub', 'server.key', 'api.tls.certificate: names a folder'],
    ['text.pem', 'server.key', 'api.tls.certificate: has no certificate in PEM'],
    ['server.crt', 'text.pem', 'api.tls.key: has no private key in PEM'],
    ['server.crt', 'server.crt', 'api.tls.key: has no private key in PEM'],
    ['server.key', 'server.key', 'api.tls.certificate: has no certificate in PEM'],
    ['server.crt', 'server.encrypted.key', 'api.tls.key: is encrypted; give a key without a passphrase'],
    ['server.crt', 'other.key', 'api.tls.key: is not the key of the certificate'],
  ])('%s with %s are refused', async (certificate, key, problem) => {
    expect(await problemsOfOpening(`{ tls: { certificate: ${certificate}, key: ${key} } }`)).toEqual([expect.stringContaining(problem)]);
  });
});

test('limits have their defaults, and a burst is twice the rate', () => {
  expect(resolved('{}').api).toMatchObject({ rateLimit: undefined, maxConnections: undefined });
  expect(resolved('{ api: { rateLimit: { requestsPerSecond: 15 }, maxConnections: 9 } }').api).toMatchObject({
    rateLimit: { requestsPerSecond: 15, burst: 30 },
    maxConnections: 9,
  });
  expect(problemsOf('{ api: { rateLimit: { requestsPerSecond: 0 } } }')).toEqual([
    'api.rateLimit.requestsPerSecond: must be a whole number from 1 to 1000000 (requests of one key, token or address; default 1000), but is the number 0',
  ]);
});
