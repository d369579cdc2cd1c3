import { parseArgs } from 'node:util';

export const suiteNames = [
  'engine',
  'sqs',
  'streams-engine',
  'lanes',
  'memory',
  'kinesis',
  'dynamodb-streams',
  'kafka',
  'filter',
  'targets',
  'api',
] as const;
export type SuiteName = (typeof suiteNames)[number];

export const USAGE = `usage: npm run bench -- [${suiteNames.join('] [')}] [--json FILE] [--short] [--strict] [--rounds N] [--only TEXT]
  --json FILE   write machine, versions, date, every round and the medians
  --short       fewer and shorter rounds, about five minutes in all
  --strict      end with 1 when a bar is missed
  --rounds N    how often everything is measured (default 7, with --short 3)
  --only TEXT   only the comparisons whose title contains TEXT`;

const WAIT_MS = 10_000;

/** What a run of the benchmarks does. */
export interface BenchOptions {
  readonly suites: readonly SuiteName[];
  readonly json: string | undefined;
  readonly short: boolean;
  readonly strict: boolean;
  readonly rounds: number;
  readonly only: string;
  /** The longest wait for a calm machine before each measurement, ms. */
  readonly waitMs: number;
}

/** The options, or what is wrong with the words. */
export function usageOr(words: readonly string[]): BenchOptions | string {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(words);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const unknown = positionals.filter((word) => !suiteNames.some((name) => name === word));
  if (unknown.length > 0) return `there is no suite ${unknown.join(', ')}`;
  const rounds = Number(values.rounds ?? (values.short ? 3 : 7));
  if (!Number.isInteger(rounds) || rounds < 1) return '--rounds must be a whole number from 1';
  return {
    suites: positionals.length === 0 ? suiteNames : suiteNames.filter((name) => positionals.includes(name)),
    json: values.json,
    short: values.short,
    strict: values.strict,
    rounds,
    only: values.only,
    waitMs: values.short ? 0 : WAIT_MS,
  };
}

function parse(words: readonly string[]): {
  values: { json?: string; rounds?: string; short: boolean; strict: boolean; only: string };
  positionals: string[];
} {
  return parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string', default: '' },
      short: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
    },
  });
}
