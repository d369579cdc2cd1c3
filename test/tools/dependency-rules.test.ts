import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import configuration from '../../config/tools/dependency-rules.js';

const root = resolve(import.meta.dirname, '../..');
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const packages = [
  'p-queue',
  'zod',
  'fastify',
  'yaml',
  'commander',
  '@opentelemetry/api',
  '@aws-sdk/client-sqs',
  'libsql',
  'pino',
  'undici',
];

/** A stub tree: for each file the modules that it imports; `type:` marks `import type`, `lazy:` an `import()`. */
type Tree = Readonly<Record<string, readonly string[]>>;

const legal: Tree = {
  'src/index.ts': ['./contract/index.ts', './system.ts', './testing/index.ts', './engine/index.ts'],
  'src/system.ts': ['type:./contract/index.ts', 'node:crypto'],
  'src/contract/index.ts': ['./time.ts'],
  'src/contract/time.ts': [],
  'src/kit/index.ts': ['./heap.ts'],
  'src/kit/heap.ts': [],
  ...Object.fromEntries(
    ['intake', 'filter', 'lanes', 'window', 'verdict', 'settle'].map((room) => [
      `src/${room}/index.ts`,
      ['type:../contract/index.ts', '../kit/index.ts'],
    ]),
  ),
  'src/observe/index.ts': ['type:../contract/index.ts', '../kit/index.ts', '@opentelemetry/api'],
  'src/invoke/index.ts': ['type:../contract/index.ts', '../kit/index.ts', 'p-queue'],
  'src/mapping/index.ts': ['../intake/index.ts', '../invoke/index.ts', '../observe/index.ts', './options.ts', 'zod'],
  'src/mapping/options.ts': ['../contract/index.ts', '../kit/index.ts', 'zod'],
  'src/engine/index.ts': ['../mapping/index.ts', '../observe/index.ts', '../contract/index.ts', '../kit/index.ts', '../system.ts'],
  'src/resource/index.ts': ['../mapping/index.ts', '../contract/index.ts', '../kit/index.ts'],
  'src/manage/index.ts': [
    '../resource/index.ts',
    '../engine/index.ts',
    '../mapping/index.ts',
    '../observe/index.ts',
    '../contract/index.ts',
    'fastify',
    'zod',
  ],
  'src/daemon/index.ts': ['../manage/index.ts', '../engine/index.ts', '../mapping/index.ts', 'yaml', 'zod', 'commander', 'node:fs'],
  'src/testing/index.ts': ['../contract/index.ts', '../kit/index.ts', '../system.ts', '../engine/index.ts'],
  'adapters/shared/session.ts': ['../../src/index.ts', 'type:@aws-sdk/client-sqs', 'lazy:@aws-sdk/client-sqs'],
  'adapters/source/sqs/index.ts': ['./client.ts', '../../../src/index.ts', '../../shared/session.ts'],
  'adapters/source/sqs/client.ts': ['type:@aws-sdk/client-sqs', 'lazy:@aws-sdk/client-sqs'],
  'adapters/store/sqlite/index.ts': ['../../../src/index.ts', 'lazy:libsql'],
  'adapters/logger/pino/index.ts': ['../../../src/index.ts', 'pino'],
  'adapters/catalog.ts': ['lazy:./source/sqs/index.ts', 'type:./store/sqlite/index.ts'],
  'adapters/index.ts': ['./source/sqs/index.ts', '../src/index.ts'],
  'adapters/testing.ts': ['./source/sqs/index.ts', '../src/index.ts'],
  'adapters/bin.ts': ['../src/daemon/index.ts', '../src/manage/index.ts', '../src/index.ts', './catalog.ts', './logger/pino/index.ts'],
  'test/unit/heap.test.ts': ['../../src/kit/heap.ts', 'devtool'],
};

