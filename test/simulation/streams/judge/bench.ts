import type { StreamFunction, StreamMapping } from '../plan.ts';
import type { Tenure } from '../record.ts';
import type { WatchedStream } from '../stream.ts';
import type { Court } from './court.ts';
import type { Records } from './records.ts';

/** What the rules of lanes and discards need to know of a stream, or of a topic. */
export interface Origin {
  readonly plan: { readonly retentionMs: number };
  /** What large records claim to take. */
  readonly sizes: { readonly size: number };
  isClosed(shardId: string): boolean;
}

/** What those who watch one mapping share. */
export interface Bench<Stream extends Origin = WatchedStream> {
  readonly court: Court;
  readonly mapping: StreamMapping;
  readonly fn: StreamFunction;
  readonly stream: Stream;
  readonly records: Records;
  /** The newest tenure. */
  readonly current: () => Tenure | undefined;
}
