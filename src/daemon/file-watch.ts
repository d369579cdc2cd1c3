import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Clock } from '../contract/index.ts';

/** After the last sign of a change the files are left alone for so long, ms: editors write in several steps. */
const SETTLE_MS = 200;

/** What is put in another one's place where a folder of secrets is mounted; their names lead through it. */
const MOUNTED = '..data';

/**
 * Calls back when the content of one of the files is another one. Watches their folders, because editors put a new file in the old
 * one's place. Gives the function that ends it. Throws where the system does not let them be watched, and watches none then.
 */
export function watchFiles(paths: readonly string[], clock: Clock, onChange: () => void): () => void {
  const files = paths.map((path) => resolve(path));
  let seen = contents(files);
  let cancel = (): void => undefined;
  const look = (): void => {
    const now = contents(files);
    if (now === seen) return;
    seen = now;
    onChange();
  };
  const watchers: FSWatcher[] = [];
  const end = (): void => {
    cancel();
    for (const watcher of watchers) watcher.close();
  };
  const watchFolder = (folder: string): FSWatcher => {
    const names = new Set(files.filter((file) => dirname(file) === folder).map((file) => basename(file)));
    return watch(folder, { persistent: false }, (_, name) => {
      if (name !== null && name !== MOUNTED && !names.has(name)) return;
      cancel();
      cancel = clock.timer(SETTLE_MS, look);
    });
  };
  try {
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      const watcher = watchFolder(folder);
      watchers.push(watcher);
      // A folder that is gone is looked at no more; SIGHUP still works.
      watcher.on('error', () => {
        watcher.close();
      });
    }
  } catch (error) {
    end();
    throw error;
  }
  return end;
}

/** Tells contents apart without keeping them: some are secrets. A file that cannot be read just now has none. */
function contents(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        return createHash('sha256').update(readFileSync(file)).digest('hex');
      } catch {
        return '';
      }
    })
    .join();
}
