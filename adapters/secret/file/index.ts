/**
 * Secrets in files: `file:PATH`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { type SecretResolver, SourceError, type SourceErrorKind } from '../../../src/index.ts';
import { readSecretText } from '../../shared/secret-text.ts';
import { expectSecretUri } from '../../shared/secret-uri.ts';

const KINDS: Readonly<Record<string, SourceErrorKind>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
};

/**
 * Reads `file:PATH`: a file with a JSON object of texts or with PEM, or a folder with one file a part, as secrets are mounted into
 * containers. `folder`: where relative paths begin; default the working directory.
 */
export function fileSecrets({ folder = '.' }: { readonly folder?: string } = {}): SecretResolver {
  return {
    async resolve(uri) {
      const path = resolvePath(folder, expectSecretUri(uri, 'file').path);
      try {
        return readSecretText(await readFile(path, 'utf8'), uri);
      } catch (error) {
        if (codeOf(error) === 'EISDIR') return readFolder(path, uri);
        throw error instanceof SourceError ? error : unreadable(error, uri);
      }
    },
  };
}

async function readFolder(path: string, uri: string): Promise<Readonly<Record<string, string>>> {
  try {
    const entries = await readdir(path);
    // Mounts keep their versions beside the parts, behind a dot.
    const names = entries.filter((name) => !name.startsWith('.'));
    const texts = await Promise.all(names.map((name) => readFile(resolvePath(path, name), 'utf8')));
    return Object.fromEntries(names.map((name, index) => [name, (texts[index] ?? '').replace(/\r?\n$/, '')]));
  } catch (error) {
    throw unreadable(error, uri);
  }
}

function unreadable(error: unknown, uri: string): SourceError {
  const code = codeOf(error);
  return new SourceError(KINDS[code] ?? 'unavailable', code, `the secret ${uri} cannot be read: ${code}`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'Unknown';
}
