import {
  asSourceError,
  type Clock,
  SourceError,
  type StreamDescription,
  type StreamPosition,
  type StreamSource,
} from '../contract/index.ts';
import type { Latch } from '../kit/index.ts';

/** How it is judged whether records of a shard were lost before they were read. */
export interface ShardLoss {
  /** The source knows for certain what it has kept, so a place that it refuses is lost. */
  readonly isCertain: boolean;
  /** Whether records may be missing behind what was read last, as far as time tells. */
  isSuspected(shardId: string, lastRead: StreamPosition, readThrough: number | undefined): boolean;
  /** A place was refused: why that need not mean loss, so that it is tried again. */
  doubt(error: SourceError): Promise<SourceError | undefined>;
}

/** Streams: loss is suspected when records older than the stream keeps may not have been read (design: readThrough). */
export function lossByRetention(parts: {
  readonly clock: Clock;
  readonly source: Pick<StreamSource, 'describe'>;
  readonly described: StreamDescription;
  readonly stopping: Latch;
  /** From when on nothing may be missed of a shard that nobody has read, epoch ms; `undefined`: not known. */
  readonly owedSince: (shardId: string) => number | undefined;
}): ShardLoss {
  const { clock, source, described, stopping, owedSince } = parts;
  return {
    isCertain: false,
    isSuspected: (shardId, lastRead, readThrough) => {
      const since = readThrough ?? (lastRead.kind === 'start' ? owedSince(shardId) : undefined);
      if (lastRead.kind === 'start' && since === undefined) return false;
      return since === undefined || clock.wall() - described.retentionMs > since;
    },
    // Of another stream under the name nothing is read in this tenure (R8).
    doubt: async () => {
      try {
        if ((await source.describe()).incarnation === described.incarnation) return undefined;
      } catch (error) {
        return asSourceError(error);
      }
      stopping.set();
      return new SourceError('not-found', 'StreamMadeAnew', 'there is another stream under the name');
    },
  };
}

/** Topics: the log's start is known, so nothing is guessed from time. A partition that is gone may come back with its topic. */
export const LOSS_BY_OFFSET: ShardLoss = {
  isCertain: true,
  isSuspected: () => false,
  doubt: (error) => Promise.resolve(error.kind === 'gone' ? error : undefined),
};
