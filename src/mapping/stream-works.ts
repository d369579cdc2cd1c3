import type {
  Clock,
  EngineListener,
  Epoch,
  FailureDestination,
  Random,
  StreamDescription,
  StreamMappingOptions,
  StreamSource,
} from '../contract/index.ts';
import type { Buffer } from '../intake/index.ts';
import type { Invoker } from '../invoke/index.ts';
import type { Latch } from '../kit/index.ts';
import type { Checkpointer, Discarder } from '../settle/index.ts';
import type { RunGate } from './run-gate.ts';

/** What a tenure of a stream mapping and its shards and lanes have in common. */
export interface StreamParts {
  readonly mapping: string;
  readonly mappingId: string;
  readonly epoch: Epoch;
  readonly options: StreamMappingOptions;
  readonly source: StreamSource;
  readonly destination: FailureDestination | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: EngineListener;
  readonly invoker: Invoker;
  readonly buffer: Buffer;
  /** Nothing new is read or invoked. */
  readonly stopping: Latch;
  /** Everything ends now. */
  readonly hardStop: Latch;
}

/** The rooms of one tenure of a stream mapping, as its shards and lanes share them. */
export interface StreamWorks extends StreamParts {
  readonly checkpointer: Checkpointer;
  readonly discarder: Discarder;
  readonly described: StreamDescription;
  readonly runGate: RunGate;
}
