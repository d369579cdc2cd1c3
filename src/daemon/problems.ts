import { ConfigError, type ConfigProblem } from '../contract/index.ts';

/** Collects what is wrong, so that a person is told everything at once. */
export class Problems {
  readonly #list: ConfigProblem[] = [];

  add(field: string, message: string): void {
    const isKnown = this.#list.some((problem) => problem.field === field && problem.message === message);
    if (!isKnown) this.#list.push({ field, message });
  }

  /** What `action` gives; `undefined` when it throws a ConfigError, whose problems are kept under `rename`d fields. */
  try<Value>(action: () => Value, rename: (field: string) => string = (field) => field): Value | undefined {
    try {
      return action();
    } catch (error) {
      this.take(error, rename);
      return undefined;
    }
  }

  /** Keeps the problems of a ConfigError; throws everything else on. */
  take(error: unknown, rename: (field: string) => string = (field) => field): void {
    if (!(error instanceof ConfigError)) throw error;
    for (const { field, message } of error.problems) this.add(rename(field), message);
  }

  /** Throws a ConfigError when there are any. */
  throwIfAny(): void {
    if (this.#list.length > 0) throw new ConfigError(this.#list);
  }
}
