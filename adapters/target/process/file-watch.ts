import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

/** Tells about changes until it is closed. */
export interface FileWatch {
  close(): void;
}

/** What no handler is written in: packages, and what tools keep for themselves. */
const SKIPPED = /^(node_modules|\..*)$/;
/** How many folders are watched at most. */
const FOLDERS_MAX = 500;
/** Editors write a file in several steps; they are one change. */
const SETTLE_MS = 30;

/** Watches a folder and all below it. Keeps no event loop alive. */
export function watchFiles(folder: string, onChange: () => void): FileWatch {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // There may be new folders.
      look(folder);
      onChange();
    }, SETTLE_MS).unref();
  };
  const forget = (path: string): void => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  const look = (path: string): void => {
    try {
      const before = watchers.get(path);
      if (before === undefined && watchers.size >= FOLDERS_MAX) return;
      const watcher = watch(path, (_event, name) => {
        if (name === null || !SKIPPED.test(name)) changed();
      });
      watcher.on('error', () => {
        forget(path);
      });
      watchers.set(path, watcher.unref());
      // Anew each time: the folder may be another one under the same name.
      before?.close();
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory() && !SKIPPED.test(entry.name)) look(join(path, entry.name));
      }
    } catch {
      // A folder that came and went.
      forget(path);
    }
  };
  look(folder);
  return {
    close: () => {
      clearTimeout(timer);
      for (const path of [...watchers.keys()]) forget(path);
    },
  };
}
