import { calmest } from './calm.ts';
import { inChild } from './child.ts';
import type { FilterJob, FilterShape } from './filter-worker.ts';
import { type Comparison, type Contestant, type Figures, OTHERS, type SuiteReport } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import { limit, per } from './statistics.ts';

const SHARE = 'CPU of JSON.parse';
/** What five filters may cost beside parsing an event of 1 KB. */
const SHARE_MAX = 0.2;
const NAMES: Readonly<Record<FilterShape, string>> = {
  exact: 'exact',
  prefix: 'prefix',
  'anything-but': 'anything-but',
  numeric: 'numeric',
  five: 'five filters, none matches',
  sqs: 'five filters on SQS bodies, parsing included',
};
const shapes: readonly FilterShape[] = ['exact', 'prefix', 'anything-but', 'numeric', 'five', 'sqs'];

/** Compiled filters beside `JSON.parse` of the same events. */
export async function filterSuite(options: BenchOptions): Promise<SuiteReport> {
  const comparisons: Comparison[] = [];
  const bars: SuiteReport['bars'][number][] = [];
  for (const kilobytes of [1, 20]) {
    const title = `events of ${String(kilobytes)} KB`;
    if (!title.includes(options.only)) continue;
    const contestants = shapes.map((shape): Contestant => ({ name: NAMES[shape], measure: () => measure({ shape, kilobytes }, options) }));
    const conditions = 'EventBridge events of EC2, filled up with tags; matching and parsing in turns in one process';
    const comparison = await alternate({ title, conditions, contestants, rounds: options.rounds });
    comparisons.push(comparison);
    const ours = comparison.contestants.find(({ name }) => name === NAMES.five);
    if (kilobytes === 1 && ours !== undefined)
      bars.push(limit({ name: `five filters, ${title}, of JSON.parse`, figure: SHARE, ours, most: SHARE_MAX }));
  }
  return { suite: 'filter', notes: [pinningNote()], comparisons, bars };
}

async function measure(job: Pick<FilterJob, 'shape' | 'kilobytes'>, options: BenchOptions): Promise<Figures> {
  const times = options.short ? { warmUpMs: 500, measureMs: 1000 } : { warmUpMs: 1000, measureMs: 3000 };
  const passed = await calmest({
    what: NAMES[job.shape],
    patience: { partners: [], waitMs: options.waitMs },
    prepare: () => Promise.resolve(),
    measure: () => inChild('filter', { ...job, ...times } satisfies FilterJob),
  });
  return {
    'matches/s': per(passed, 'events', 'seconds'),
    'CPU us/match': per(passed, 'cpuMicros', 'events'),
    [SHARE]: per(passed, 'cpuMicros', 'parseMicros'),
    [OTHERS]: 100 * passed.othersCores,
  };
}
