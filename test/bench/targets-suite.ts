import { calmest } from './calm.ts';
import { inChild } from './child.ts';
import { type Comparison, type Contestant, type Figures, OTHERS, type SuiteReport } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import { limit, per } from './statistics.ts';
import type { TargetsJob } from './targets-worker.ts';

type Subject = TargetsJob['subject'];

const COST = 'us/invocation';
const SHARE = 'of the bare transport';
/** The bare transport has its text ready, while a target is given an event. */
const SHARE_WITH_JSON = 'of transport and JSON';
/** What an invocation may cost: of this process in microseconds, of the others beside their transport. */
const LIMITS = [
  { subject: 'in process', figure: COST, most: 5, what: 'microseconds' },
  { subject: 'HTTP', figure: SHARE, most: 1.3, what: 'of a bare HTTP round trip' },
  { subject: 'process', figure: SHARE, most: 1.15, what: 'of a bare exchange of two requests' },
] as const satisfies readonly { readonly subject: Subject; readonly [name: string]: unknown }[];

/** The kilobytes of the events that the limits are for. */
const LIMITED_KILOBYTES = 1;

/** One invocation through each target, beside the bare transport with the same payload, in turns in one process. */
export async function targetsSuite(options: BenchOptions): Promise<SuiteReport> {
  const comparisons: Comparison[] = [];
  const bars: SuiteReport['bars'][number][] = [];
  for (const kilobytes of [LIMITED_KILOBYTES, 20]) {
    const title = `events of ${String(kilobytes)} KB`;
    if (!title.includes(options.only)) continue;
    const contestants = LIMITS.map(({ subject }): Contestant => ({ name: subject, measure: () => measure(subject, kilobytes, options) }));
    const conditions = 'one invocation after the other, a function that does nothing; the bare transport in turns with it';
    const comparison = await alternate({ title, conditions, contestants, rounds: options.rounds });
    comparisons.push(comparison);
    if (kilobytes !== LIMITED_KILOBYTES) continue;
    for (const { subject, figure, most, what } of LIMITS) {
      const ours = comparison.contestants.find(({ name }) => name === subject);
      if (ours !== undefined) bars.push(limit({ name: `${subject}, ${title}, ${what}`, figure, ours, most }));
    }
  }
  const title = 'cold start';
  if (title.includes(options.only)) {
    const names: readonly Subject[] = ['cold start', 'node -e 0'];
    const contestants = names.map((name): Contestant => ({ name, measure: () => measureStart(name, options) }));
    const conditions = 'a Node handler in a new process until its first answer; an empty Node until its end';
    comparisons.push(await alternate({ title, conditions, contestants, rounds: options.rounds }));
  }
  return { suite: 'targets', notes: [pinningNote()], comparisons, bars };
}

async function measure(subject: Subject, kilobytes: number, options: BenchOptions): Promise<Figures> {
  const times = options.short ? { warmUpMs: 500, measureMs: 1_000 } : { warmUpMs: 2_000, measureMs: 4_000 };
  const passed = await calmest({
    what: subject,
    patience: { partners: [], waitMs: options.waitMs },
    prepare: () => Promise.resolve(),
    measure: () => inChild('targets', { subject, kilobytes, ...times } satisfies TargetsJob),
  });
  return {
    [COST]: 1_000 * per(passed, 'ours', 'count'),
    'bare us': 1_000 * per(passed, 'bare', 'count'),
    [SHARE]: per(passed, 'ours', 'bare'),
    'JSON us': 1_000 * per(passed, 'json', 'count'),
    [SHARE_WITH_JSON]: per({ ours: passed['ours'] ?? 0, both: (passed['bare'] ?? 0) + (passed['json'] ?? 0) }, 'ours', 'both'),
    'CPU us of the engine process': per(passed, 'cpuMicros', 'count'),
    [OTHERS]: 100 * passed.othersCores,
  };
}

async function measureStart(subject: Subject, options: BenchOptions): Promise<Figures> {
  const measureMs = options.short ? 1_000 : 3_000;
  const passed = await inChild('targets', { subject, kilobytes: 0, warmUpMs: 0, measureMs } satisfies TargetsJob);
  return { 'ms/start': per(passed, 'ours', 'count'), [OTHERS]: 100 * passed.othersCores };
}
