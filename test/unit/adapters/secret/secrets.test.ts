import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environmentSecrets } from '../../../../adapters/secret/environment/index.ts';
import { fileSecrets } from '../../../../adapters/secret/file/index.ts';
import { connect } from '../../../../adapters/secret/secrets-manager/client.ts';
import { secretsManagerSecrets } from '../../../../adapters/secret/secrets-manager/index.ts';
import { parseSecretUri } from '../../../../adapters/shared/secret-uri.ts';
import { createAuthority } from '../../../support/certificates.ts';

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka/miller-AbCdEf';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-secrets-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['env:KAFKA_SECRET', { kind: 'environment', variable: 'KAFKA_SECRET' }],
  ['file:secrets/kafka.json', { kind: 'file', path: 'secrets/kafka.json' }],
  ['file:/run/secrets/kafka', { kind: 'file', path: '/run/secrets/kafka' }],
  ['file:///run/secrets/kafka', { kind: 'file', path: '/run/secrets/kafka' }],
  [arn, { kind: 'secrets-manager', arn, region: 'eu-central-1' }],
  ['env:', undefined],
  ['env:9X', undefined],
  ['file:', undefined],
  ['KAFKA_SECRET', undefined],
  ['arn:aws:s3:::bucket/key', undefined],
  ['https://example.com/secret', undefined],
])('%s names what it says', (uri, parsed) => {
  expect(parseSecretUri(uri)).toEqual(parsed);
});

test('an environment variable holds a JSON object, read as it is now', async () => {
  const environment: Record<string, string> = { KAFKA: '{"username":"miller","password":"one","port":9,"nested":{}}' };
  const secrets = environmentSecrets(environment);
  expect(await secrets.resolve('env:KAFKA')).toEqual({ username: 'miller', password: 'one', port: '9' });
  environment['KAFKA'] = '{"username":"miller","password":"two"}';
  expect(await secrets.resolve('env:KAFKA')).toEqual({ username: 'miller', password: 'two' });
});

test('PEM gives its certificates in their order and its key', async () => {
  const authority = createAuthority('Test Authority');
  const own = authority.issue('client');
  const secrets = environmentSecrets({ PEM: `\n${own.key}${own.certificate}${authority.certificate}` });
  expect(await secrets.resolve('env:PEM')).toEqual({
    certificate: `${own.certificate.trim()}\n${authority.certificate.trim()}`,
    privateKey: own.key.trim(),
  });
});

test('a file holds the same, and a folder one part a file, but not what is behind a dot', async () => {
  await writeFile(join(folder, 'kafka.json'), '{"username":"miller","password":"word"}');
  await mkdir(join(folder, 'mounted', '..data'), { recursive: true });
  await writeFile(join(folder, 'mounted', 'username'), 'miller\n');
  await writeFile(join(folder, 'mounted', 'password'), 'word');
  const secrets = fileSecrets({ folder });
  const expected = { username: 'miller', password: 'word' };
  expect(await secrets.resolve('file:kafka.json')).toEqual(expected);
  expect(await secrets.resolve(`file:${join(folder, 'kafka.json')}`)).toEqual(expected);
  expect(await secrets.resolve('file:mounted')).toEqual(expected);
});

test.each([
  ['a variable that is not set', 'env:NOTHING', { kind: 'not-found', message: /env:NOTHING: the environment variable NOTHING is not set/ }],
  ['a file that is not there', 'file:nowhere/x.json', { kind: 'not-found', message: /file:nowhere\/x\.json cannot be read: ENOENT/ }],
  ['another kind of secret', arn, { kind: 'invalid', message: /which is not read here/ }],
  ['no URI at all', 'hidden-word', { kind: 'invalid', message: /must name a secret: 'env:NAME', 'file:PATH'/ }],
])('%s is told with where and why', async (_, uri, { kind, message }) => {
  const secrets = uri.startsWith('env:') ? environmentSecrets({}) : fileSecrets({ folder });
  const failure: unknown = await secrets.resolve(uri).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'SourceError', kind, message: expect.stringMatching(message) as string });
  expect(String(failure)).not.toContain('hidden-word');
});

test.each(['hidden-word', '"hidden-word"', '["hidden-word"]', '{"password":hidden-word}', '-----BEGIN hidden-word-----'])(
  '%s is refused without being repeated',
  async (text) => {
    const failure: unknown = await environmentSecrets({ KAFKA: text })
      .resolve('env:KAFKA')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: 'invalid',
      code: 'SecretUnreadable',
      message: expect.stringMatching(/env:KAFKA must hold a JSON object/) as string,
    });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('hidden-word');
  },
);

test("without AWS's package its secrets are refused with the way to get it", async () => {
  const missing = Object.assign(new Error("Cannot find package '@aws-sdk/client-secrets-manager' imported from here"), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
  await expect(connect(undefined, { region: 'eu-central-1' }, () => Promise.reject(missing))).rejects.toMatchObject({
    kind: 'invalid',
    code: 'PackageMissing',
    message: expect.stringContaining('npm install @aws-sdk/client-secrets-manager') as string,
  });
  const another = new Error('something else');
  await expect(connect(undefined, {}, () => Promise.reject(another))).rejects.toBe(another);
});

test('wrong settings are refused at once', () => {
  expect(() => secretsManagerSecrets({ endpoint: 'nowhere' })).toThrow(/endpoint: must be a URL/);
});
