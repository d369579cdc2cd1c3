import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Installation } from '../../support/backends/install.ts';
import { ensureInstalled, isInstalled } from '../../support/backends/install.ts';
import { withLock } from '../../support/backends/install-lock.ts';

let root: string;
let runs: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-install-'));
  runs = [];
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

function recipe(text: string, over: Partial<Installation> = {}): Installation {
  return {
    name: 'thing',
    recipe: text,
    proof: 'proof',
    root,
    say: () => undefined,
    install: async (directory) => {
      runs.push(text);
      expect(await readdir(directory)).toEqual([]);
      await writeFile(join(directory, 'proof'), text);
    },
    ...over,
  };
}

test('installs once per recipe, and anew when the recipe changes', async () => {
  const directory = await ensureInstalled(recipe('one'));
  await ensureInstalled(recipe('one'));
  expect(runs).toEqual(['one']);
  await ensureInstalled(recipe('two'));
  expect(runs).toEqual(['one', 'two']);
  expect(await readFile(join(directory, 'proof'), 'utf8')).toBe('two');
});

test('an interrupted installation is thrown away and made anew', async () => {
  const interrupted = recipe('one', {
    install: async (directory) => {
      await writeFile(join(directory, 'proof'), 'half');
      throw new Error('interrupted');
    },
  });
  await expect(ensureInstalled(interrupted)).rejects.toThrow('interrupted');
  expect(await isInstalled(interrupted)).toBe(false);
  await mkdir(join(root, 'thing.partial-killed'));
  const directory = await ensureInstalled(recipe('one'));
  expect(await readFile(join(directory, 'proof'), 'utf8')).toBe('one');
  expect(await readdir(root)).toEqual(['thing']);
});

test('while a new recipe fails to install, the old installation stays', async () => {
  const directory = await ensureInstalled(recipe('one'));
  await expect(ensureInstalled(recipe('two', { install: () => Promise.reject(new Error('no')) }))).rejects.toThrow(
    'thing could not be installed: no',
  );
  expect(await readFile(join(directory, 'proof'), 'utf8')).toBe('one');
  expect(await isInstalled(recipe('one'))).toBe(true);
});

test('an installation whose proof has gone is made anew', async () => {
  const directory = await ensureInstalled(recipe('one'));
  await rm(join(directory, 'proof'));
  await ensureInstalled(recipe('one'));
  expect(runs).toEqual(['one', 'one']);
});

test('of many that want it at once, one installs and the others wait for it', async () => {
  const directories = await Promise.all(Array.from({ length: 5 }, () => ensureInstalled(recipe('one'))));
  expect(runs).toEqual(['one']);
  expect(new Set(directories).size).toBe(1);
});

test('the lock admits one at a time, and is gone afterwards, also after a failure', async () => {
  const file = join(root, 'a.lock');
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all([withLock(file, work), withLock(file, work), withLock(file, work)]);
  expect(most).toBe(1);
  await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(file)).toBe(false);
});

test('a lock whose holder is dead is taken over at once, one long untouched too', async () => {
  const file = join(root, 'a.lock');
  await writeFile(file, '999999999');
  expect(await withLock(file, () => Promise.resolve('dead holder'))).toBe('dead holder');
  await writeFile(file, String(process.pid));
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(file, longAgo, longAgo);
  expect(await withLock(file, () => Promise.resolve('untouched'))).toBe('untouched');
});
