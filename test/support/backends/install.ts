import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './install-lock.ts';
import { cacheRoot } from './paths.ts';

/** How a back end comes into the cache. */
export interface Installation {
  readonly name: string;
  /** What is installed; another text means installing anew. */
  readonly recipe: string;
  /** A file, relative to the folder, without which nothing works. */
  readonly proof: string;
  /** Fills the empty folder. */
  readonly install: (directory: string) => Promise<void>;
  readonly say: (line: string) => void;
  /** The folder that holds installations; the ignored cache unless a test says otherwise. */
  readonly root?: string;
}

function fingerprint(recipe: string): string {
  return createHash('sha256').update(recipe).digest('hex');
}

export function installDirectory(installation: Pick<Installation, 'name' | 'root'>): string {
  return join(installation.root ?? cacheRoot, installation.name);
}

/** True if the folder holds a finished installation of this very recipe. */
export async function isInstalled(installation: Pick<Installation, 'name' | 'recipe' | 'proof' | 'root'>): Promise<boolean> {
  const directory = installDirectory(installation);
  if (!existsSync(join(directory, installation.proof))) return false;
  const marker = await readFile(join(directory, '.installed'), 'utf8').catch(() => '');
  return marker === fingerprint(installation.recipe);
}

/**
 * Installs once; later calls return at once. The marker is written last, so an interrupted installation is thrown
 * away and made anew. Of several processes one installs and the others wait.
 */
export async function ensureInstalled(installation: Installation): Promise<string> {
  const directory = installDirectory(installation);
  if (await isInstalled(installation)) return directory;
  const waiting = (): void => {
    installation.say(`${installation.name}: another process is installing it, waiting ...`);
  };
  await withLock(
    `${directory}.lock`,
    async () => {
      if (await isInstalled(installation)) return;
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true });
      await installation.install(directory);
      await writeFile(join(directory, '.installed'), fingerprint(installation.recipe));
    },
    waiting,
  );
  return directory;
}
