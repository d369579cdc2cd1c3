/** What went wrong at a source, sorted by what the engine does about it. */
export type SourceErrorKind =
  /** The queue or stream does not exist (yet). The mapping waits and looks again. */
  | 'not-found'
  /** Credentials are wrong or lack a permission. The mapping waits and looks again. */
  | 'denied'
  /** Asked too often. Back off and go on. */
  | 'throttled'
  /** Network, time-out, 5xx: the effect of the call is unknown. Back off and go on. */
  | 'unavailable'
  /** The request itself is refused and will be refused again. */
  | 'invalid'
  /** The place in the shard is older than what the stream keeps. */
  | 'trimmed'
  /** There is no such shard any more. */
  | 'gone';

/** Every error that a source adapter throws is one of these; `cause` keeps the vendor's. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly kind: SourceErrorKind;
  /** The vendor's own code, such as `AWS.SimpleQueueService.NonExistentQueue`. */
  readonly code: string;

  constructor(kind: SourceErrorKind, code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}

/** An adapter's error; anything else is a defect of the adapter and treated as a passing fault. */
export function asSourceError(error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  return new SourceError('unavailable', 'Unknown', error instanceof Error ? error.message : String(error), { cause: error });
}

/** One thing that is wrong with what a user wrote: where, what, and how to mend it. */
export interface ConfigProblem {
  /** Path of the field in the user's own spelling, such as `mappings[0].BatchSize`. */
  readonly field: string;
  /** What is wrong, the range and the fix, as one sentence. */
  readonly message: string;
}

/** Options or a configuration file were refused. Nothing was started. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: { cause?: unknown }) {
    super(problems.map((problem) => `${problem.field}: ${problem.message}`).join('\n'), options);
    this.problems = problems;
  }
}
