/** The one call to AWS Secrets Manager. The SDK is loaded with it, and is there only when the user has installed it. */
import type * as Sdk from '@aws-sdk/client-secrets-manager';
import { SourceError } from '../../../src/index.ts';
import { clientConfig } from '../../shared/aws-connection.ts';
import type { AwsSettings } from '../../shared/aws-settings.ts';

const PACKAGE = '@aws-sdk/client-secrets-manager';

/** The call as the service names it, made once. Throws what the SDK throws. */
export interface SecretCalls {
  getSecretValue(input: Sdk.GetSecretValueCommandInput): Promise<Sdk.GetSecretValueCommandOutput>;
  /** Closes connections, but not those of a user's own client. */
  close(): void;
}

/** Loads the SDK. Throws a SourceError when it is not installed. `load`: in its place, for tests. */
export async function connect(
  own: Sdk.SecretsManagerClient | undefined,
  settings: AwsSettings,
  load: () => Promise<typeof Sdk> = () => import('@aws-sdk/client-secrets-manager'),
): Promise<SecretCalls> {
  const sdk = await load().catch((cause: unknown) => {
    if (!isMissing(cause)) throw cause;
    throw new SourceError(
      'invalid',
      'PackageMissing',
      `secrets of AWS Secrets Manager need the package ${PACKAGE}: npm install ${PACKAGE}`,
      {
        cause,
      },
    );
  });
  const client = own ?? new sdk.SecretsManagerClient(clientConfig(settings));
  return {
    getSecretValue: (input) => client.send(new sdk.GetSecretValueCommand(input)),
    close: () => {
      if (own === undefined) client.destroy();
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(PACKAGE);
}
