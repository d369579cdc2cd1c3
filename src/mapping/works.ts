import type { Clock, EngineListener, Epoch, QueueDescription, QueueMappingOptions, QueueSource, Random } from '../contract/index.ts';
import type { Buffer, Scaler, SourceGate } from '../intake/index.ts';
import type { Invoker } from '../invoke/index.ts';
import type { Latch } from '../kit/index.ts';
import type { GroupLocks } from '../lanes/index.ts';
import type { QueueSettler } from '../settle/index.ts';

/** An invocation that went on after a hard stop. */
export interface Lingering {
  readonly requestId: string;
  /** When it was left, monotonic ms. */
  readonly since: number;
  /** Resolves when it has stopped or was given up. */
  readonly ended: Promise<unknown>;
}

/** The rooms of one tenure of a queue mapping, as its slots share them. */
export interface QueueWorks {
  readonly mapping: string;
  readonly epoch: Epoch;
  readonly options: QueueMappingOptions;
  readonly source: QueueSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: EngineListener;
  readonly buffer: Buffer;
  readonly gate: SourceGate<QueueDescription>;
  readonly scaler: Scaler;
  readonly invoker: Invoker;
  readonly locks: GroupLocks;
  readonly settler: QueueSettler;
  /** Handlers that an earlier tenure could not stop, by the slot they ran in. */
  readonly lingering: Map<number, Lingering>;
  /** The longest poll, s. */
  readonly longPollSeconds: number;
  /** Nothing new is received. */
  readonly stopping: Latch;
  /** Everything ends now. */
  readonly hardStop: Latch;
  /** Aborts at the hard stop and ends the open receives. One for all slots: a signal is heavy, and sources keep what they prepare for each. */
  readonly receiveSignal: AbortSignal;
  /** What the queue last said of itself. */
  readonly described: { current: QueueDescription };
  /** When each open receive began, oldest first. */
  readonly openReceives: Set<{ readonly since: number }>;
  /** Called when the scaler may allow another number of slots. */
  readonly onScaled: () => void;
}
