/**
 * Secrets of AWS Secrets Manager, by their ARN.
 *
 * - client.ts   the one call
 * - errors.ts   errors of the service and of its SDK, as the engine knows them
 */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConfigError, type SecretResolver, SourceError } from '../../../src/index.ts';
import { type AwsSettings, checkAwsSettings } from '../../shared/aws-settings.ts';
import { readSecretText } from '../../shared/secret-text.ts';
import { expectSecretUri } from '../../shared/secret-uri.ts';
import { connect, type SecretCalls } from './client.ts';
import { secretsManagerError } from './errors.ts';

/** How the service is reached; the region is that of each ARN. */
export interface SecretsManagerOptions extends Omit<AwsSettings, 'region'> {
  /** A client of your own instead of the settings; it asks in its own region. */
  readonly client?: SecretsManagerClient;
}

/**
 * Reads the secret that an ARN names: its text, or its bytes as text, a JSON object of texts or PEM. Needs the package
 * `@aws-sdk/client-secrets-manager`, which Millrace does not bring, and the permission `secretsmanager:GetSecretValue`.
 * Throws a {@link ConfigError} when the options are wrong.
 */
export function secretsManagerSecrets(options: SecretsManagerOptions = {}): SecretResolver {
  const { client, ...settings } = options;
  const problems = checkAwsSettings(settings);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    async resolve(uri) {
      const { arn, region } = expectSecretUri(uri, 'secrets-manager');
      let calls: SecretCalls | undefined;
      try {
        calls = await connect(client, { ...settings, region });
        const { SecretString: text, SecretBinary: bytes } = await calls.getSecretValue({ SecretId: arn });
        return readSecretText(text ?? Buffer.from(bytes ?? []).toString('utf8'), uri);
      } catch (error) {
        throw error instanceof SourceError ? error : secretsManagerError(error, uri);
      } finally {
        calls?.close();
      }
    },
  };
}
