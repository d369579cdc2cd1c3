import type { StreamFunction, StreamMapping } from '../plan.ts';
import type { Tenure } from '../record.ts';
import type { WatchedStream } from '../stream.ts';
import type { Court } from './court.ts';
import type { Records } from './records.ts';

/** What those who watch one mapping share. */
export interface Bench {
  readonly court: Court;
  readonly mapping: StreamMapping;
  readonly fn: StreamFunction;
  readonly stream: WatchedStream;
  readonly records: Records;
  /** The newest tenure. */
  readonly current: () => Tenure | undefined;
}
