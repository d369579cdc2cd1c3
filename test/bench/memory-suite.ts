import { inChild } from './child.ts';
import { type Bar, type Comparison, type Contestant, OTHERS, type SuiteReport } from './measurement.ts';
import type { MemoryJob } from './memory-worker.ts';
import type { BenchOptions } from './options.ts';
import { pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import { limit } from './statistics.ts';

const MB = 1_000_000;
const SHARDS = 4;
const PAGE_RECORDS = 1000;
const HELD = 'MB of heap held';
const ALLOWED = 'MB allowed';
const GROWN = 'MB grown when full';
const SIZES_MB = [8, 32] as const;

/** A target that hangs, and a source that never ends: what is held stays within what is configured. */
export async function memorySuite(options: BenchOptions): Promise<SuiteReport> {
  const comparisons: Comparison[] = [];
  for (const megabytes of SIZES_MB) {
    const title = `bufferBytes ${String(megabytes)} MB`;
    if (!title.includes(options.only)) continue;
    const job: MemoryJob = {
      shards: SHARDS,
      parallelizationFactor: 10,
      bufferBytes: megabytes * MB,
      pageRecords: PAGE_RECORDS,
      watchMs: options.short ? 500 : 3000,
    };
    const conditions = `${String(SHARDS)} shards without end, pages of 1,000 records of 200 bytes, a function that never answers`;
    comparisons.push(await alternate({ title, conditions, contestants: [contestantOf(job)], rounds: Math.min(options.rounds, 3) }));
  }
  const notes = [pinningNote(), 'Allowed is bufferBytes and one page a shard, which every shard may have in any case.'];
  return { suite: 'memory', notes, comparisons, bars: comparisons.flatMap(barsOf) };
}

function contestantOf(job: MemoryJob): Contestant {
  return {
    name: 'Millrace',
    measure: async () => {
      const passed = await inChild('memory', job, ['--expose-gc']);
      const megabytes = (figure: string): number => (passed[figure] ?? Number.NaN) / MB;
      return {
        [HELD]: megabytes('heldBytes'),
        [ALLOWED]: (job.bufferBytes + job.shards * (passed['pageBytes'] ?? Number.NaN)) / MB,
        [GROWN]: megabytes('grownBytes'),
        'MB counted': megabytes('countedBytes'),
        'records read': passed['records'] ?? Number.NaN,
        'read when full': passed['readLater'] ?? Number.NaN,
        [OTHERS]: 100 * passed.othersCores,
      };
    },
  };
}

function barsOf({ title, contestants: [ours] }: Comparison): Bar[] {
  if (ours === undefined) return [];
  const allowed = ours.medians[ALLOWED] ?? Number.NaN;
  return [
    limit({ name: `${title}: ${HELD} / ${ALLOWED}`, figure: HELD, ours, unit: allowed, most: 1 }),
    limit({ name: `${title}: ${GROWN} / ${ALLOWED}`, figure: GROWN, ours, unit: allowed, most: 0.02 }),
  ];
}
