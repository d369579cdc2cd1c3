import { CALM_CORES } from './calm.ts';
import { type Bar, type Figures, OTHERS, type Summary } from './measurement.ts';

/** Figures that differ by more than this from round to round are called noisy. */
export const NOISY_SPREAD = 0.1;
/** Fewer calm rounds than this say less than all rounds together. */
const CALM_ROUNDS_MIN = 3;

/** The middle value, or the mean of the two in the middle. NaN of nothing. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The distance from the least to the most, as a share of the median. */
function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}

/** Medians and spreads of every figure. */
export function summarize(name: string, rounds: readonly Figures[]): Summary {
  const medians: Record<string, number> = {};
  const spreads: Record<string, number> = {};
  const calm = rounds.filter(isCalm);
  for (const figure of Object.keys(rounds[0] ?? {})) {
    const values = valuesOf(calm.length < CALM_ROUNDS_MIN ? rounds : calm, figure);
    medians[figure] = median(values);
    spreads[figure] = spread(values);
  }
  return { name, rounds, calm: calm.length, medians, spreads };
}

/** The summary with the highest median of a figure. */
export function best(summaries: readonly Summary[], figure: string): Summary | undefined {
  let found: Summary | undefined;
  for (const summary of summaries) {
    if (found === undefined || (summary.medians[figure] ?? 0) > (found.medians[figure] ?? 0)) found = summary;
  }
  return found;
}

/** What a bar compares, and where its limit lies. */
export interface BarInput {
  readonly name: string;
  readonly figure: string;
  readonly ours: Summary;
  readonly theirs: Summary;
  readonly least?: number;
  readonly most?: number;
  /** Takes the place of a peer's figure that is above it. */
  readonly cap?: number;
}

/**
 * Compares within each round, because what disturbs a machine disturbs neighbours alike, and takes the median of the
 * ratios. Rounds that others disturbed do not count where enough remain.
 */
export function bar({ name, figure, ours, theirs, least, most, cap = Number.POSITIVE_INFINITY }: BarInput): Bar {
  const all = ours.rounds.map((round, index) => {
    const peer = theirs.rounds[index] ?? {};
    const value = (round[figure] ?? Number.NaN) / Math.min(cap, peer[figure] ?? Number.NaN);
    return { value, isCalm: isCalm(round) && isCalm(peer) };
  });
  const calm = all.filter((pair) => pair.isCalm);
  const rounds = (calm.length < CALM_ROUNDS_MIN ? all : calm).map(({ value }) => value);
  const ratio = median(rounds);
  return {
    name,
    ratio,
    ...(least === undefined ? {} : { least }),
    ...(most === undefined ? {} : { most }),
    held: (least === undefined || ratio >= least) && (most === undefined || ratio <= most),
    rounds,
    noisy: spread(rounds) > NOISY_SPREAD,
  };
}

/** What a bar holds a figure to without a peer. */
export interface LimitInput extends Pick<BarInput, 'name' | 'figure' | 'ours' | 'least' | 'most'> {
  /** What the figure is divided by: the most that anybody could reach, or nothing. */
  readonly unit?: number;
}

/** Holds a figure itself, or its share of what is possible, to a limit. */
export function limit({ unit = 1, ...input }: LimitInput): Bar {
  const { ours, figure } = input;
  const rounds = ours.rounds.map((round) => ({ [figure]: unit, [OTHERS]: round[OTHERS] ?? 0 }));
  return bar({ ...input, theirs: { ...ours, rounds } });
}

function isCalm(round: Figures): boolean {
  return (round[OTHERS] ?? 0) <= 100 * CALM_CORES;
}

function valuesOf(rounds: readonly Figures[], figure: string): number[] {
  return rounds.map((round) => round[figure] ?? Number.NaN);
}

/** One figure divided by another. */
export function per(figures: Figures, upper: string, lower: string): number {
  return (figures[upper] ?? Number.NaN) / (figures[lower] ?? Number.NaN);
}
