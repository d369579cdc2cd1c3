import { CreateSecretCommand, DeleteSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, expect, test } from 'vitest';
import { secretsManagerSecrets } from '../../adapters/secret/secrets-manager/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';

describeWithBackend('localstack', "AWS Secrets Manager's secrets", ({ endpoint }) => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SecretsManagerClient({ endpoint, region: 'us-east-1', credentials });
  const secrets = secretsManagerSecrets({ endpoint, credentials });
  afterAll(() => client.destroy());

  async function create(content: { readonly SecretString: string } | { readonly SecretBinary: Uint8Array }): Promise<string> {
    const { ARN = '' } = await client.send(new CreateSecretCommand({ Name: `kafka/${String(performance.now())}`, ...content }));
    return ARN;
  }

  test('are read by their ARN, text or bytes, as they are now', async () => {
    const arn = await create({ SecretString: '{"username":"miller","password":"one"}' });
    expect(await secrets.resolve(arn)).toEqual({ username: 'miller', password: 'one' });
    await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: '{"username":"miller","password":"two"}' }));
    expect(await secrets.resolve(arn)).toEqual({ username: 'miller', password: 'two' });
    const bytes = await create({ SecretBinary: Buffer.from('{"token":"three"}') });
    expect(await secrets.resolve(bytes)).toEqual({ token: 'three' });
  });

  test('are read with a client of the user, which stays usable', async () => {
    const arn = await create({ SecretString: '{"token":"one"}' });
    const own = secretsManagerSecrets({ client });
    expect([await own.resolve(arn), await own.resolve(arn)]).toEqual([{ token: 'one' }, { token: 'one' }]);
  });

  test('that are not there, or hold no object, are told by their ARN and by nothing they hold', async () => {
    const arn = await create({ SecretString: 'hidden-word' });
    const failure: unknown = await secrets.resolve(arn).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'invalid', code: 'SecretUnreadable' });
    expect(String(failure)).toContain(arn);
    expect(String(failure)).not.toContain('hidden-word');
    await client.send(new DeleteSecretCommand({ SecretId: arn, ForceDeleteWithoutRecovery: true }));
    await expect(secrets.resolve(arn)).rejects.toMatchObject({ kind: 'not-found', code: 'ResourceNotFoundException' });
  });
});
