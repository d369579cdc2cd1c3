/** Folders with the files of functions, for tests that run them in processes of their own. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of a test. */
export interface FunctionFolder {
  readonly path: string;
  /** Writes a file and gives its path. One that begins with `#!` becomes executable. */
  write(name: string, text: string): string;
  remove(): void;
}

/** Makes a folder with these files. */
export function functionFolder(files: Readonly<Record<string, string>> = {}): FunctionFolder {
  const path = mkdtempSync(join(tmpdir(), 'millrace-function-'));
  const write = (name: string, text: string): string => {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (text.startsWith('#!')) chmodSync(file, 0o755);
    return file;
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    path,
    write,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
