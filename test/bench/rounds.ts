import type { Comparison, Contestant, Figures } from './measurement.ts';
import { shown } from './report.ts';
import { summarize } from './statistics.ts';

/** What is compared, and how often. */
export interface Match {
  readonly title: string;
  readonly conditions: string;
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
}

/**
 * Measures every contestant once in every round, forwards in the odd rounds and backwards in the even ones, so that
 * neither a drift of the machine nor a place in the order favours anybody.
 */
export async function alternate({ title, conditions, contestants, rounds }: Match): Promise<Comparison> {
  for (const { name, prepare } of contestants) {
    if (prepare === undefined) continue;
    process.stderr.write(`[bench] ${title}, warming up ${name}\n`);
    await prepare();
  }
  const found = contestants.map((contestant) => ({ contestant, figures: [] as Figures[] }));
  for (let round = 1; round <= rounds; round += 1) {
    const order = round % 2 === 1 ? found : [...found].reverse();
    for (const { contestant, figures } of order) {
      const measured = await contestant.measure();
      figures.push(measured);
      const text = Object.entries(measured).map(([name, value]) => `${shown(value)} ${name}`);
      process.stderr.write(`[bench] ${title}, round ${String(round)} of ${String(rounds)}, ${contestant.name}: ${text.join(', ')}\n`);
    }
  }
  for (const { end } of contestants) await end?.();
  return { title, conditions, contestants: found.map(({ contestant, figures }) => summarize(contestant.name, figures)) };
}
