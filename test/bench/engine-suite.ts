import { calmest } from './calm.ts';
import { inChild } from './child.ts';
import type { EngineJob } from './engine-worker.ts';
import { type Comparison, type Contestant, type Figures, OTHERS, type SuiteReport } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import { per } from './statistics.ts';

const PARALLEL = 16;
const CONDITIONS = `embedded queue, messages of 200 bytes, a function that does nothing, ${String(PARALLEL)} in parallel`;
/** Young generation, MB: nothing is collected while bytes are counted. */
const NURSERY_MB = 1024;

type Subject = EngineJob['subject'];
const NAMES: Readonly<Record<Subject, string>> = { engine: 'Millrace', bare: 'bare receive/delete' };
const subjects: readonly Subject[] = ['engine', 'bare'];

/** The engine between a queue and a function of the same process: what it costs where nothing else does. */
export async function engineSuite(options: BenchOptions): Promise<SuiteReport> {
  const comparisons: Comparison[] = [];
  for (const [batchSize, windowSeconds] of [
    [10, 0],
    [100, 1],
  ] as const) {
    const title = `batches of ${String(batchSize)}`;
    if (!title.includes(options.only)) continue;
    const job = { batchSize, windowSeconds, parallel: PARALLEL };
    const contestants = subjects.map((subject): Contestant => ({ name: NAMES[subject], measure: () => measureAll(subject, job, options) }));
    comparisons.push(await alternate({ title, conditions: CONDITIONS, contestants, rounds: options.rounds }));
  }
  return { suite: 'engine', notes: [pinningNote(), ...comparisons.map(difference)], comparisons, bars: [] };
}

async function measureAll(
  subject: Subject,
  job: Pick<EngineJob, 'batchSize' | 'windowSeconds' | 'parallel'>,
  options: BenchOptions,
): Promise<Figures> {
  const drain = { ...job, subject, mode: 'drain', warmUp: 50_000, messages: options.short ? 100_000 : 400_000 } satisfies EngineJob;
  const drained = await calmest({
    what: NAMES[subject],
    patience: { partners: [], waitMs: options.waitMs },
    prepare: () => Promise.resolve(),
    measure: () => inChild('engine', drain),
  });
  const bytes = await inChild('engine', { ...job, subject, mode: 'allocate', warmUp: 20_000, messages: 20_000 } satisfies EngineJob, [
    '--expose-gc',
    `--min-semi-space-size=${String(NURSERY_MB)}`,
    `--max-semi-space-size=${String(NURSERY_MB)}`,
  ]);
  if (bytes['collections'] !== 0) throw new Error(`${String(bytes['collections'])} collections while bytes were counted`);
  const hold = {
    ...job,
    subject,
    mode: 'hold',
    batchSize: 1000,
    windowSeconds: 300,
    parallel: 5,
    warmUp: 0,
    messages: 5000,
  } satisfies EngineJob;
  const held = await inChild('engine', hold, ['--expose-gc']);
  return {
    'messages/s': per(drained, 'messages', 'seconds'),
    'CPU us/message': per(drained, 'cpuMicros', 'messages'),
    [OTHERS]: 100 * drained.othersCores,
    'bytes allocated/message': per(bytes, 'allocated', 'messages'),
    'bytes held/message in flight': per(held, 'heldBytes', 'messages'),
  };
}

/** What the engine itself takes: the difference to its limit. */
function difference({ title, contestants: [engine, bare] }: Comparison): string {
  const own = (figure: string): number => (engine?.medians[figure] ?? Number.NaN) - (bare?.medians[figure] ?? Number.NaN);
  const cpu = own('CPU us/message').toFixed(2);
  return `${title}: the engine's own part is ${cpu} us of CPU and ${own('bytes allocated/message').toFixed(0)} bytes a message.`;
}
