import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Searched upwards, because the compiled copy of this file lies deeper than the source.
function findRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'config', 'backends')) || !existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('config/backends was not found above this file: run it from a clone of the project.');
    directory = parent;
  }
  return directory;
}

/** The root of the clone. */
const projectRoot = findRoot();

/** What the back ends are made of: requirements, poms. */
export const configRoot = join(projectRoot, 'config', 'backends');

/** The ignored folder that holds all that is installed, run and logged. */
export const cacheRoot = join(projectRoot, '.cache', 'backends');

export const logRoot = join(cacheRoot, 'logs');
export const runRoot = join(cacheRoot, 'run');
