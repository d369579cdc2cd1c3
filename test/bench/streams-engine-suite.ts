import { calmest } from './calm.ts';
import { inChild } from './child.ts';
import { type Bar, type Comparison, type Contestant, type Figures, OTHERS, type SuiteReport } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import { limit, per } from './statistics.ts';
import { CPU, RATE } from './stream-contestants.ts';
import type { StreamsEngineJob } from './streams-engine-worker.ts';

const BATCH = 100;
const FACTORS = [1, 10] as const;
/** CPU of the measured process a record, reading and building the event included, us. */
const MOST_CPU = 2;

type Subject = StreamsEngineJob['subject'];
const NAMES: Readonly<Record<Subject, string>> = { engine: 'Millrace', bare: 'bare read and event' };
const subjects: readonly Subject[] = ['engine', 'bare'];

/** The engine between a stream and a function of the same process: what it costs where nothing else does. */
export async function streamsEngineSuite(options: BenchOptions): Promise<SuiteReport> {
  const comparisons: Comparison[] = [];
  for (const parallelizationFactor of FACTORS) {
    const title = `ParallelizationFactor ${String(parallelizationFactor)}`;
    if (!title.includes(options.only)) continue;
    const contestants = subjects.map((subject): Contestant => {
      const counts = options.short ? { warmUp: 400_000, records: 400_000 } : { warmUp: 400_000, records: 1_000_000 };
      return { name: NAMES[subject], measure: () => measure({ subject, parallelizationFactor, batchSize: BATCH, ...counts }, options) };
    });
    const conditions = `embedded stream, one shard, 1,000 keys, records of 200 bytes, batches of ${String(BATCH)}, a function that does nothing`;
    comparisons.push(await alternate({ title, conditions, contestants, rounds: options.rounds }));
  }
  return {
    suite: 'streams-engine',
    notes: [pinningNote(), ...comparisons.map(difference)],
    comparisons,
    bars: comparisons.flatMap(barsOf),
  };
}

async function measure(job: StreamsEngineJob, options: BenchOptions): Promise<Figures> {
  const passed = await calmest({
    what: NAMES[job.subject],
    patience: { partners: [], waitMs: options.waitMs },
    prepare: () => Promise.resolve(),
    measure: () => inChild('streams-engine', job, ['--expose-gc']),
  });
  return { [RATE]: per(passed, 'records', 'seconds'), [CPU]: per(passed, 'cpuMicros', 'records'), [OTHERS]: 100 * passed.othersCores };
}

/** What the engine itself takes: the difference to its limit. */
function difference({ title, contestants: [engine, bare] }: Comparison): string {
  const own = (engine?.medians[CPU] ?? Number.NaN) - (bare?.medians[CPU] ?? Number.NaN);
  return `${title}: the engine's own part is ${own.toFixed(2)} us of CPU a record.`;
}

function barsOf({ title, contestants: [ours] }: Comparison): Bar[] {
  return ours === undefined ? [] : [limit({ name: `${title}: ${CPU}, Millrace`, figure: CPU, ours, most: MOST_CPU })];
}
