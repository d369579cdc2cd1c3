import { type Bar, type Comparison, OTHERS, type SuiteReport, type Summary } from './measurement.ts';
import { NOISY_SPREAD } from './statistics.ts';

/** A number with as many digits as tell something. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The report of a suite for people. */
export function asText({ suite, notes, comparisons, bars }: SuiteReport): string {
  const lines = ['', `== ${suite}`, ...notes];
  for (const comparison of comparisons) lines.push('', ...table(comparison));
  if (bars.length > 0) lines.push('', ...bars.map(barLine));
  return lines.join('\n');
}

function table({ title, conditions, contestants }: Comparison): string[] {
  const figures = Object.keys(contestants[0]?.medians ?? {});
  const rows = [
    ['', ...figures, 'undisturbed'],
    ...contestants.map((contestant) => [contestant.name, ...figures.map((name) => cell(contestant, name)), String(contestant.calm)]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join('   '),
  );
  const rounds = contestants[0]?.rounds.length ?? 0;
  return [
    title,
    `  ${conditions}; ${String(rounds)} rounds, medians of the undisturbed, spread in brackets`,
    ...lines.map((line) => `  ${line}`),
  ];
}

function cell({ medians, spreads }: Summary, name: string): string {
  const share = spreads[name] ?? 0;
  if (!Number.isFinite(medians[name])) return '-';
  if (name === OTHERS) return shown(medians[name] ?? Number.NaN);
  return `${shown(medians[name] ?? Number.NaN)} (${String(Math.round(share * 100))} %${share > NOISY_SPREAD ? ', noisy' : ''})`;
}

function barLine({ name, ratio, least, most, held, noisy, rounds }: Bar): string {
  const limits = [least === undefined ? [] : [`at least ${String(least)}`], most === undefined ? [] : [`at most ${String(most)}`]].flat();
  const range = `${shown(Math.min(...rounds))} to ${shown(Math.max(...rounds))}${noisy ? ', noisy' : ''}`;
  return `${held ? 'held  ' : 'MISSED'} ${name}: ${ratio.toFixed(3)} (${range}), ${limits.join(' and ')}`;
}
