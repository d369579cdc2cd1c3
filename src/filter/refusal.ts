/** The answer of AWS's API to every pattern that it does not take. */
const INVALID_PATTERN = 'Invalid filter pattern definition.';

/** What is wrong with a filter pattern, and where. */
export interface FilterPatternProblem {
  /** In EventBridge's own words where it has some. */
  readonly reason: string;
  /** The place as a path of keys, such as `body.price[0].numeric`; empty for the pattern as a whole. */
  readonly path: string;
  /** The place as a number of text units (UTF-16) from the start of the pattern's text. */
  readonly offset: number;
  /** Which filter of the criteria, from 0; absent when a pattern was compiled alone. */
  readonly filter?: number;
}

/** A filter pattern was refused. The message is AWS's; {@link FilterPatternError.detail} says why. */
export class FilterPatternError extends Error {
  override readonly name = 'FilterPatternError';
  readonly detail: FilterPatternProblem;

  constructor(detail: FilterPatternProblem) {
    super(INVALID_PATTERN);
    this.detail = detail;
  }
}

/** Refuses at a place. */
export function refuseAt(path: string, offset: number, reason: string): never {
  throw new FilterPatternError({ reason, path, offset });
}
