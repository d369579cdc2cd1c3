/**
 * One configuration, four projects:
 *
 * - unit         needs nothing: unit, property and tooling tests, conformance of what lives in process
 * - simulation   needs nothing: seeded worlds on a virtual clock
 * - integration  needs back ends: whole mappings, and `*.backend.test.ts` of the conformance suites
 * - acceptance   needs back ends and a build: the daemon as a process
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');
const setupFiles = ['test/support/setup.ts'];
const globalSetup = ['test/support/backends/global-setup.ts'].filter((file) => existsSync(resolve(root, file)));

/**
 * One file at a time: two files that load two cores and one emulator at once measure each other. The longest tests take 45 s on two
 * cores, and a broker that is installed and started in a hook may take a minute.
 */
const onBackends = {
  globalSetup,
  fileParallelism: false,
  testTimeout: 180_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
};

export default defineConfig({
  root,
  cacheDir: resolve(root, '.cache/vite'),
  test: {
    root,
    passWithNoTests: false,
    // Vitest's one second is short for a machine that does other things, too.
    expect: { poll: { timeout: 20_000 } },
    coverage: {
      include: ['src/**', 'adapters/**'],
      reportsDirectory: resolve(root, 'coverage'),
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          setupFiles,
          include: ['test/{unit,property,conformance,tools}/**/*.test.ts'],
          exclude: ['**/*.backend.test.ts'],
          // Some start compilers and linters, which take their time on a busy machine.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'simulation',
          setupFiles,
          include: ['test/simulation/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // On a virtual clock nobody is in the way of anybody: all cores, where Vitest would leave one of two unused.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          setupFiles,
          include: ['test/integration/**/*.test.ts', 'test/conformance/**/*.backend.test.ts'],
          ...onBackends,
        },
      },
      {
        extends: true,
        test: { name: 'acceptance', setupFiles, include: ['test/acceptance/**/*.test.ts'], ...onBackends },
      },
    ],
  },
});
