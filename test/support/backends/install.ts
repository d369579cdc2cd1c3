import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from './install-lock.ts';
import { cacheRoot } from './paths.ts';

/** How a back end comes into the cache. */
export interface Installation {
  readonly name: string;
  /** What is installed; another text means installing anew. */
  readonly recipe: string;
  /** A file, relative to the folder, without which nothing works. */
  readonly proof: string;
  /** Fills the empty folder, which is moved to its place afterwards. */
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
 * Installs once; later calls return at once. The folder gets its name and its marker when it is complete, so an
 * interrupted installation counts for nothing and is removed by the next. Of several processes one installs and the others wait.
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
      if (!(await isInstalled(installation))) await installInto(directory, installation);
    },
    waiting,
  );
  return directory;
}

async function installInto(directory: string, { name, recipe, install }: Installation): Promise<void> {
  const prefix = `${directory}.partial-`;
  await removeAll(prefix);
  // A name of its own, because the programs of an installation that was killed may still be writing to theirs.
  const partial = `${prefix}${randomUUID().slice(0, 8)}`;
  await mkdir(partial, { recursive: true });
  try {
    await install(partial);
  } catch (error) {
    await removeAll(prefix);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${name} could not be installed: ${why}`, { cause: error });
  }
  await writeFile(join(partial, '.installed'), fingerprint(recipe));
  await rm(directory, { recursive: true, force: true });
  await rename(partial, directory);
  await removeAll(prefix);
}

async function removeAll(prefix: string): Promise<void> {
  const root = dirname(prefix);
  for (const entry of await readdir(root)) {
    const path = join(root, entry);
    // What cannot be removed now, because it is still written to, is removed by the next installation.
    if (path.startsWith(prefix)) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
