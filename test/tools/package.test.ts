import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));
const manifest = read('package.json') as Manifest;
const doors = Object.entries(manifest.exports).flatMap(([name, target]) => (typeof target === 'string' ? [] : [{ name, ...target }]));
const sourceOf = (built: string): string => built.replace('./dist/', '').replace(/\.js$/, '.ts');

describe('package.json', () => {
  it.for(doors)('builds $name from a source that is there, with its types', ({ types, default: code }) => {
    expect(existsSync(join(root, sourceOf(code)))).toBe(true);
    expect(types).toBe(code.replace(/\.js$/, '.d.ts'));
  });

  it('pins every package to one version', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('agrees with the lock', () => {
    const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, Partial<Manifest>>> };
    const { dependencies, devDependencies } = packages[''] ?? {};
    expect({ dependencies, devDependencies }).toEqual({ dependencies: manifest.dependencies, devDependencies: manifest.devDependencies });
  });

  it('names only files that are there in its scripts', () => {
    const words = Object.values(manifest.scripts).flatMap((script) => script.split(/[\s=]+/));
    const files = words.filter((word) => /^(config|test)\/.*\.\w+$/.test(word));
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(files.length).toBeGreaterThan(0);
  });
});

describe('the API documentation', () => {
  it('covers every door of the package', () => {
    const { entryPoints } = read('config/tools/typedoc.json') as { entryPoints: string[] };
    const documented = entryPoints.map((entry) => entry.replace('../../', ''));
    expect(new Set(documented)).toEqual(new Set(doors.map((door) => sourceOf(door.default))));
  });
});
