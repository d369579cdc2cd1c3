/** What the log and the group know: where a log begins and ends, where a time is, what is committed. */
import { type PartitionOffsets, type SequenceNumber, SourceError, sequenceNumber } from '../../../src/index.ts';
import type { Brokers } from './brokers.ts';
import { partitionError } from './errors.ts';
import type { WireBroker, WireCommitted } from './wire.ts';

/** Whose offsets. */
export interface TopicLog {
  readonly topic: string;
  readonly brokers: Brokers;
  /** 0: everything; 1: only what is committed. */
  readonly isolationLevel: number;
}

const EARLIEST = -2;
const LATEST = -1;

/** Every partition, from the group and from the logs. Throws a SourceError. */
export async function readOffsets(log: TopicLog, groupId: string): Promise<PartitionOffsets[]> {
  const partitions = (await log.brokers.refresh()).map(({ partitionId }) => partitionId).sort((a, b) => a - b);
  const [committed, starts, ends] = await Promise.all([
    readCommitted(log, groupId, partitions),
    listOffsets(log, partitions, EARLIEST),
    listOffsets(log, partitions, LATEST),
  ]);
  return partitions.map((partition) => ({
    partition,
    committed: committed.get(partition),
    logStart: known(starts, partition),
    logEnd: known(ends, partition),
  }));
}

/** Where one partition's log begins and ends. Throws a SourceError. */
export async function readBounds(
  log: TopicLog,
  partition: number,
): Promise<{ readonly start: SequenceNumber; readonly end: SequenceNumber }> {
  const [starts, ends] = await Promise.all([listOffsets(log, [partition], EARLIEST), listOffsets(log, [partition], LATEST)]);
  return { start: known(starts, partition), end: known(ends, partition) };
}

/** The first record with that timestamp or a later one, else the log's end. Throws a SourceError. */
export async function readOffsetAt(log: TopicLog, partition: number, timestamp: number): Promise<SequenceNumber> {
  const found = (await listOffsets(log, [partition], Math.max(0, Math.ceil(timestamp)))).get(partition);
  return found ?? known(await listOffsets(log, [partition], LATEST), partition);
}

async function listOffsets(log: TopicLog, partitions: readonly number[], timestamp: number): Promise<Map<number, SequenceNumber>> {
  const found = new Map<number, SequenceNumber>();
  const { topic, isolationLevel, brokers } = log;
  const ask = async (leader: number, asked: readonly number[]): Promise<void> => {
    const request = { isolationLevel, topics: [{ topic, partitions: asked.map((partition) => ({ partition, timestamp })) }] };
    const answer = await brokers.onBroker(leader, 'ListOffsets', (broker: WireBroker) => broker.listOffsets(request));
    for (const { partition, errorCode, offset } of answer.responses.flatMap((one) => one.partitions)) {
      const error = partitionError(errorCode, `ListOffsets of ${topic}-${String(partition)}`);
      if (error !== undefined) throw error;
      // -1: no record is that young.
      if (!offset.startsWith('-')) found.set(partition, sequenceNumber(offset));
    }
  };
  await Promise.all([...(await groupByLeader(log, partitions))].map(([leader, asked]) => ask(leader, asked)));
  return found;
}

async function groupByLeader({ topic, brokers }: TopicLog, partitions: readonly number[]): Promise<Map<number, number[]>> {
  const leaders = new Map((await brokers.partitions()).map(({ partitionId, leader }) => [partitionId, leader]));
  const groups = new Map<number, number[]>();
  for (const partition of partitions) {
    const leader = leaders.get(partition) ?? -1;
    if (leader < 0) {
      throw new SourceError(
        'unavailable',
        'LEADER_NOT_AVAILABLE',
        `ListOffsets of ${topic}-${String(partition)}: it has no leader at present`,
      );
    }
    groups.set(leader, [...(groups.get(leader) ?? []), partition]);
  }
  return groups;
}

type Committed = NonNullable<PartitionOffsets['committed']>;

async function readCommitted(
  { topic, brokers }: TopicLog,
  groupId: string,
  partitions: readonly number[],
): Promise<Map<number, Committed>> {
  const coordinator = await brokers.coordinator(groupId);
  const request = { groupId, topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }] };
  const answer = await brokers.onBroker(coordinator, 'OffsetFetch', (broker) => broker.offsetFetch(request));
  const whole = partitionError(answer.errorCode ?? 0, `OffsetFetch of ${groupId}`);
  if (whole !== undefined) throw whole;
  return new Map(answer.responses.flatMap((one) => one.partitions).flatMap((one) => toCommitted(one, groupId)));
}

function toCommitted({ partition, errorCode, offset, metadata }: WireCommitted, groupId: string): [number, Committed][] {
  const error = partitionError(errorCode, `OffsetFetch of ${groupId}`);
  if (error !== undefined) throw error;
  return offset.startsWith('-') ? [] : [[partition, { offset: sequenceNumber(offset), metadata: metadata ?? '' }]];
}

function known(offsets: ReadonlyMap<number, SequenceNumber>, partition: number): SequenceNumber {
  const offset = offsets.get(partition);
  if (offset !== undefined) return offset;
  throw new SourceError('unavailable', 'UnreadableAnswer', `ListOffsets: the answer lacks partition ${String(partition)}`);
}
