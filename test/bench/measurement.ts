/** One number of one measurement, by its name such as `messages/s`. */
export type Figures = Readonly<Record<string, number>>;

/** How much of the machine other work took meanwhile; where it is missing nobody knows. */
export const OTHERS = 'CPU % of others';

/** Something that is measured beside others. */
export interface Contestant {
  readonly name: string;
  /** What comes before the first round. */
  readonly prepare?: () => Promise<void>;
  /** Takes one measurement. */
  readonly measure: () => Promise<Figures>;
  /** What comes after the last one. */
  readonly end?: () => Promise<void>;
}

/** What one contestant came to over all rounds. */
export interface Summary {
  readonly name: string;
  readonly rounds: readonly Figures[];
  /** How many rounds nobody disturbed; medians and spreads are theirs, if there are enough. */
  readonly calm: number;
  readonly medians: Figures;
  /** (most - least) / median of each figure. */
  readonly spreads: Figures;
}

/** Contestants that were measured in turns, and may so be compared. */
export interface Comparison {
  readonly title: string;
  readonly conditions: string;
  readonly contestants: readonly Summary[];
}

/** A ratio that has to stay on one side of a limit. */
export interface Bar {
  readonly name: string;
  /** The median of the rounds' own ratios. */
  readonly ratio: number;
  readonly least?: number;
  readonly most?: number;
  readonly held: boolean;
  /** Ratio by round, of the rounds that nobody disturbed, if there are enough. */
  readonly rounds: readonly number[];
  readonly noisy: boolean;
}

/** All that one suite found. */
export interface SuiteReport {
  readonly suite: string;
  readonly notes: readonly string[];
  readonly comparisons: readonly Comparison[];
  readonly bars: readonly Bar[];
}
