/**
 * The faults that ESLint looks for. Shape (indent, quotes, import order) belongs to Biome, see format.json.
 *
 * Run from the repository's root: `npx eslint -c config/tools/eslint.config.js PATH`.
 */

import { resolve } from 'node:path';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const root = resolve(import.meta.dirname, '../..');

/** Real time, chance and the process are handed to the engine as ports; whoever reaches around them cannot be simulated. */
const fromClock = 'Take it from the Clock that is handed in (src/contract/time.ts).';
const fromRandom = 'Take it from the Random that is handed in (src/contract/time.ts).';
const fromLogger = 'Log through the Logger that is handed in (src/contract/log.ts).';
const noProcess = 'Only src/daemon may touch the process; hand the value in.';

const timers = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'];
const chance = ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues', 'webcrypto'];

const globals = [
  ...timers.map((name) => ({ name, message: fromClock })),
  { name: 'performance', message: fromClock },
  { name: 'console', message: fromLogger },
];
const processGlobal = { name: 'process', message: noProcess };

const properties = [
  { object: 'Date', property: 'now', message: fromClock },
  { object: 'performance', property: 'now', message: fromClock },
  { object: 'AbortSignal', property: 'timeout', message: fromClock },
  { object: 'Math', property: 'random', message: fromRandom },
  ...chance.map((property) => ({ object: 'crypto', property, message: fromRandom })),
  ...[...timers, 'performance'].map((property) => ({ object: 'globalThis', property, message: fromClock })),
  { object: 'globalThis', property: 'console', message: fromLogger },
];
const processProperty = { object: 'globalThis', property: 'process', message: noProcess };

const modules = [
  ...['timers', 'timers/promises', 'perf_hooks'].flatMap((name) => [
    { name, message: fromClock },
    { name: `node:${name}`, message: fromClock },
  ]),
  ...['crypto', 'node:crypto'].map((name) => ({ name, importNames: chance, message: fromRandom })),
  ...['console', 'node:console'].map((name) => ({ name, message: fromLogger })),
];
const processModules = ['process', 'node:process'].map((name) => ({ name, message: noProcess }));

const wallClock = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: `new Date() reads the wall clock. ${fromClock}` },
  { selector: 'CallExpression[callee.name="Date"]', message: `Date() reads the wall clock. ${fromClock}` },
];

export default defineConfig(
  globalIgnores(['**/dist/**', '**/node_modules/**', '.cache/**', 'coverage/**', '.millrace/**']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    name: 'millrace/typescript',
    files: ['**/*.{ts,js}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['config/tools/tsconfig.check.json'], tsconfigRootDir: root },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false, allowDefaultCaseForExhaustiveSwitch: true },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    name: 'millrace/javascript says its types in comments',
    files: ['**/*.js'],
    rules: {
      // Knows annotations only; the compiler refuses what has no type.
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  {
    name: 'millrace/size',
    files: ['**/*.{ts,js}'],
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true, IIFEs: true }],
    },
  },
  {
    name: 'millrace/engine takes time, chance and process from its ports',
    files: ['src/**/*.ts'],
    ignores: ['src/system.ts', 'src/daemon/**'],
    rules: {
      'no-restricted-globals': ['error', ...globals, processGlobal],
      'no-restricted-properties': ['error', ...properties, processProperty],
      'no-restricted-imports': ['error', { paths: [...modules, ...processModules] }],
      'no-restricted-syntax': ['error', ...wallClock],
    },
  },
  {
    name: 'millrace/daemon may also touch the process',
    files: ['src/daemon/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...globals],
      'no-restricted-properties': ['error', ...properties],
      'no-restricted-imports': ['error', { paths: modules }],
      'no-restricted-syntax': ['error', ...wallClock],
    },
  },
  {
    name: 'millrace/tests',
    files: ['test/**/*.ts'],
    rules: {
      // A handler is async by its contract, whether or not the few lines of a test await anything.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    name: 'millrace/test files are lists of cases',
    files: ['test/**/*.test.ts', 'test/**/*-suite.ts'],
    rules: {
      // A describe callback is a table of contents, not a function to hold in one's head; max-lines still bounds the file.
      'max-lines-per-function': 'off',
    },
  },
);
