/** What the log and the group know: where a log begins and ends, where a time is, what is committed. */
import { type PartitionOffsets, type SequenceNumber, SourceError, sequenceNumber } from '../../../src/index.ts';
import type { Brokers } from './brokers.ts';
import { partitionError } from './errors.ts';
import type { WireBroker, WireCommitted } from './wire.ts';

/** Whose offsets. */
export interface TopicLog {
  readonly topic: string;
  readonly brokers: Pick<Brokers, 'coordinator' | 'onBroker' | 'partitions' | 'refresh'>;
  /** 0: everything; 1: only what is committed. */
  readonly isolationLevel: number;
}

const EARLIEST = -2;
const LATEST = -1;

/** What becomes of an error that some partitions have. */
type OnError = (error: SourceError) => void;

const throwAny: OnError = (error) => {
  throw error;
};
/** A broker that has just started, or has not heard of a new partition, knows it as little as one that is gone. */
const throwLasting: OnError = (error) => {
  if (error.kind !== 'unavailable' && error.kind !== 'not-found') throw error;
};

/**
 * Every partition, from the group and from the logs. Where a log cannot be asked at present, the group's offset stands for its start
 * and end, and a partition without one, or whose offset is not told, is left out: the others do not wait for it. Throws a SourceError,
 * also when no partition is known to those who have it.
 */
export async function readOffsets(log: TopicLog, groupId: string): Promise<PartitionOffsets[]> {
  const partitions = (await log.brokers.refresh()).map(({ partitionId }) => partitionId).sort((a, b) => a - b);
  let unknown: SourceError | undefined;
  const onError: OnError = (error) => {
    if (error.kind === 'not-found') unknown = error;
    throwLasting(error);
  };
  const [committed, starts, ends] = await Promise.all([
    readCommitted(log, groupId, partitions),
    listOffsets(log, partitions, EARLIEST, onError),
    listOffsets(whole(log), partitions, LATEST, onError),
  ]);
  if (unknown !== undefined && starts.size === 0 && ends.size === 0) throw unknown;
  return partitions.flatMap((partition) => {
    if (!committed.has(partition)) return [];
    const known = committed.get(partition);
    const logStart = starts.get(partition) ?? known?.offset;
    const logEnd = ends.get(partition) ?? known?.offset;
    return logStart === undefined || logEnd === undefined ? [] : [{ partition, committed: known, logStart, logEnd }];
  });
}

/** An offset behind what is committed only waits for a transaction to end: it is in the log. */
function whole(log: TopicLog): TopicLog {
  return { ...log, isolationLevel: 0 };
}

/** Where one partition's log begins and ends. Throws a SourceError. */
export async function readBounds(
  log: TopicLog,
  partition: number,
): Promise<{ readonly start: SequenceNumber; readonly end: SequenceNumber }> {
  const [starts, ends] = await Promise.all([listOffsets(log, [partition], EARLIEST), listOffsets(whole(log), [partition], LATEST)]);
  return { start: known(starts, partition), end: known(ends, partition) };
}

/** The first record with that timestamp or a later one, else the log's end. Throws a SourceError. */
export async function readOffsetAt(log: TopicLog, partition: number, timestamp: number): Promise<SequenceNumber> {
  const found = (await listOffsets(log, [partition], Math.max(0, Math.ceil(timestamp)))).get(partition);
  return found ?? known(await listOffsets(log, [partition], LATEST), partition);
}

async function listOffsets(
  log: TopicLog,
  partitions: readonly number[],
  timestamp: number,
  onError: OnError = throwAny,
): Promise<Map<number, SequenceNumber>> {
  const found = new Map<number, SequenceNumber>();
  const { topic, isolationLevel, brokers } = log;
  const ask = async (leader: number, asked: readonly number[]): Promise<void> => {
    const request = { isolationLevel, topics: [{ topic, partitions: asked.map((partition) => ({ partition, timestamp })) }] };
    const answer = await brokers
      .onBroker(leader, 'ListOffsets', (broker: WireBroker) => broker.listOffsets(request))
      .catch((thrown: unknown) => {
        if (!(thrown instanceof SourceError)) throw thrown;
        onError(thrown);
        return undefined;
      });
    for (const { partition, errorCode, offset } of answer?.responses.flatMap((one) => one.partitions) ?? []) {
      const error = partitionError(errorCode, `ListOffsets of ${topic}-${String(partition)}`);
      if (error !== undefined) onError(error);
      // -1: no record is that young.
      else if (!offset.startsWith('-')) found.set(partition, sequenceNumber(offset));
    }
  };
  await Promise.all([...(await groupByLeader(log, partitions, onError))].map(([leader, asked]) => ask(leader, asked)));
  return found;
}

async function groupByLeader(
  { topic, brokers }: TopicLog,
  partitions: readonly number[],
  onError: OnError,
): Promise<Map<number, number[]>> {
  const leaders = new Map((await brokers.partitions()).map(({ partitionId, leader }) => [partitionId, leader]));
  const groups = new Map<number, number[]>();
  for (const partition of partitions) {
    const leader = leaders.get(partition) ?? -1;
    if (leader >= 0) groups.set(leader, [...(groups.get(leader) ?? []), partition]);
    else {
      const text = `ListOffsets of ${topic}-${String(partition)}: it has no leader at present`;
      onError(new SourceError('unavailable', 'LEADER_NOT_AVAILABLE', text));
    }
  }
  return groups;
}

type Committed = NonNullable<PartitionOffsets['committed']>;

/** By partition: `undefined` where the group has none; what is not in it is not told. */
async function readCommitted(
  { topic, brokers }: TopicLog,
  groupId: string,
  partitions: readonly number[],
): Promise<Map<number, Committed | undefined>> {
  const coordinator = await brokers.coordinator(groupId);
  const request = { groupId, topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }] };
  const answer = await brokers.onBroker(coordinator, 'OffsetFetch', (broker) => broker.offsetFetch(request));
  const whole = partitionError(answer.errorCode ?? 0, `OffsetFetch of ${groupId}`);
  if (whole !== undefined) throw whole;
  return new Map(answer.responses.flatMap((one) => one.partitions).flatMap((one) => toCommitted(one, groupId)));
}

function toCommitted({ partition, errorCode, offset, metadata }: WireCommitted, groupId: string): [number, Committed | undefined][] {
  const error = partitionError(errorCode, `OffsetFetch of ${groupId}`);
  // What is not told may be there: that is not the same as no offset.
  if (error?.kind === 'not-found') return [];
  if (error !== undefined) throw error;
  return [[partition, offset.startsWith('-') ? undefined : { offset: sequenceNumber(offset), metadata: metadata ?? '' }]];
}

function known(offsets: ReadonlyMap<number, SequenceNumber>, partition: number): SequenceNumber {
  const offset = offsets.get(partition);
  if (offset !== undefined) return offset;
  throw new SourceError('unavailable', 'UnreadableAnswer', `ListOffsets: the answer lacks partition ${String(partition)}`);
}
