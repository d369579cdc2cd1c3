import type { PartitionOffsets, SequenceNumber, StreamPosition, StreamStart } from '../contract/index.ts';
import { compareSequence } from '../contract/index.ts';

/** What decides where a partition is begun. */
export interface PartitionCase {
  readonly offsets: PartitionOffsets;
  /** Where the mapping begins. */
  readonly start: StreamStart;
  /** How many partitions the topic had when the mapping was created, where that is known; others count as later ones. */
  readonly initialPartitions: number;
}

/** Where a partition is begun. */
export type PartitionPlace =
  /** The group's own offset. */
  | { readonly kind: 'committed'; readonly offset: SequenceNumber; readonly metadata: string }
  /** No offset yet: at this one, to be committed before anything is read. */
  | { readonly kind: 'at'; readonly offset: SequenceNumber }
  /** No offset yet: at the first record of that instant (epoch ms) or later. */
  | { readonly kind: 'at-timestamp'; readonly timestamp: number }
  /** The group's offset is not in the log. */
  | { readonly kind: 'out-of-range'; readonly message: string };

/**
 * Where a partition is begun (spec f.1). An offset of the group wins over the mapping's start; one that the log no longer has, or
 * does not have yet, is told and never replaced in silence. Partitions that came after the mapping begin with their first record, or
 * what came before anybody looked would be lost.
 */
export function partitionPlace({ offsets, start, initialPartitions }: PartitionCase): PartitionPlace {
  const { partition, committed, logStart, logEnd } = offsets;
  if (committed !== undefined) {
    const message = outOfRange(committed.offset, logStart, logEnd);
    return message === undefined ? { kind: 'committed', ...committed } : { kind: 'out-of-range', message };
  }
  if (partition >= initialPartitions || start.kind === 'trim-horizon') return { kind: 'at', offset: logStart };
  return { kind: 'at-timestamp', timestamp: start.kind === 'latest' ? start.since : start.timestamp };
}

/** At an offset, whether a record has it or not. */
export function beforeOffset(offset: SequenceNumber): StreamPosition {
  return { kind: 'before', sequenceNumber: offset };
}

function outOfRange(offset: SequenceNumber, logStart: SequenceNumber, logEnd: SequenceNumber): string | undefined {
  if (compareSequence(offset, logStart) < 0) {
    return `the group's offset ${offset} is below the start of the log, ${logStart}: records were removed before they were read`;
  }
  if (compareSequence(offset, logEnd) > 0) {
    return `the group's offset ${offset} is beyond the end of the log, ${logEnd}: the topic was made anew, or lost records`;
  }
  return undefined;
}
