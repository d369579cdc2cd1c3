/** The errors of an embedded topic, by the names that Kafka has for them. */
import { SourceError } from '../../../src/index.ts';

export function topicNotFound(name: string): SourceError {
  return new SourceError('not-found', 'UNKNOWN_TOPIC_OR_PARTITION', `the topic ${name} does not exist; recreate() makes it again`);
}

export function replaced(name: string): SourceError {
  const message = `the topic ${name} of this membership was deleted; there is another one under its name`;
  return new SourceError('not-found', 'UNKNOWN_TOPIC_ID', message);
}

export function noPartition(name: string, partition: number): SourceError {
  return new SourceError('gone', 'UNKNOWN_TOPIC_OR_PARTITION', `the topic ${name} has no partition ${String(partition)}`);
}

export function outOfRange(partition: number, offset: bigint, logStart: bigint, logEnd: bigint): SourceError {
  const kept = `the log has ${String(logStart)} to ${String(logEnd)}`;
  return new SourceError(
    'trimmed',
    'OFFSET_OUT_OF_RANGE',
    `offset ${String(offset)} of partition ${String(partition)} is not in the log: ${kept}`,
  );
}

export function metadataTooLarge(partition: number, length: number, most: number): SourceError {
  const message = `the metadata for partition ${String(partition)} has ${String(length)} characters, at most ${String(most)} are kept`;
  return new SourceError('invalid', 'OFFSET_METADATA_TOO_LARGE', message);
}

export function expelled(groupId: string): SourceError {
  return new SourceError('unavailable', 'UNKNOWN_MEMBER_ID', `the group ${groupId} no longer knows this member; it joins again`);
}

export function rebalancing(): SourceError {
  return new SourceError('unavailable', 'REBALANCE_IN_PROGRESS', 'the group is being divided anew');
}

export function noMember(groupId: string): SourceError {
  return new SourceError('unavailable', 'UNKNOWN_MEMBER_ID', `this membership of the group ${groupId} has ended`);
}

export function invalid(message: string): SourceError {
  return new SourceError('invalid', 'INVALID_REQUEST', message);
}
