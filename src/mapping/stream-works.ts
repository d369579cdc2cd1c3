import type {
  Clock,
  EngineListener,
  Epoch,
  FailureDestination,
  Random,
  StreamMappingOptions,
  StreamSource,
  WaitReason,
} from '../contract/index.ts';
import type { Buffer } from '../intake/index.ts';
import type { Invoker } from '../invoke/index.ts';
import type { Latch } from '../kit/index.ts';
import type { Discarder, ShardRow } from '../settle/index.ts';
import type { NameOf } from '../verdict/index.ts';
import type { RunGate } from './run-gate.ts';
import type { ShardLoss } from './shard-loss.ts';

/** What a shard's records are read from, and how they are shown: a stream, or one partition of a topic. */
export interface ShardSource extends Pick<StreamSource, 'read' | 'toEvent' | 'eventBytes' | 'batchInfo' | 'filtering' | 'links'> {
  /** What an event takes beside its records and their commas, bytes. Default: that of `{"Records":[]}`. */
  readonly envelopeBytes?: number;
}

/** Where the state of shards is kept. */
export interface ShardCheckpoints {
  /** A shard's state has changed; it is stored soon, as it is then. */
  changed(shardId: string, snapshot: () => ShardRow): void;
  /** Stores what has changed so far, now. False when it could not be stored: somebody else owns it, or the engine ends. */
  flush(): Promise<boolean>;
  /** Why what is done cannot be stored at present; `undefined`: it can, as far as is known. */
  trouble?(): StoreTrouble | undefined;
}

/** What is done cannot be stored at present. */
export interface StoreTrouble {
  readonly reason: WaitReason;
  /** Resolves when another try has come out. */
  readonly changed: Promise<void>;
}

/** What a tenure of a mapping with positions and its shards and lanes have in common. */
export interface ShardParts {
  readonly mapping: string;
  readonly options: StreamMappingOptions;
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

/** What a tenure of a stream mapping works with. */
export interface StreamParts extends ShardParts {
  readonly mappingId: string;
  readonly epoch: Epoch;
  readonly source: StreamSource;
  readonly destination: FailureDestination | undefined;
}

/** The rooms as shards and lanes share them. */
export interface StreamWorks extends ShardParts {
  readonly source: ShardSource;
  readonly checkpoints: ShardCheckpoints;
  readonly discarder: Discarder;
  readonly loss: ShardLoss;
  /** How functions name records in their answers; by sequence number unless given. */
  readonly nameOf?: NameOf;
  /** What the events of tumbling windows name as their source. */
  readonly eventSourceArn: string;
  /** Of the source; stored with the state (R8). */
  readonly incarnation: string;
  readonly runGate: RunGate;
  /** Told of an invocation that went on after a hard stop. */
  readonly onLingering?: (requestId: string, ended: Promise<unknown>) => void;
}
