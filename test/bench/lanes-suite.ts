import { calmest } from './calm.ts';
import { inChild } from './child.ts';
import type { LanesJob } from './lanes-worker.ts';
import { type Bar, type Comparison, type Contestant, type Figures, OTHERS, type SuiteReport } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import { limit } from './statistics.ts';

const FACTOR = 10;
const BATCH = 10;
const SEED = 4711;
const KEYS = [20, 200, 10_000] as const;
const OF_IDEAL = 'share of ideal';
const OF_HASH_FREE = 'share of hash-free ideal';
const LEAST = 0.9;

/** How well lanes use their time, with few keys and with many (field of comparison: the least time that anybody needs). */
export async function lanesSuite(options: BenchOptions): Promise<SuiteReport> {
  const comparisons: Comparison[] = [];
  const records = options.short ? 4000 : 10_000;
  for (const keys of KEYS) {
    const title = `${keys.toLocaleString('en-US')} keys`;
    if (!title.includes(options.only)) continue;
    const job = { keys, records, parallelizationFactor: FACTOR, batchSize: BATCH, seed: SEED };
    const contestants: Contestant[] = [
      { name: 'Millrace', measure: () => measure({ ...job, subject: 'engine' }, options) },
      { name: 'a loop a lane', measure: () => measure({ ...job, subject: 'bare' }, options) },
    ];
    const conditions = `embedded stream, one shard, ParallelizationFactor ${String(FACTOR)}, ${records.toLocaleString('en-US')} records of 0 to 5 ms work, batches of ${String(BATCH)}`;
    comparisons.push(await alternate({ title, conditions, contestants, rounds: options.rounds }));
  }
  const notes = [
    pinningNote(),
    'Ideal is the most of: all work / ParallelizationFactor, the heaviest lane, the heaviest key. Hash-free: without the lane.',
  ];
  return { suite: 'lanes', notes, comparisons, bars: comparisons.flatMap(barsOf) };
}

async function measure(job: LanesJob, options: BenchOptions): Promise<Figures> {
  const passed = await calmest({
    what: job.subject,
    patience: { partners: [], waitMs: options.waitMs },
    prepare: () => Promise.resolve(),
    measure: () => inChild('lanes', job),
  });
  const share = (figure: string): number => (passed[figure] ?? Number.NaN) / 1000 / passed.seconds;
  return { [OF_IDEAL]: share('idealMs'), [OF_HASH_FREE]: share('hashFreeIdealMs'), [OTHERS]: 100 * passed.othersCores };
}

function barsOf({ title, contestants: [ours] }: Comparison): Bar[] {
  return ours === undefined ? [] : [limit({ name: `${title}: ${OF_IDEAL}, Millrace`, figure: OF_IDEAL, ours, least: LEAST })];
}
