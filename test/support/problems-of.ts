import { ConfigError, type ConfigProblem } from '../../src/index.ts';

/** What a ConfigError says is wrong; nothing when none is thrown. */
export function problemsOf(make: () => unknown): readonly ConfigProblem[] {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The same, as `field: message` lines. */
export function problemLines(make: () => unknown): string[] {
  return problemsOf(make).map(({ field, message }) => `${field}: ${message}`);
}
