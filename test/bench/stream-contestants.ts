import { calmest } from './calm.ts';
import { type Child, startChild } from './child.ts';
import { type Bar, type Comparison, type Contestant, type Figures, OTHERS, type Summary } from './measurement.ts';
import type { Passed } from './span.ts';
import { bar, per } from './statistics.ts';
import type { StreamJob } from './stream-worker.ts';

export const RATE = 'records/s';
export const CPU = 'CPU us/record';

/** Shares of a bare loop's rate and CPU. */
const LEAST_RATE = 0.95;
const MOST_CPU = 1.5;
/** Readings before the first that counts. */
const WARM_READINGS = 2;

/** A contestant whose process stays: it is warmed up, and reads only in its turns. */
export function persistent(name: string, job: StreamJob, waitMs: number, figures: (passed: Passed) => Figures = usual): Contestant {
  let child: Child | undefined;
  const read = (): Promise<Passed> => {
    if (child === undefined) throw new Error(`${name} has not been started`);
    return child.ask('read');
  };
  return {
    name,
    prepare: async () => {
      child = startChild(job.service, job, ['--expose-gc']);
      for (let count = 0; count < WARM_READINGS; count += 1) await read();
    },
    measure: async () => {
      const patience = { partners: job.partners, waitMs };
      const passed = await calmest({ what: name, patience, prepare: () => Promise.resolve(), measure: read });
      return { ...figures(passed), [OTHERS]: 100 * passed.othersCores };
    },
    end: async () => child?.end(),
  };
}

function usual(passed: Passed): Figures {
  return { [RATE]: per(passed, 'records', 'seconds'), [CPU]: per(passed, 'cpuMicros', 'records') };
}

/** Millrace beside the bare loop. */
export function barsBesideBare({ title, contestants }: Comparison): Bar[] {
  const find = (prefix: string): Summary | undefined => contestants.find(({ name }) => name.startsWith(prefix));
  const ours = find('Millrace');
  const theirs = find('bare');
  if (ours === undefined || theirs === undefined) return [];
  const against = (figure: string): string => `${title}: ${figure}, Millrace / ${theirs.name}`;
  return [
    bar({ name: against(RATE), figure: RATE, ours, theirs, least: LEAST_RATE }),
    bar({ name: against(CPU), figure: CPU, ours, theirs, most: MOST_CPU }),
  ];
}