/** Trespasses of each rule: a file and what it imports besides the legal. All are laid into one tree, because a run of the tool costs half a second. */
const trespasses: readonly (readonly [rule: string, file: string, imports: string | undefined])[] = [
  ['no-cycle', 'src/kit/heap.ts', './index.ts'],
  ['no-cycle', 'src/lanes/aisle.ts', 'type:./batch.ts'],
  ['no-orphan', 'src/kit/alone.ts', undefined],
  ['product-knows-no-test', 'src/kit/heap.ts', '../../test/support/fixture.ts'],
  ['product-knows-no-test', 'adapters/source/sqs/client.ts', 'type:../../../test/support/fixture.ts'],
  ['resolvable', 'src/kit/heap.ts', './nowhere.ts'],
  ['room-contract', 'src/contract/time.ts', '../kit/index.ts'],
  ['room-kit', 'src/kit/heap.ts', 'type:../contract/index.ts'],
  ['room-intake', 'src/intake/index.ts', '../lanes/index.ts'],
  ['room-filter', 'src/filter/index.ts', 'type:../lanes/index.ts'],
  ['room-lanes', 'src/lanes/index.ts', '../observe/index.ts'],
  ['room-window', 'src/window/index.ts', '../settle/index.ts'],
  ['room-invoke', 'src/invoke/index.ts', '../verdict/index.ts'],
  ['room-verdict', 'src/verdict/index.ts', '../system.ts'],
  ['room-settle', 'src/settle/index.ts', '../invoke/index.ts'],
  ['room-observe', 'src/observe/index.ts', '../settle/index.ts'],
  ['room-mapping', 'src/mapping/options.ts', '../manage/index.ts'],
  ['room-mapping', 'src/mapping/options.ts', '../system.ts'],
  ['room-mapping', 'src/mapping/options.ts', '../index.ts'],
  ['room-engine', 'src/engine/index.ts', '../lanes/index.ts'],
  ['room-resource', 'src/resource/index.ts', 'type:../engine/index.ts'],
  ['room-manage', 'src/manage/index.ts', '../settle/index.ts'],
  ['room-daemon', 'src/daemon/index.ts', '../intake/index.ts'],
  ['room-testing', 'src/testing/index.ts', '../mapping/index.ts'],
  ['system-is-a-leaf', 'src/system.ts', './kit/index.ts'],
  ['known-rooms-only', 'src/helpers/index.ts', '../kit/index.ts'],
  ['known-rooms-only', 'src/extra.ts', './kit/index.ts'],
  ['room-door', 'src/mapping/options.ts', '../kit/heap.ts'],
  ['room-door', 'src/index.ts', 'type:./kit/heap.ts'],
  ['packages-of-contract', 'src/contract/time.ts', 'zod'],
  ['packages-of-kit', 'src/kit/heap.ts', 'p-queue'],
  ['packages-of-intake', 'src/intake/index.ts', 'type:@aws-sdk/client-sqs'],
  ['packages-of-filter', 'src/filter/index.ts', 'zod'],
  ['packages-of-lanes', 'src/lanes/index.ts', 'p-queue'],
  ['packages-of-window', 'src/window/index.ts', 'zod'],
  ['packages-of-invoke', 'src/invoke/index.ts', 'undici'],
  ['packages-of-verdict', 'src/verdict/index.ts', 'zod'],
  ['packages-of-settle', 'src/settle/index.ts', 'lazy:libsql'],
  ['packages-of-observe', 'src/observe/index.ts', 'pino'],
  ['packages-of-mapping', 'src/mapping/options.ts', 'p-queue'],
  ['packages-of-engine', 'src/engine/index.ts', 'fastify'],
  ['packages-of-resource', 'src/resource/index.ts', 'fastify'],
  ['packages-of-manage', 'src/manage/index.ts', 'yaml'],
  ['packages-of-daemon', 'src/daemon/index.ts', 'fastify'],
  ['packages-of-testing', 'src/testing/index.ts', 'p-queue'],
  ['packages-of-src-itself', 'src/system.ts', 'zod'],
  ['engine-reaches-nothing-outside', 'src/intake/index.ts', 'node:http'],
  ['engine-reaches-nothing-outside', 'src/settle/index.ts', 'node:fs/promises'],
  ['dev-packages-stay-at-home', 'adapters/source/sqs/client.ts', 'devtool'],
  ['dev-packages-stay-at-home', 'adapters/source/sqs/client.ts', 'unlisted'],
  ['vendor-sdk-is-lazy', 'adapters/source/sqs/client.ts', '@aws-sdk/client-sqs'],
  ['src-knows-no-adapter', 'src/engine/index.ts', 'lazy:../../adapters/store/sqlite/index.ts'],
  ['known-adapter-kinds-only', 'adapters/sauce/sqs/index.ts', '../../../src/index.ts'],
  ['known-adapter-kinds-only', 'adapters/more.ts', '../src/index.ts'],
  ['adapter-uses-the-door-of-src', 'adapters/source/sqs/client.ts', 'type:../../../src/contract/index.ts'],
  ['adapter-uses-the-door-of-src', 'adapters/index.ts', '../src/engine/index.ts'],
  ['bin-uses-three-doors-of-src', 'adapters/bin.ts', '../src/mapping/index.ts'],
  ['adapter-knows-no-adapter', 'adapters/source/sqs/client.ts', '../../store/sqlite/index.ts'],
  ['adapter-knows-no-adapter', 'adapters/source/sqs/client.ts', 'type:../embedded-queue/index.ts'],
  ['shared-knows-no-adapter', 'adapters/shared/session.ts', '../store/sqlite/index.ts'],
  ['adapter-door', 'adapters/index.ts', './source/sqs/client.ts'],
  ['catalog-is-lazy', 'adapters/catalog.ts', './store/sqlite/index.ts'],
];

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function statement(specifier: string, index: number): string {
  const [, how, module = ''] = /^(type:|lazy:)?(.*)$/.exec(specifier) ?? [];
  if (how === 'lazy:') return `export const lazy${String(index)} = () => import('${module}');`;
  return `import ${how === 'type:' ? 'type ' : ''}* as name${String(index)} from '${module}';`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** How the tool names what `file` imports by `specifier`. */
function target(file: string, specifier: string | undefined): string {
  const module = specifier?.replace(/^(type|lazy):/, '');
  if (module === undefined) return file;
  if (module.startsWith('node:')) return module.slice('node:'.length);
  if (module === './nowhere.ts') return module;
  return module.startsWith('.') ? posix.join(posix.dirname(file), module) : `node_modules/${module}/index.js`;
}

/** Lays the tree out and gives each violation as `rule: file -> import`. */
function violationsIn(tree: Tree): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rules-'));
  folders.push(folder);
  for (const name of [...packages, 'devtool', 'unlisted']) {
    const home = join(folder, 'node_modules', name);
    write(join(home, 'package.json'), JSON.stringify({ name, version: '1.0.0', type: 'module', exports: './index.js' }));
    write(join(home, 'index.js'), 'export {};\n');
  }
  const dependencies = Object.fromEntries(packages.map((name) => [name, '1.0.0']));
  write(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies, devDependencies: { devtool: '1.0.0' } }));
  for (const [file, imports] of Object.entries(tree)) write(join(folder, file), `${imports.map(statement).join('\n')}\nexport {};\n`);
  const output = execFileSync(
    process.execPath,
    [cruiser, '--config', join(root, 'config/tools/dependency-rules.js'), '--output-type', 'json', 'src', 'adapters', 'test'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  const { summary } = JSON.parse(output) as { summary: { violations: { rule: { name: string }; from: string; to: string }[] } };
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

describe('the dependency rules', () => {
  it('are quiet about a tree that keeps them', () => {
    expect(violationsIn(legal)).toEqual([]);
  });

  it('have a trespass in this test for each of them', () => {
    const rules = configuration.forbidden?.map(({ name }) => name);
    expect(new Set(trespasses.map(([rule]) => rule))).toEqual(new Set(rules));
  });

  describe('fire when', () => {
    let found: ReadonlySet<string>;

    beforeAll(() => {
      const tree: Record<string, readonly string[]> = {
        ...legal,
        'test/support/fixture.ts': ['node:fs'],
        'src/lanes/batch.ts': ['type:./aisle.ts'],
        'adapters/source/embedded-queue/index.ts': ['../../../src/index.ts'],
      };
      for (const [, file, imported] of trespasses) tree[file] = [...(tree[file] ?? []), ...(imported === undefined ? [] : [imported])];
      found = new Set(violationsIn(tree));
    });

    it.for(trespasses)('%s: %s imports %s', ([rule, file, imported]) => {
      expect(found).toContain(`${rule}: ${file} -> ${target(file, imported)}`);
    });
  });
});
