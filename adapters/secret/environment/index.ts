/**
 * Secrets in environment variables: `env:NAME`.
 */
import { type SecretResolver, SourceError } from '../../../src/index.ts';
import { readSecretText } from '../../shared/secret-text.ts';
import { expectSecretUri } from '../../shared/secret-uri.ts';

/** Reads `env:NAME`: a JSON object of texts, or PEM. `environment`: default that of the process, as it is at each read. */
export function environmentSecrets(environment: Readonly<Record<string, string | undefined>> = process.env): SecretResolver {
  return { resolve: async (uri) => Promise.resolve(read(uri, environment)) };
}

function read(uri: string, environment: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const { variable } = expectSecretUri(uri, 'environment');
  const text = environment[variable];
  if (text === undefined || text.trim() === '') {
    throw new SourceError('not-found', 'SecretMissing', `the secret ${uri}: the environment variable ${variable} is not set`);
  }
  return readSecretText(text, uri);
}
